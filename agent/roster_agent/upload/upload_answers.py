"""What the feed answers an uploader, as typed values. No IO.

Comes in: a JSON answer. Goes out: a token, links, an outcome. Refused (``NotTheFeed``): an answer of another form, and
links for other files than were asked for. Text that is no code, number or name of a file is not taken over.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from roster_agent.net import addresses
from roster_agent.net.feed_failures import NotTheFeed
from roster_agent.trust import rules
from roster_agent.upload.finding_words import Found

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_UPLOAD = re.compile(r"[0-9A-Za-z-]{1,80}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HEADER = re.compile(r"[\x21-\x7e]{1,200}")
_PLACE = re.compile(r"[\x20-\x7e]{0,200}")
_STATUSES = ("waiting", "imported", "held", "failed", "ignored")


@dataclass(frozen=True)
class Link:
    """Where a file's bytes go, and the headers that have to come with them."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Links:
    """An upload that may begin: its id, and the link of each file."""

    upload: str
    of_file: dict[str, Link]


@dataclass(frozen=True)
class Outcome:
    """What became of an upload. `status` and `reason` are those of docs/feed.md; `held` has a line for each guard."""

    status: str
    reason: str = ""
    missing: str = ""
    import_id: str = ""
    import_status: str = ""
    place: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    found: tuple[Found, ...] = ()
    held: tuple[str, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.status != "waiting" or self.reason == "site_paused"


def read_grant(answer: object, asked_site: str) -> tuple[str, str]:
    """An uploader's name and token."""
    match answer:
        case {"site": str(site), "uploader": str(name), "token": token} if site == asked_site and _NAME.fullmatch(name):
            return name, rules.token(token)
    raise NotTheFeed("its answer to the enrolment is malformed")


def read_links(answer: object, asked: Iterable[str], feed: str) -> Links:
    """The links for exactly the files that were asked for. They lead to https, or from this machine to itself."""
    match answer:
        case {"upload": str(upload), "files": dict(files)} if _UPLOAD.fullmatch(upload) and files.keys() == set(asked):
            return Links(upload, {name: _link(said, feed) for name, said in files.items()})
    raise NotTheFeed("its links are malformed, or for other files")


def _link(said: Any, feed: str) -> Link:
    match said:
        case {"url": str(url), "headers": dict(headers)} if all(
            isinstance(text, str) and _HEADER.fullmatch(text) for pair in headers.items() for text in pair
        ):
            return Link(addresses.redirect_url(feed, url), headers)
    raise NotTheFeed("one of its links is malformed")


def read_outcome(answer: object) -> Outcome:
    """What became of an upload."""
    if not isinstance(answer, dict) or answer.get("status") not in _STATUSES:
        raise NotTheFeed("what it says of the upload is malformed")
    return Outcome(
        answer["status"],
        _text(answer, "reason", _CODE),
        _text(answer, "missing", _PLACE),
        _text(answer, "import", _UPLOAD),
        _text(answer, "import_status", _CODE),
        _text(answer, "place", _PLACE),
        _numbers(answer.get("counts", {})),
        _numbers(answer.get("changes", {})),
        tuple(_found(said) for said in _listed(answer, "notices")),
        tuple(_guard(said) for said in _listed(answer, "held")),
    )


def _text(said: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    """A text of this form; "" where there is none. What is of another form is not shown."""
    value = said.get(name, "")
    return value if isinstance(value, str) and form.fullmatch(value) else ""


def _numbers(said: object) -> dict[str, int]:
    if not isinstance(said, dict):
        return {}
    return {name: number for name, number in said.items() if type(number) is int and _CODE.fullmatch(str(name))}


def _listed(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = answer.get(name, [])
    return [said for said in found if isinstance(said, dict)] if isinstance(found, list) else []


def _found(said: Mapping[str, Any]) -> Found:
    rows = [(_text(row, "file", _PLACE), row.get("row")) for row in _listed(said, "rows")]
    numbered = tuple((file, row) for file, row in rows if type(row) is int)
    total = said.get("total")
    return Found(
        _text(said, "code", _CODE), _text(said, "severity", _CODE), total if type(total) is int else 0, numbered
    )


def _guard(said: Mapping[str, Any]) -> str:
    number, of = said.get("number"), said.get("of")
    what, file = _text(said, "what", _PLACE), _text(said, "file", _PLACE)
    about = " ".join(filter(None, [what, f"({file})" if file else ""]))
    counted = f"{number} of {of}" if type(number) is type(of) is int else ""
    return ": ".join(filter(None, [_text(said, "code", _CODE), f"{counted} {about}".strip()]))
