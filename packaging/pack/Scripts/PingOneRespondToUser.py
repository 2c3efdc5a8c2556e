"""Disables PingOne users, ends their sessions or expires their passwords, and reports it under the context keys of
XSOAR's cross-vendor scripts, which do not support PingOne: disable-user, clear-user-session and expire-password.

Only looks users up and calls pingone-contain-user, so the protected users and the record for undoing are the same.
"""

import json

BRAND = "PingOne"
# The arguments that name users, with the same argument of pingone-get-user and its member of PingOne.Account.
KEYS = {"user_id": ("userId", "ID"), "user_name": ("username", "Username"), "user_email": ("email", "Email")}
# The actions, with their steps of pingone-contain-user.
ACTIONS = {"disable": "disable", "endSessions": "endSessions", "expirePassword": "forceChange"}
SUCCESSFUL = ("done", "already so")
# How pingone-get-user says that there is no such user, by name or email address, or by ID.
NOT_FOUND = ("Failed to find user for ", "Error in API call [404]")
SAME_USER = "val.UserProfile.ID == obj.UserProfile.ID && val.Brand == obj.Brand && val.Instance == obj.Instance"
# The context keys of the cross-vendor scripts.
DISABLED = "DisableUser(%s)" % SAME_USER
SESSIONS_ENDED = "SessionClearResults(val.UserId == obj.UserId && val.Brand == obj.Brand)"
EXPIRED = "ExpirePassword(%s)" % SAME_USER
# What must not take effect in the War Room's Markdown.
MARKDOWN = "\\`*_[]<>|#~"


def listed(value):
    """The items of an argument that is a list, given as a list, as JSON or separated by commas."""
    if isinstance(value, str) and value.strip().startswith("["):
        value = json.loads(value)
    items = value if isinstance(value, list) else (value or "").split(",")
    return [text for text in (str(item).strip() for item in items) if text]


def error_entry(text):
    return {"Type": 4, "ContentsFormat": "text", "Contents": text, "EntryContext": None}


def run(command, args):
    """The entries of a command that are results or errors."""
    try:
        entries = demisto.executeCommand(command, args) or []
    except Exception as error:  # what was done until now must be reported
        return [error_entry("%s failed: %s" % (command, error))]
    return [entry for entry in entries if entry.get("Type") in (1, 4)]


def errors(entries):
    return [str(entry.get("Contents")) for entry in entries if entry["Type"] == 4]


class Report:
    """What was done to whom."""

    def __init__(self):
        self.rows, self.contexts, self.readable = [], {}, []

    def add(self, user, action, successful, message):
        profile = {"Username": user["Username"], "ID": user["ID"], "Email": user["Email"]}
        common = {"Brand": BRAND, "Result": "Success" if successful else "Failed", "Message": message}
        of_user = dict(common, UserProfile=profile, Instance=user["Instance"])
        if action == "disable":
            self.put(DISABLED, dict(of_user, Disabled=successful))
        elif action == "endSessions":
            self.put(SESSIONS_ENDED, dict(common, UserName=user["Username"], UserId=user["ID"]))
        else:
            self.put(EXPIRED, of_user)
        name = user["Username"] or user["ID"] or user["Email"]
        self.rows.append([name, user["Instance"], action, common["Result"], message])

    def put(self, key, item):
        self.contexts.setdefault(key, []).append(item)

    def heard(self, entries):
        """Keeps the context of a command, such as the record for undoing, and its text."""
        for entry in entries:
            for key, value in (entry.get("EntryContext") or {}).items():
                self.contexts.setdefault(key, []).extend(value if isinstance(value, list) else [value])
            self.readable.append(str(entry.get("HumanReadable") or entry.get("Contents")))

    def entries(self, verbose):
        text = "\n\n".join([table("PingOne users", self.rows)] + (self.readable if verbose else []))
        entry = {"Type": 1, "ContentsFormat": "json", "Contents": self.contexts, "HumanReadable": text}
        found = [dict(entry, EntryContext=self.contexts)]
        if not any(row[3] == "Success" for row in self.rows):
            reason = "PingOneRespondToUser: no action succeeded. See the entry above for the reasons."
            found.append(error_entry(reason))
        return found


def table(title, rows):
    lines = ["### " + title, "|User|Instance|Action|Result|Message|", "|---|---|---|---|---|"]
    return "\n".join(lines + ["| %s |" % " | ".join(map(cell, row)) for row in rows])


def cell(text):
    escaped = "".join("\\" + char if char in MARKDOWN else char for char in " ".join(text.split()))
    return escaped.replace("://", ":\u200b//")


def look_up(argument, value, actions, report, verbose):
    """The users with this ID, name or email address: one for each instance that has one. The others are reported."""
    name, member = KEYS[argument]
    entries = run("pingone-get-user", {name: value, "using-brand": BRAND})
    if verbose:
        report.heard(dict(entry, EntryContext=None) for entry in entries)
    found = []
    for entry in entries:
        for key, accounts in (entry.get("EntryContext") or {}).items():
            if key.startswith("PingOne.Account"):
                found += [user_of(account, entry.get("ModuleName")) for account in accounts]
    reasons = errors(entries)
    if found:
        # An instance that does not know the user is as it should be, but one that could not say is not.
        reasons = [reason for reason in reasons if not any(text in reason for text in NOT_FOUND)]
    elif not reasons:
        reasons = ["The user was not found in PingOne."]
    if reasons:
        for action in actions:
            report.add(user_of({member: value}, None), action, False, "\n".join(reasons))
    return found


def user_of(account, instance):
    return dict({name: account.get(name) or "" for name in ("ID", "Username", "Email")}, Instance=instance or "")


def respond(user, actions, report):
    """Runs the actions on a user. pingone-contain-user reports each of its steps."""
    args = {"userId": user["ID"], "steps": ",".join(ACTIONS[action] for action in actions)}
    args.update({"using": user["Instance"]} if user["Instance"] else {"using-brand": BRAND})
    entries = run("pingone-contain-user", args)
    report.heard(entries)
    steps = {}
    for entry in entries:
        for key, users in (entry.get("EntryContext") or {}).items():
            if key.startswith("PingOne.Containment"):
                steps.update({step["Step"]: step for one in users for step in one["Steps"]})
    reason = "\n".join(errors(entries)) or "pingone-contain-user did not report this step."
    for action in actions:
        step = steps.get(ACTIONS[action], {"Outcome": "failed", "Detail": reason})
        report.add(user, action, step["Outcome"] in SUCCESSFUL, step["Detail"])


def respond_to_all(args):
    named = [(argument, value) for argument in KEYS for value in listed(args.get(argument))]
    if not named:
        raise ValueError("Provide at least one of user_id, user_name and user_email.")
    actions = list(dict.fromkeys(listed(args.get("actions"))))
    unknown = [action for action in actions if action not in ACTIONS]
    if unknown or not actions:
        raise ValueError("Provide actions: one or more of %s." % ", ".join(ACTIONS))
    verbose = str(args.get("verbose", "false")).lower() in ("true", "yes")
    report, seen = Report(), set()
    for argument, value in named:
        for user in look_up(argument, value, actions, report, verbose):
            if (user["Instance"], user["ID"]) not in seen:
                seen.add((user["Instance"], user["ID"]))
                respond(user, actions, report)
    return report.entries(verbose)


def main():
    try:
        demisto.results(respond_to_all(demisto.args()))
    except Exception as error:
        text = "Failed to execute PingOneRespondToUser. Error: %s" % error
        demisto.results(error_entry(text))


if __name__ in ("__main__", "__builtin__", "builtins"):
    main()
