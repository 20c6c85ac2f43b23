"""The sites that somebody wants to add: one from the command line, or a list of them from a CSV file.

The file has a line of headings: `site`, and where wanted `contact`, `servers` and `uploaders`, in any order; other
columns are left alone. In: the file. Out: a `WantedSite` for each row. Refused, with `BadList`: a file that cannot be
read as one, with everything that is wrong in it, so that nothing is made of half a list.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from roster.contact import BadContact, contact_of
from roster.pair import is_server, is_site

#: What a name of a site, a server or an uploader has.
NAME = "lower-case letters, digits and hyphens, at most 63"

_MOST_SERVERS = 50
_COLUMNS = ("site", "contact", "servers", "uploaders")


class BadList(ValueError):
    """The list is not taken; the text has a line for each thing that is wrong."""


class WantedSite(NamedTuple):
    """A site to add: who is told of it, its servers, and who uploads to it."""

    site: str
    contact: str = ""
    servers: tuple[str, ...] = ()
    uploaders: tuple[str, ...] = ()


def server_names(text: str) -> tuple[str, ...]:
    """The servers that are meant: a number of them, then srv-01, srv-02, …, or names. BadList for anything else."""
    if text.isascii() and text.isdecimal():
        if int(text) > _MOST_SERVERS:
            raise BadList(f"{text} servers are more than {_MOST_SERVERS}")
        return tuple(f"srv-{number:02d}" for number in range(1, int(text) + 1))
    return _names(text, "a server: a number of servers, or names")


def uploader_names(text: str) -> tuple[str, ...]:
    """The uploaders that are meant. BadList for what cannot be one."""
    return _names(text, "an uploader: a name")


def _names(text: str, what: str) -> tuple[str, ...]:
    names = text.replace(";", " ").replace(",", " ").lower().split()
    for name in names:
        if not is_server(name):
            raise BadList(f"{name!r} cannot be {what} of {NAME}")
    return tuple(dict.fromkeys(names))


def contact(text: str) -> str:
    """A mail address, or BadList."""
    try:
        contact_of({"mail": text})
    except BadContact as bad:
        raise BadList(str(bad)) from None
    return text


def read_list(file: Path) -> list[WantedSite]:
    """The sites of a CSV file. BadList."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadList(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadList(f"{file} is not UTF-8. Save it as CSV UTF-8") from None
    lines = text.splitlines()
    separator = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    rows = csv.DictReader(lines, delimiter=separator, strict=True)
    try:
        headings = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
        if "site" not in headings:
            raise BadList(f"{file} needs a first line of headings: {', '.join(_COLUMNS)}. Only site is needed")
        wanted, wrong = _read_rows(rows, headings)
    except csv.Error as error:
        raise BadList(f"{file}, row {rows.line_num}: this is not CSV ({error})") from None
    if wrong:
        raise BadList("\n".join(f"{file}, {line}" for line in wrong))
    if not wanted:
        raise BadList(f"{file} names no site")
    return wanted


def _read_rows(rows: csv.DictReader[str], headings: Mapping[str, str]) -> tuple[list[WantedSite], list[str]]:
    wanted: list[WantedSite] = []
    wrong: list[str] = []
    seen: dict[str, int] = {}
    for row in rows:
        said = {name: (row.get(headings[name]) or "").strip() if name in headings else "" for name in _COLUMNS}
        if not any(said.values()):
            continue
        found = list(_wrong(said, seen))
        wrong += (f"row {rows.line_num}: {each}" for each in found)
        seen.setdefault(said["site"], rows.line_num)
        if not found:
            servers, uploaders = server_names(said["servers"]), uploader_names(said["uploaders"])
            wanted.append(WantedSite(said["site"], said["contact"], servers, uploaders))
    return wanted, wrong


def _wrong(said: Mapping[str, str], seen: Mapping[str, int]) -> Iterator[str]:
    """What is wrong with a row."""
    site = said["site"]
    if not is_site(site):
        yield f"{site!r} cannot be a site: it has {NAME}" if site else "there is no site in this row"
    elif site in seen:
        yield f"{site} stands in row {seen[site]} too"
    for name, read in (("servers", server_names), ("uploaders", uploader_names), ("contact", contact)):
        if said[name]:
            try:
                read(said[name])
            except BadList as bad:
                yield str(bad)
