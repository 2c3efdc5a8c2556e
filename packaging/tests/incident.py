"""A stand-in for an XSOAR incident: keeps the context and runs a playbook's tasks.

It supports only what our playbooks use. Anything else fails instead of doing nothing.
"""

import contextlib
import json
import re
import time


class Stopped(Exception):
    """The playbook stopped because a task failed."""


def as_list(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def step_into(values, name):
    """The member `name` of each value, with lists flattened."""
    found = []
    for value in values:
        if isinstance(value, dict) and value.get(name) is not None:
            found += as_list(value[name])
    return found


def is_number_at_least(left, right):
    return float(left) >= float(right)


# What filters and conditions ask. They hold if they hold for one of the values.
OPERATORS = {
    "isEqualString": lambda left, right: str(left) == str(right),
    "greaterThanOrEqual": is_number_at_least,
    "greaterThan": lambda left, right: float(left) > float(right),
}


def json_to_table(values, title, headers):
    names = headers.split(",")
    lines = ["### " + title, "|%s|" % "|".join(names), "|%s|" % "|".join("---" for _ in names)]
    lines += ["| %s |" % " | ".join(str(value[name]) for name in names) for value in values]
    return ["\n".join(lines) + "\n"]


TRANSFORMERS = {
    "uniq": lambda values: list(dict.fromkeys(values)),
    "count": lambda values: [len(values)],
    "splitAndTrim": lambda values, delimiter: [part.strip() for value in values for part in value.split(delimiter)],
    "JsonToTable": json_to_table,
}


class Incident:
    """An incident: its context and its War Room notes."""

    def __init__(self, run_command, manifest, enabled=("PingOne",), playbooks=None):
        self.run_command, self.enabled = run_command, enabled
        self.playbooks = playbooks or {}
        self.commands = {command["name"]: command for command in manifest["script"]["commands"]}
        self.context, self.notes, self.asked, self.done = {}, [], [], []

    def put(self, key, value):
        """Merges an entry's context into the incident's, according to the key."""
        path, condition = re.fullmatch(r"([\w.]+)(?:\((.*)\))?", key).groups()
        *above, last = path.split(".")
        place = self.context
        for name in above:
            place = place.setdefault(name, {})
        if condition == "true":
            place.setdefault(last, {}).update(value)
            return
        names = re.findall(r"val\.(\w+) ={2,3} obj\.\1", condition or "")
        known = as_list(place.get(last))
        for item in as_list(value):
            same = [one for one in known if names and all(one.get(name) == item.get(name) for name in names)]
            if same:
                same[0].update(item)
            else:
                known.append(item)
        place[last] = known

    def look(self, path, inputs):
        """All values at a path."""
        *names, last = path.split(".")
        values = [inputs if names[:1] == ["inputs"] else self.context]
        for name in [name for name in names if name != "inputs"] + [last]:
            values = step_into(values, name)
        return values

    def resolve(self, value, inputs, is_path=False):
        """The list of values of an argument, or of one side of a condition."""
        if not value:
            return []
        if "simple" in value:
            assert "${" not in value["simple"], "templates are not used: %r" % value
            return self.look(value["simple"], inputs) if is_path else [value["simple"]]
        what = value["complex"]
        values = self.look(what["root"], inputs)
        for any_of in what.get("filters", []):
            values = [one for one in values if any(self.keeps(one, what["root"], rule, inputs) for rule in any_of)]
        for name in what["accessor"].split(".") if "accessor" in what else ():
            values = step_into(values, name)
        for transformer in what.get("transformers", []):
            given = transformer.get("args", {}).items()
            args = {name: self.resolve(arg["value"], inputs)[0] for name, arg in given if arg}
            values = TRANSFORMERS[transformer["operator"]](values, **args)
        return values

    def keeps(self, value, root, rule, inputs):
        left = rule["left"]["value"]["simple"]
        assert left.startswith(root + "."), "a filter looks at %s, outside of %s" % (left, root)
        values = [value]
        for name in left[len(root) + 1 :].split("."):
            values = step_into(values, name)
        if rule["operator"] == "isEmpty":
            return all(value in ("", None) for value in values)
        return self.compare(rule, values, inputs)

    def holds(self, rule, inputs):
        values = self.resolve(rule["left"]["value"], inputs, rule["left"]["iscontext"])
        if rule["operator"] == "isNotEmpty":
            return any(value not in ("", None) for value in values)
        return self.compare(rule, values, inputs)

    def compare(self, rule, values, inputs):
        """True if any value matches, as in XSOAR."""
        rights = self.resolve(rule["right"]["value"], inputs, rule["right"].get("iscontext"))
        if rule.get("ignorecase"):
            values, rights = ([str(one).lower() for one in many] for many in (values, rights))
        return any(OPERATORS[rule["operator"]](one, right) for one in values for right in rights)

    def play(self, playbook, inputs, decisions=None):
        """Runs a playbook. `decisions` are the answers of people, by the name of the task that asks for them."""
        defaults = {one["key"]: self.resolve(one["value"], {}) for one in playbook["inputs"]}
        inputs = dict(
            {key: value[0] if len(value) == 1 else value for key, value in defaults.items() if value}, **inputs
        )
        missing = [one["key"] for one in playbook["inputs"] if one["required"] and one["key"] not in inputs]
        assert not missing, "inputs are missing: %s" % missing
        active = {playbook["starttaskid"]}
        for number in in_order(playbook):
            if number not in active:
                continue
            task = playbook["tasks"][number]
            answer = self.carry_out(task, inputs, decisions or {})
            following = task.get("nexttasks") or {}
            active.update(following.get(answer, following.get("#default#", [])))
            self.done.append(task["task"]["name"])

    def carry_out(self, task, inputs, decisions):
        """Runs a task and returns the name of the branch to take."""
        args = {name: self.resolve(value, inputs) for name, value in task.get("scriptarguments", {}).items()}
        args = {name: values for name, values in args.items() if values}
        if task["task"]["iscommand"]:
            self.command(task, args)
        elif task["type"] == "playbook":
            assert task["separatecontext"] is False, "a context of its own is not supported"
            given = {name: values[0] if len(values) == 1 else values for name, values in args.items()}
            self.play(self.playbooks[task["task"]["playbookName"]], given, decisions)
        elif task["type"] == "condition" and "conditions" in task:
            for condition in task["conditions"]:
                if all(any(self.holds(rule, inputs) for rule in any_of) for any_of in condition["condition"]):
                    return condition["label"]
            return "#default#"
        elif "scriptName" in task["task"]:
            return self.script(task, {name: values[0] if len(values) == 1 else values for name, values in args.items()})
        elif task["type"] == "condition":
            self.asked.append(task["task"]["name"])
            return decisions[task["task"]["name"]]
        else:
            assert task["type"] in ("start", "title"), task
        return "#none#"

    def command(self, task, args):
        brand, name = task["task"]["script"].split("|||")
        known = {argument["name"]: argument for argument in self.commands[name]["arguments"]}
        # An argument that takes no list has the command run once for each value.
        lists = [name for name, values in args.items() if len(values) > 1 and not known[name].get("isArray")]
        assert len(lists) <= 1, "which argument is to be gone through? %s" % lists
        for one in args[lists[0]] if lists else [None]:
            given = {name: values[0] if len(values) == 1 else values for name, values in args.items()}
            if lists:
                given[lists[0]] = one
            entries = self.until_answered(brand, name, given)
            for entry in entries:
                for key, value in (entry.get("EntryContext") or {}).items():
                    self.put(key, json.loads(json.dumps(value)))
                if task["note"]:
                    self.notes.append(entry.get("HumanReadable") or entry["Contents"])
            errors = [entry["Contents"] for entry in entries if entry["Type"] == 4]
            if errors and not task.get("continueonerror"):
                raise Stopped("%s: %s" % (task["task"]["name"], "\n".join(errors)))

    def until_answered(self, brand, name, args):
        """Runs a command, and what its entries schedule until nothing more is scheduled. Returns all entries."""
        entries = self.run_command(brand, name, args)
        scheduled = [entry for entry in entries if "PollingCommand" in entry]
        assert not scheduled or self.commands[name].get("polling"), "the server ignores what %s schedules" % name
        for entry in scheduled:
            time.sleep(0.5)
            entries = entries + self.until_answered(brand, entry["PollingCommand"], entry["PollingArgs"])
        return entries

    def script(self, task, args):
        name = task["task"]["scriptName"]
        if name == "IsIntegrationAvailable":
            return "yes" if args["brandname"] in self.enabled else "no"
        if name == "Print":
            if task["note"]:
                self.notes.append(args["value"])
        elif name == "PrintErrorEntry":
            raise Stopped("%s: %s" % (task["task"]["name"], args["message"]))
        elif name == "SetAndHandleEmpty":
            value = args.get("value", [])
            with contextlib.suppress(ValueError, TypeError):
                value = json.loads(value)
            if args["append"] == "false":
                self.delete(args["key"])
            if value != []:
                self.put(args["key"], value)
        elif name == "DeleteContext":
            self.delete(args["key"])
        else:
            raise AssertionError("%s is no script that we know" % name)
        return "#none#"

    def delete(self, key):
        *above, last = key.split(".")
        place = self.context
        for name in above:
            place = place.get(name, {})
        place.pop(last, None)


def ways(task):
    """The tasks that can come next."""
    return [number for following in (task.get("nexttasks") or {}).values() for number in following]


def in_order(playbook):
    """The reachable tasks in topological order. A cycle is an error."""
    tasks, found, under_way = playbook["tasks"], [], []

    def visit(number):
        assert number not in under_way, "tasks in a circle: %s" % under_way
        if number not in found:
            under_way.append(number)
            for following in ways(tasks[number]):
                visit(following)
            under_way.remove(number)
            found.append(number)

    visit(playbook["starttaskid"])
    return found[::-1]
