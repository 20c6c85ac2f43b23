"""Writes the pages that are made from the code: docs/notices.md of `roster.notices`, docs/messages.md of alerts.

`python docs/build.py` writes them; with --check nothing is written, and the exit status is 1 when one is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from roster.alert import Alert
from roster.notices import FileError, Info, RowError, Warn, catalogue
from roster.report import FileRead, Report
from roster_pages.alert_text import message_of

DOCS = Path(__file__).parent

_INTRODUCTION = """\
# Findings

What an import, and `roster check`, can tell about teachers.csv and students.csv. Each finding has a code that stays the
same, a severity, the file, the row (the first line is row 1) and the column, as far as there is one. No finding holds a
username or a class; `roster check` shows the row beside it, and an import's `notices.csv` has it.

An error of a file refuses the pair, and nothing changes. An error of a row skips that row, and
[what it may be about stays for a while](files.md#what-happens-to-a-bad-row). A warning or an information skips nothing.

This page is made by `python docs/build.py` from the code."""

_SECTIONS = {
    FileError: "Errors of a file",
    RowError: "Errors of a row",
    Warn: "Warnings",
    Info: "Information",
}


def page() -> str:
    """The whole page."""
    return "\n\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield _INTRODUCTION
    for kind, title in _SECTIONS.items():
        yield f"## {title}"
        yield f"Severity `{kind.severity}`. {kind().advice}"
        for notice in catalogue():
            if issubclass(notice, kind):
                yield f"### `{notice.code}`"
                yield notice().advice
                details = notice().details
                if details:
                    yield f"Says also: {', '.join(f'`{name}`' for name in details)}."


# The messages about schools

_DASHBOARD = "https://eu-west-2.console.aws.amazon.com/cloudwatch/home?region=eu-west-2#dashboards/dashboard/STACK"
_PAIR: dict[str, FileRead] = {"students.csv": {"version_id": "1"}, "teachers.csv": {"version_id": "2"}}
_IMPORT = "20260907T031500Z-000042"
_OK = Report("hogwarts", _IMPORT, "ok", pair=_PAIR, base_version=41, version=42)
_HELD = {"code": "memberships_removed", "number": 1840, "of": 21377, "file": None, "what": None}
_SINCE = "2026-09-04T03:15:00+00:00"

#: An alert of every kind, in the order of the kinds.
EXAMPLES = (
    Alert("hogwarts", "held", ("held",), report=Report("hogwarts", _IMPORT, "held", pair=_PAIR, held=[_HELD])),
    Alert(
        "hogwarts",
        "failed",
        ("failed",),
        report=Report("hogwarts", _IMPORT, "failed", pair=_PAIR, reason="not_utf8", place="students.csv, row 17"),
    ),
    Alert(
        "hogwarts",
        "refused_file",
        ("refused_file",),
        report=Report("hogwarts", _IMPORT, "failed", reason="file_name_unexpected", like="students.csv"),
    ),
    Alert("hogwarts", "stale", ("stale",), since=_SINCE),
    Alert("hogwarts", "silent", ("silent",), server="srv-01", since=_SINCE),
    Alert("hogwarts", "held_on_server", ("held_on_server",), server="srv-01"),
    Alert("hogwarts", "recovered", ("held", "failed"), report=_OK),
)

_MEANS = {
    "held": "An import would change more than the site allows. Told once for each import that is held.",
    "failed": "Both files came, and could not be imported. Told for each pair that fails.",
    "refused_file": "An upload that no import reads, or a bad settings.json. No other name is said.",
    "stale": "No files for 48 hours, not counting weekends. Told once, within an hour.",
    "silent": "A server has not asked for a day. Told once, within an hour.",
    "held_on_server": "A server waits for somebody there. Told once, within an hour.",
    "recovered": "Each of these has an end, which is told to whoever was told of the beginning.",
}

_INTRODUCTION_OF_MESSAGES = """\
# Messages about schools

One message for each event that somebody should know of. It names the site, and no person and no class. Alarms are for
faults of our own: [watching](watching.md) has them. This page is made by `python docs/build.py` from the code.

## Who gets them

```
$ roster-admin notify hogwarts it@hogwarts.example              # a mail; SNS asks the address to confirm first
$ roster-admin notify hogwarts --teams-webhook URL              # a channel of Microsoft Teams
$ roster-admin notify hogwarts --https URL                      # anything that speaks the protocol of Amazon SNS
$ roster-admin notify hogwarts --list
$ roster-admin notify hogwarts it@hogwarts.example --remove
```

The address in `AlarmEmail` gets the messages of all schools. An address can be told of 150 sites, and the topic takes
200 addresses with a filter until AWS raises that quota. Whoever has AWS can subscribe to the output `AlertTopicArn`
directly. Each message has the attributes `site`, `kind` (the headings below) and `about`: of `recovered` what has
ended, of the others the kind itself. A filter on `about` gets beginning and end:

```
$ aws sns subscribe --topic-arn TOPIC --protocol email --notification-endpoint somebody@example.com \\
    --attributes '{"FilterPolicy": "{\\"about\\": [\\"silent\\", \\"held_on_server\\"]}"}'
```

**Teams** cannot confirm a subscription of SNS, and wants a body of its own. So a function of the stack posts an
Adaptive Card. In Teams, open the channel's *Workflows*, choose *Post to a channel when a webhook request is
received*, and give `notify` the address that it shows. The connectors of Office 365 (`webhook.office.com`) are
retired and are not taken. Whoever knows the address can post to the channel: it is in the stack's table and in no
log. A workflow that was deleted is logged as `teams_refused` in `/STACK/post-to-teams`, and its messages are lost;
one that is busy is tried three times.

**HTTPS, and a queue or function of your own**, get JSON: `site`, `kind`, `about`, `server`, `subject`, `what`, `why`,
`next`, `link`, and the mail's whole `text`.

**Once.** A message is sent after what it tells of stands, and remembered then. A run that dies between the two sends
it again, so in rare cases it comes twice, and never not at all. When the topic itself refuses one, the import goes
on, and the alarm `nobody-told` goes off.

On the local cloud each message is a file in `.local/PORT/messages`.

## The messages"""


def messages_page() -> str:
    """The whole page of messages."""
    return "\n\n".join(_messages()) + "\n"


def _messages() -> Iterator[str]:
    yield _INTRODUCTION_OF_MESSAGES
    for alert in EXAMPLES:
        message = message_of(alert, _DASHBOARD)
        yield f"### `{alert.kind}`"
        yield _MEANS[alert.kind]
        yield f"```\nSubject: {message.subject}\n\n{message.text}```"


PAGES: dict[str, Callable[[], str]] = {"notices.md": page, "messages.md": messages_page}


def main(arguments: list[str] | None = None, folder: Path = DOCS) -> int:
    """Write the pages to `folder`, or check that they are there as they would be written; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 when a page is stale")
    stale = [name for name, made in PAGES.items() if not _is_fresh(folder / name, made())]
    if not parser.parse_args(arguments).check:
        for name in stale:
            (folder / name).write_text(PAGES[name](), encoding="utf-8", newline="\n")
        return 0
    for name in stale:
        print(
            f"{name} is stale: the code says something else. Run python docs/build.py and commit it.", file=sys.stderr
        )
    return 1 if stale else 0


def _is_fresh(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
