"""The image: its Dockerfile's base, archives made from bases in both layouts, and the Debian root, in which commands
run read-only and as a user that no file knows."""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile

import pytest
import yaml
from conftest import PACKAGING, needs_root
from xsoar import LOOP, Container

import archive
import common

TAG = "registry.example/security/pingone:2.0"
BASE_CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2024-01-02T03:04:05Z",
    "config": {"Env": ["PATH=/usr/local/bin:/usr/bin"], "Cmd": ["python3"], "Labels": {"maintainer": "somebody"}},
    "history": [{"created_by": "base"}],
}


def tar_of(files):
    """A tar archive in memory. A string value creates a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            if isinstance(data, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, data
                tar.addfile(entry)
            else:
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


LOWER = tar_of({"usr/bin/python3": b"lower", "etc/os-release": b"base"})
UPPER = tar_of({"usr/bin/python3": b"upper"})


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config(layers, **changes):
    rootfs = {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]}
    return json.dumps(dict(dict(BASE_CONFIG, rootfs=rootfs), **changes)).encode()


def docker_base(**changes):
    """The layout of older engines: one folder per layer, and a link for a repeated layer."""
    name = "c0ffee.json"
    images = [
        {"Config": name, "RepoTags": ["demisto/python3:1"], "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"]}
    ]
    return {
        "a/layer.tar": LOWER,
        "b/layer.tar": UPPER,
        "c/layer.tar": "../b/layer.tar",
        name: config([LOWER, UPPER, UPPER], **changes),
        "manifest.json": json.dumps(images).encode(),
    }


def oci_base(nested=False, **changes):
    """The layout of newer engines and registry tools: blobs by digest, compressed layers."""
    blobs = {}

    def blob(media_type, data):
        blobs["blobs/" + sha256(data).replace(":", "/")] = data
        return {"mediaType": media_type, "digest": sha256(data), "size": len(data)}

    layers = [blob(archive.LAYER, LOWER), blob(archive.LAYER + "+gzip", gzip.compress(UPPER, mtime=0))]
    manifest = {"schemaVersion": 2, "config": blob(archive.CONFIG, config([LOWER, UPPER], **changes)), "layers": layers}
    entry = blob(archive.MANIFEST, json.dumps(manifest).encode())
    if nested:
        entry["platform"] = {"os": "linux", "architecture": "amd64"}
        others = [
            dict(entry, platform={"os": "linux", "architecture": "arm64"}, digest="sha256:" + "0" * 64),
            dict(entry, platform={"os": "unknown", "architecture": "unknown"}, digest="sha256:" + "1" * 64),
        ]
        entry = blob(archive.INDEX, json.dumps({"manifests": others + [entry]}).encode())
    return dict(blobs, **{"oci-layout": b"{}", "index.json": json.dumps({"manifests": [entry]}).encode()})


def build(out, executable, *arguments):
    command = [
        sys.executable,
        PACKAGING / "image.py",
        "--executable",
        executable,
        "--out",
        out,
        "--tag",
        TAG,
        *arguments,
    ]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=300)


def from_base(folder, executable, files):
    (folder / "base.tar").write_bytes(tar_of(files))
    return build(folder, executable, "--base", folder / "base.tar")


def check(path):
    """Checks an archive as an engine does when it loads it, by either of its tables of contents. Gives the
    configuration and the layers' contents."""
    with tarfile.open(path) as tar:
        files = {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isfile()}
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    for name, data in files.items():
        if name.startswith("blobs/"):
            assert name == "blobs/" + sha256(data).replace(":", "/")

    def blob(descriptor):
        data = files["blobs/" + descriptor["digest"].replace(":", "/")]
        assert len(data) == descriptor["size"]
        return data

    [entry] = json.loads(files["index.json"])["manifests"]
    assert entry["annotations"] == {"io.containerd.image.name": TAG, "org.opencontainers.image.ref.name": "2.0"}
    manifest = json.loads(blob(entry))
    layers = []
    for layer in manifest["layers"]:
        data = blob(layer)
        packed = layer["mediaType"] == archive.LAYER + "+gzip"
        assert packed or layer["mediaType"] == archive.LAYER
        layers.append(gzip.decompress(data) if packed else data)
    settings = json.loads(blob(manifest["config"]))
    assert settings["rootfs"]["diff_ids"] == [sha256(layer) for layer in layers]
    [docker] = json.loads(files["manifest.json"])
    assert docker["RepoTags"] == [TAG]
    assert json.loads(files[docker["Config"]]) == settings
    assert [files[name] for name in docker["Layers"]] == [blob(layer) for layer in manifest["layers"]]
    return settings, layers


@pytest.mark.parametrize(
    "base, layers",
    [(docker_base(), [LOWER, UPPER, UPPER]), (oci_base(), [LOWER, UPPER]), (oci_base(nested=True), [LOWER, UPPER])],
    ids=["docker", "oci", "oci of platforms"],
)
def test_our_layer_goes_on_top_of_a_saved_base(tmp_path, executable, base, layers):
    done = from_base(tmp_path, executable, base)
    assert done.returncode == 0, done.stderr
    settings, found = check(tmp_path / "image.tar")
    assert found[:-1] == layers, "the base's layers stay as they are"
    with tarfile.open(fileobj=io.BytesIO(found[-1])) as tar:
        [entry] = tar.getmembers()
        assert (entry.name, entry.mode, entry.uid, entry.gid) == ("usr/local/bin/pingone-xsoar", 0o755, 0, 0)
        assert tar.extractfile(entry).read() == executable.read_bytes()
    assert settings["config"]["Env"] == BASE_CONFIG["config"]["Env"] and settings["config"]["Cmd"] == ["python3"]
    assert settings["config"]["Labels"]["maintainer"] == "somebody"
    assert settings["config"]["Labels"]["org.opencontainers.image.version"] == common.version()
    assert "User" not in settings["config"] and "Entrypoint" not in settings["config"], "XSOAR decides both"
    assert [step["created_by"] for step in settings["history"]] == ["base", "packaging/image.py"]


def damaged():
    files = oci_base()
    name = next(name for name in files if files[name] == LOWER)
    return dict(files, **{name: UPPER})


@pytest.mark.parametrize(
    "files, says",
    [
        (docker_base(architecture="arm64"), "the base is for linux/arm64, but the executable is for linux/amd64"),
        (
            dict(
                docker_base(), **{"manifest.json": json.dumps(json.loads(docker_base()["manifest.json"]) * 2).encode()}
            ),
            "the base contains 2 images: save only one",
        ),
        (
            {name: data for name, data in docker_base().items() if name != "a/layer.tar"},
            "the base does not contain the file a/layer.tar",
        ),
        (
            docker_base(rootfs={"type": "layers", "diff_ids": []}),
            "the base has 3 layers, but its configuration lists 0",
        ),
        (damaged(), "the base is damaged: blobs/sha256/"),
        ({"etc/passwd": b""}, "the base is not an image archive"),
    ],
)
def test_a_base_that_does_not_fit_is_refused(tmp_path, executable, files, says):
    done = from_base(tmp_path, executable, files)
    assert done.returncode == 1 and done.stderr.startswith("image.py: " + says), done.stderr
    assert not (tmp_path / "image.tar").exists()


def test_what_is_no_archive_is_refused(tmp_path, executable):
    (tmp_path / "base.tar").write_bytes(b"no archive")
    done = build(tmp_path, executable, "--base", tmp_path / "base.tar")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr


def test_skopeo_reads_it(tmp_path, executable):
    if not shutil.which("skopeo"):
        pytest.skip("skopeo is not installed")
    assert from_base(tmp_path, executable, oci_base(nested=True)).returncode == 0
    for kind in ("oci-archive", "docker-archive"):
        subprocess.run(
            ["skopeo", "copy", "--quiet", "%s:%s" % (kind, tmp_path / "image.tar"), "dir:%s" % (tmp_path / kind)],
            check=True,
            timeout=60,
        )


def test_the_build_context_and_the_yaml_fit_together(tmp_path, executable, relay):
    done = build(tmp_path, executable)
    assert done.stdout.endswith("docker build --tag %s %s\n" % (TAG, tmp_path / "image")), done.stdout
    context = tmp_path / "image"
    assert sorted(file.name for file in context.iterdir()) == ["Dockerfile", "pingone-xsoar"]
    assert (context / "pingone-xsoar").read_bytes() == executable.read_bytes()
    assert (context / "pingone-xsoar").stat().st_mode & 0o777 == 0o755, "COPY keeps the mode"
    assert "ARG BASE=%s\n" % common.stock_image() in (context / "Dockerfile").read_text(), (
        "integration.yml names another base"
    )
    for identity in common.IDENTITIES:
        unified = yaml.safe_load((tmp_path / (identity + "-image.yml")).read_text())
        assert (unified["name"], unified["script"]["dockerimage"]) == (identity, TAG)
        assert unified["script"]["script"] == relay


@pytest.fixture(scope="module")
def debian_root(tmp_path_factory, executable):
    """The Debian image, unpacked as a container engine would."""
    folder = tmp_path_factory.mktemp("debian")
    probe = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", "media-types"]
    if (
        not shutil.which("apt-get")
        or subprocess.run(probe, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    ):
        pytest.skip("apt cannot bring Debian's packages here")
    done = build(folder, executable, "--debian")
    assert done.returncode == 0, done.stderr
    settings, layers = check(folder / "image.tar")
    assert settings["config"]["Env"] == ["PATH=/usr/local/bin:/usr/bin:/bin"]
    root = folder / "root"
    for layer in layers:
        with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
            assert {(entry.uid, entry.gid) for entry in tar} == {(0, 0)}
            assert not any(entry.mode & 0o6000 for entry in tar), "nothing in it gives more rights"
            tar.extractall(root)
    (root / "tmp" / "pyrunner").mkdir()
    shutil.copy(LOOP, root / "tmp" / "pyrunner" / "loop.py")
    yield root
    shutil.rmtree(folder)


@needs_root
@pytest.mark.parametrize("way", ["installed", "one file"])
def test_commands_run_in_the_debian_root_read_only_as_any_user(debian_root, relay, script, sandbox, way):
    if way == "one file":
        (debian_root / "usr/local/bin/pingone-xsoar").rename(debian_root / "away")
    inside = (
        'mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount -o remount,ro,bind "$0" && '
        'exec chroot --userspec=12345:12345 "$0" python /tmp/pyrunner/loop.py "$@"'
    )
    command = ["unshare", "--mount", "sh", "-ec", inside, str(debian_root)]
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin"}
    try:
        with Container(script if way == "one file" else relay, sandbox.params, command=command, env=env) as container:
            assert container.run("test-module").only()["HumanReadable"] == "ok"
            assert container.run("pingone-get-user", {"username": "emma.sharp"}).only()["Type"] == 1
            assert container.children() == []
    finally:
        if way == "one file":
            (debian_root / "away").rename(debian_root / "usr/local/bin/pingone-xsoar")
