"""Shows the event of an incident that was fetched from PingOne, as PingOne recorded it, in a section of the layout."""

import json


def show(raw):
    """The event as a block of JSON, from which nothing in it can break out."""
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        text = raw
    return "```json\n%s\n```" % text.replace("```", "`\u200b`\u200b`")


def main():
    raw = demisto.incident().get("rawJSON") or ""
    text = show(raw) if raw else "This incident was not fetched from PingOne, so it has no event."
    demisto.results({"Type": 1, "ContentsFormat": "markdown", "Contents": text})


if __name__ in ("__main__", "__builtin__", "builtins"):
    main()
