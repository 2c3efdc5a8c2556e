"""Generates the pages of a pack's integration, scripts and playbooks, in the layout of XSOAR's own pages.

Their content comes from the manifest, the playbooks and the recorded cases.
"""

import json

EXAMPLE = "document-example"
NO_PLAYBOOKS = "### Sub-playbooks\n\nThis playbook does not use any sub-playbooks.\n"
CLIENT = """You can execute these commands from the CLI, as part of an automation, or in a playbook.
After you successfully execute a command, a DBot message appears in the War Room with the command details.
"""


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def table(headers, rows):
    lines = ["| %s |" % " | ".join("**%s**" % header for header in headers), "|%s" % (" --- |" * len(headers))]
    lines += ["| %s |" % " | ".join(map(cell, row)) for row in rows]
    return "\n".join(lines) + "\n"


def described(text, extra=()):
    """A description with additional sentences."""
    return " ".join([text, *(sentence for sentence in extra if sentence)])


# An integration


def integration(manifest, cases):
    """The page of an integration. `cases` is the folder of recorded cases."""
    parts = [manifest["description"] + "\n", "## Configure %s in Cortex\n" % manifest["display"], settings(manifest)]
    parts += ["## Commands\n", CLIENT]
    parts += [command_page(command, cases) for command in manifest["script"]["commands"]]
    return "\n".join(parts)


def settings(manifest):
    rows = []
    for parameter in manifest["configuration"]:
        required = parameter.get("required", False)
        labels = [parameter["display"], parameter.get("displaypassword")]
        names = [label for label in labels if label]
        for name, text in zip(names, [parameter.get("additionalinfo", ""), ""]):
            rows.append([name, text, required])
    return table(["Parameter", "Description", "Required"], rows)


def command_page(command, cases):
    parts = ["### %s\n" % command["name"], "***", command["description"] + "\n"]
    parts += ["#### Base Command\n", "`%s`\n" % command["name"], "#### Input\n"]
    arguments = [argument for argument in command.get("arguments", []) if not argument.get("hidden")]
    if arguments:
        parts.append(table(["Argument Name", "Description", "Required"], map(argument_row, arguments)))
    else:
        parts.append("There are no input arguments for this command.\n")
    parts.append("#### Context Output\n")
    if command.get("outputs"):
        rows = [[o["contextPath"], o.get("type", "unknown"), o["description"]] for o in command["outputs"]]
        parts.append(table(["Path", "Type", "Description"], rows))
    else:
        parts.append("There is no context output for this command.\n")
    return "\n".join(parts + example(command["name"], cases))


def argument_row(argument):
    values = argument.get("predefined")
    default = argument.get("defaultValue")
    extra = [
        "Possible values are: %s." % ", ".join(values) if values else "",
        "Default is %s." % default if default else "",
    ]
    required = "Required" if argument.get("required") else "Optional"
    return [argument["name"], described(argument["description"], extra), required]


def example(name, cases):
    """A recorded request and its answer, which a test replays through the executable."""
    folder = cases / name / EXAMPLE
    if not folder.is_dir():
        return []
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    entries = recorded_entries((folder / "answer.snap").read_text(encoding="utf-8"))
    parts = ["#### Command example\n", "```%s```\n" % command_line(request)]
    context = {key: value for entry in entries for key, value in (entry.get("EntryContext") or {}).items()}
    if context:
        parts += [
            "#### Context Example\n",
            "```json\n%s\n```\n" % json.dumps(nested(context), indent=4, ensure_ascii=False),
        ]
    text = "\n".join(entry.get("HumanReadable") or entry["Contents"] for entry in entries)
    quoted = "\n".join((">" + line).rstrip() for line in text.rstrip("\n").split("\n"))
    return [*parts, "#### Human Readable Output\n", quoted + "\n"]


def recorded_entries(answer):
    """The entries of a recorded answer, which has a header followed by protocol messages."""
    text = answer.split("\n---\n", 1)[1].strip()
    decoder, entries, place = json.JSONDecoder(), [], 0
    while place < len(text):
        message, place = decoder.raw_decode(text, place)
        while place < len(text) and text[place].isspace():
            place += 1
        entries += message.get("results", [])
    return entries


def command_line(request):
    def given(value):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return '"%s"' % text.replace('"', '\\"') if '"' in text or " " in text or not text else text

    arguments = ["%s=%s" % (name, given(value)) for name, value in request["args"].items()]
    return " ".join(["!" + request["command"], *arguments])


def nested(context):
    """The context as an incident would have it. The keys say how to merge it."""
    found = {}
    for key, value in context.items():
        path, _, condition = key.partition("(")
        *above, last = path.split(".")
        place = found
        for step in above:
            place = place.setdefault(step, {})
        if condition == "true)":  # replaces members, not the whole object
            place.setdefault(last, {}).update(value)
        else:
            place[last] = value
    return found


# A script


def script(page):
    """The page of a script."""
    outputs = [[o["contextPath"], o["description"], o["type"]] for o in page["outputs"]]
    rows = [["Script Type", "%s3" % page["type"]], ["Cortex XSOAR Version", page["fromversion"]]]
    return "\n".join(
        [
            page["comment"] + "\n",
            "## Script Data\n\n---\n",
            table(["Name", "Description"], rows),
            "## Inputs\n\n---\n",
            table(["Argument Name", "Description", "Required"], map(argument_row, page["args"]))
            if page["args"]
            else "There are no inputs for this script.\n",
            "## Outputs\n\n---\n",
            table(["Path", "Description", "Type"], outputs) if outputs else "There are no outputs for this script.\n",
        ]
    )


# A playbook


def playbook(page):
    """The page of a playbook."""
    tasks = [task["task"] for task in page["tasks"].values()]
    commands = sorted({task["script"].split("|||")[1] for task in tasks if task["iscommand"]})
    playbooks = sorted({task["playbookName"] for task in tasks if task.get("playbookName")})
    scripts = sorted({task["scriptName"] for task in tasks if task.get("scriptName")})
    inputs = [
        [i["key"], i["description"], value(i["value"]), "Required" if i["required"] else "Optional"]
        for i in page["inputs"]
    ]
    outputs = [[o["contextPath"], o["description"], o["type"]] for o in page["outputs"]]
    return "\n".join(
        [
            page["description"],
            "## Dependencies\n",
            "This playbook uses the following sub-playbooks, integrations, and scripts.\n",
            bullets("Sub-playbooks", playbooks) if playbooks else NO_PLAYBOOKS,
            bullets("Integrations", ["PingOne"]),
            bullets("Scripts", scripts),
            bullets("Commands", commands),
            "## Playbook Inputs\n\n---\n",
            table(["Name", "Description", "Default Value", "Required"], inputs),
            "## Playbook Outputs\n\n---\n",
            table(["Path", "Description", "Type"], outputs),
            "## Playbook Image\n\n---\n",
            "![%s](../doc_files/%s.png)\n" % (page["name"], page["name"].replace(" ", "_")),
        ]
    )


def bullets(title, items):
    return "### %s\n\n%s\n" % (title, "".join("* %s\n" % item for item in items))


def value(given):
    """The default value of an input."""
    parts = given.get("complex", {})
    return given.get("simple") or ".".join(parts[name] for name in ("root", "accessor") if name in parts)
