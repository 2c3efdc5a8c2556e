"""The measuring script runs. Its results are not checked, because they depend on the machine."""

import re
import shutil
import subprocess
import sys

import pytest
from conftest import PACKAGING

import common_script


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_each_way_is_measured(executable, sandbox):
    command = [sys.executable, PACKAGING / "measure.py", "--executable", executable]
    command += ["--containers", "2", "--commands", "2", "--round-trips", "0,5", "--for-memory", "4"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, universal_newlines=True, timeout=300)
    rows = re.findall(
        r"^(floor|same calls with requests|one file|one file, from disk|installed) .*\d$", done.stdout, re.M
    )
    assert len(rows) == 3 * 5, "times at two distances, and memory: " + done.stdout


def test_the_stand_in_for_the_servers_helpers_is_as_long_as_they_are():
    text = common_script.text()
    assert 480_000 < len(text) < 500_000
    compile(text, "helpers", "exec")
