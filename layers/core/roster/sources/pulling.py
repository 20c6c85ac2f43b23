"""A roster pulled from another product's API, page by page, into the bundle that its export would be.

In: `Ask`, which sends one request, and which API it is. Out: the bytes of a zip, the same for the same roster. Refused,
with `PullFailed`: whatever makes it doubtful that all of the roster came and that it is one roster: a collection that
is empty, shorter than announced, without its envelope, or that changed while it was read. Then nothing is written.

The specifications are those of OneRoster 1.1 and 1.2 (REST, rostering) and of Clever's Data API 3.1.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from roster.notices import CLEVER, ONEROSTER

# A page of so many records is asked for; whoever gives fewer is asked more often.
_PAGE = 1000

# No collection of a site is larger. More is a server that pages in a circle.
_MOST_RECORDS = 10_000_000

# What has to be there: a school without any of it has no roster.
_OF_ONEROSTER = ("users", "classes", "enrollments")

Record = Mapping[str, Any]
Columns = tuple[str, ...]
Rows = list[tuple[str, ...]]


class Answer(NamedTuple):
    """What came back: the body as JSON gives it, and the headers, whose names are in small letters."""

    body: Any
    headers: Mapping[str, str]


#: Sends a request for a path below the API's address, with a query; raises PullFailed.
Ask = Callable[[str, Mapping[str, str]], Answer]

#: Told how many records have come.
Progress = Callable[[int], None]


class PullFailed(Exception):
    """The pull failed, and nothing was written. `code` is a reason as `Report.reason` has it, `what` a collection."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(f"{code} {what}".strip())
        self.code = code
        self.what = what


class Bundle(NamedTuple):
    """What was pulled: the file's name in the inbox, its bytes, and how many records of each collection there are."""

    file: str
    data: bytes
    counts: Mapping[str, int]


def pull(api: str, ask: Ask, progress: Progress = lambda _: None) -> Bundle:
    """Pull a whole roster from an `api`: "clever", "oneroster-1.1" or "oneroster-1.2"; raises PullFailed."""
    if api == "clever":
        return _Clever(ask, progress).pull()
    return _OneRoster(ask, progress, api.rpartition("-")[2]).pull()


def count_schools(api: str, ask: Ask) -> int:
    """How many schools an API shows, which says that it can be asked at all; raises PullFailed."""
    if api == "clever":
        return len(_Clever(ask, lambda _: None).all("/schools"))
    orgs = _OneRoster(ask, lambda _: None, api.rpartition("-")[2]).all("orgs")
    return sum(1 for org in orgs if org.get("type") == "school") or len(orgs)


class _Clever:
    """Clever's Data API: pages by a link to the next one, whose order is that of ids."""

    def __init__(self, ask: Ask, progress: Progress) -> None:
        self._ask = ask
        self._progress = progress
        self._came = 0

    def pull(self) -> Bundle:
        """Read everything; an event meanwhile says that it changed."""
        before = self._newest_event()
        schools, terms, courses = self.all("/schools"), self.all("/terms"), self.all("/courses")
        sections = self.all("/sections")
        students, teachers = self.all("/users", role="student"), self.all("/users", role="teacher")
        found = {"schools": schools, "sections": sections, "students": students, "teachers": teachers}
        for what, records in found.items():
            if not records:
                raise PullFailed("source_empty", what)
        if self._newest_event() != before:
            raise PullFailed("source_changed", "events")
        tables = _clever_tables(schools, terms, courses, sections, students, teachers)
        return Bundle(CLEVER, _zipped(tables), {what: len(records) for what, records in found.items()})

    def all(self, path: str, **query: str) -> list[Record]:
        """Every record of a collection."""
        found: dict[str, Record] = {}
        asked: Mapping[str, str] = {**query, "limit": str(_PAGE)}
        while True:
            what = query.get("role", path.strip("/"))
            body = self._ask(path, asked).body
            items = _listed(body, "data", what)
            for item in items:
                record = item.get("data", {}) if isinstance(item, dict) else {}
                id_ = _text(record.get("id"))
                if not id_:
                    raise PullFailed("source_incomplete", what)
                if id_ in found:
                    raise PullFailed("source_changed", what)
                found[id_] = record
            self._came += len(items)
            self._progress(self._came)
            following = _next_of(body)
            if not following or len(found) > _MOST_RECORDS:
                return list(found.values())
            if not items:  # a next page after an empty one is a circle
                raise PullFailed("source_incomplete", what)
            asked = {**query, **dict(parse_qsl(urlsplit(following).query))}

    def _newest_event(self) -> str:
        """The id of the newest event; "" where an application may not see events."""
        try:
            events = _listed(self._ask("/events", {"limit": "1", "ending_before": "last"}).body, "data", "events")
        except PullFailed as failed:
            if failed.code in ("source_refused", "source_not_found"):
                return ""
            raise
        return _text(events[0].get("data", {}).get("id")) if events else ""


def _next_of(body: Mapping[str, Any]) -> str:
    links = body.get("links")
    found = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    return next((_text(link.get("uri")) for link in found if link.get("rel") == "next"), "")


def _clever_tables(
    schools: list[Record],
    terms: list[Record],
    courses: list[Record],
    sections: list[Record],
    students: list[Record],
    teachers: list[Record],
) -> dict[str, tuple[Columns, Rows]]:
    """The files of Clever's SFTP format. Ids are those of the school's own system, as that format has them."""
    of_school = {_text(each.get("id")): _text(each.get("sis_id")) or _text(each.get("id")) for each in schools}
    of_term, of_course = ({_text(each.get("id")): each for each in records} for records in (terms, courses))
    rows: dict[str, Rows] = {"schools": [], "students": [], "teachers": [], "sections": [], "enrollments": []}
    rows["schools"] = [(of_school[_text(each.get("id"))], _text(each.get("name"))) for each in schools]
    ids: dict[str, dict[str, str]] = {}
    for role, records in (("student", students), ("teacher", teachers)):
        ids[role] = {}
        for each in records:
            about = _within(each, "roles", role)
            id_ = _text(about.get("sis_id")) or _text(each.get("id"))
            ids[role][_text(each.get("id"))] = id_
            login = _text(_within(about, "credentials").get("district_username"))
            number = _text(about.get(f"{role}_number"))
            school = of_school.get(_text(about.get("school")), "")
            rows[f"{role}s"].append((school, id_, login, _text(each.get("email")), number))
    most = max((len(_ids(each.get("teachers"))) for each in sections), default=1)
    for each in sections:
        section = _text(each.get("sis_id")) or _text(each.get("id"))
        school = of_school.get(_text(each.get("school")), "")
        term, course = of_term.get(_text(each.get("term_id")), {}), of_course.get(_text(each.get("course")), {})
        teach = [ids["teacher"].get(id_, id_) for id_ in _ids(each.get("teachers")) or _ids([each.get("teacher")])]
        said = (_text(each.get("name")), _text(each.get("section_number")), _text(each.get("period")))
        when = (_text(term.get("name")), _text(term.get("start_date")), _text(term.get("end_date")))
        what = (_text(course.get("name")), _text(course.get("number")))
        rows["sections"].append((school, section, *said, *when, *what, *teach, *[""] * (max(most, 1) - len(teach))))
        rows["enrollments"] += ((school, section, ids["student"].get(id_, id_)) for id_ in _ids(each.get("students")))
    more = tuple(f"Teacher_{number}_id" for number in range(2, most + 1))
    columns: dict[str, Columns] = {
        "schools": ("School_id", "School_name"),
        "students": ("School_id", "Student_id", "Username", "Student_email", "Student_number"),
        "teachers": ("School_id", "Teacher_id", "Username", "Teacher_email", "Teacher_number"),
        "sections": (
            *("School_id", "Section_id", "Name", "Section_number", "Period", "Term_name", "Term_start", "Term_end"),
            *("Course_name", "Course_number", "Teacher_id", *more),
        ),
        "enrollments": ("School_id", "Section_id", "Student_id"),
    }
    return {f"{name}.csv": (columns[name], found) for name, found in rows.items()}


class _OneRoster:
    """OneRoster's REST binding: pages by offset, with the total in a header where the server says it."""

    def __init__(self, ask: Ask, progress: Progress, version: str) -> None:
        self._ask = ask
        self._progress = progress
        self._version = version
        self._came = 0
        self._totals: dict[str, int] = {}

    def pull(self) -> Bundle:
        """Read everything, and look at the end whether any collection has another length by now."""
        names = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
        found = {name: self.all(name) for name in names}
        for name in _OF_ONEROSTER:
            if not found[name]:
                raise PullFailed("source_empty", name)
        for name, total in self._totals.items():
            answer = self._ask(f"/{name}", {"limit": "1", "offset": "0"})
            if _total(answer) not in (None, total):
                raise PullFailed("source_changed", name)
        tables = _oneroster_tables(found, self._version)
        return Bundle(ONEROSTER, _zipped(tables), {name: len(records) for name, records in found.items()})

    def all(self, name: str) -> list[Record]:
        """Every record of a collection."""
        found: dict[str, Record] = {}
        offset, page = 0, 0
        while True:
            answer = self._ask(f"/{name}", {"limit": str(_PAGE), "offset": str(offset)})
            items = _listed(answer.body, name, name)
            total = _total(answer)
            if total is not None and self._totals.setdefault(name, total) != total:
                raise PullFailed("source_changed", name)
            for item in items:
                id_ = _text(item.get("sourcedId")) if isinstance(item, dict) else ""
                if not id_:
                    raise PullFailed("source_incomplete", name)
                if id_ in found:  # what stood on the page before has moved
                    raise PullFailed("source_changed", name)
                found[id_] = item
            offset += len(items)
            self._came += len(items)
            self._progress(self._came)
            if not items or len(found) > _MOST_RECORDS or _is_last(answer, total, offset, len(items), page):
                break
            page = len(items)
        if total is not None and offset < total:
            raise PullFailed("source_incomplete", name)
        return list(found.values())


def _is_last(answer: Answer, total: int | None, offset: int, came: int, before: int) -> bool:
    """Whether no page follows: by the total; by the links; or since this one is shorter than the one before."""
    if total is not None:
        return offset >= total
    if link := answer.headers.get("link", ""):
        return 'rel="next"' not in link and "rel=next" not in link
    return bool(before) and came < before


def _total(answer: Answer) -> int | None:
    said = answer.headers.get("x-total-count", "").strip()
    return int(said) if said.isdecimal() and len(said) < 10 else None


def _oneroster_tables(found: Mapping[str, list[Record]], version: str) -> dict[str, tuple[Columns, Rows]]:
    """The files of OneRoster's CSV binding, as far as a roster needs them."""
    users: Rows = []
    roles: Rows = []
    for user in found["users"]:
        id_ = _text(user.get("sourcedId"))
        status, enabled = _text(user.get("status")), _text(user.get("enabledUser"))
        known = _text(user.get("username")), _text(user.get("email")), _text(user.get("identifier"))
        users.append((id_, status, enabled, *known, _text(user.get("role"))))
        given = user.get("roles")
        for role in given if isinstance(given, list) else []:
            if isinstance(role, dict):
                when = _text(role.get("beginDate")), _text(role.get("endDate"))
                roles.append((id_, _text(role.get("role")), *when, _id_of(role.get("org"))))
    classes = [
        (
            *(_text(each.get(name)) for name in ("sourcedId", "status", "title", "classCode")),
            _id_of(each.get("school")),
            ",".join(filter(None, map(_id_of, _many(each.get("terms"))))),
            _id_of(each.get("course")),
            ",".join(_ids(each.get("periods"))),
        )
        for each in found["classes"]
    ]
    enrollments = [
        (
            *(_text(each.get(name)) for name in ("sourcedId", "status")),
            *(_id_of(each.get(name)) for name in ("class", "user")),
            *(_text(each.get(name)) for name in ("role", "beginDate", "endDate")),
        )
        for each in found["enrollments"]
    ]
    sessions = ("sourcedId", "status", "title", "startDate", "endDate")
    tables: dict[str, tuple[Columns, Rows]] = {
        "manifest.csv": (("propertyName", "value"), [("oneroster.version", version)]),
        "users.csv": (("sourcedId", "status", "enabledUser", "username", "email", "identifier", "role"), users),
        "classes.csv": (
            (
                "sourcedId",
                "status",
                "title",
                "classCode",
                "schoolSourcedId",
                "termSourcedIds",
                "courseSourcedId",
                "periods",
            ),
            classes,
        ),
        "enrollments.csv": (
            ("sourcedId", "status", "classSourcedId", "userSourcedId", "role", "beginDate", "endDate"),
            enrollments,
        ),
        "academicSessions.csv": (sessions, _plain(found["academicSessions"], sessions)),
        "orgs.csv": (("sourcedId", "name"), _plain(found["orgs"], ("sourcedId", "name"))),
        "courses.csv": (("sourcedId", "title"), _plain(found["courses"], ("sourcedId", "title"))),
    }
    if roles:
        tables["roles.csv"] = (("userSourcedId", "role", "beginDate", "endDate", "orgSourcedId"), roles)
    return tables


def _plain(records: Iterable[Record], columns: Sequence[str]) -> Rows:
    return [tuple(_text(each.get(column)) for column in columns) for each in records]


def _listed(body: Any, envelope: str, what: str) -> list[Any]:
    """The records of a page; without its envelope it is no page."""
    if not isinstance(body, dict) or not isinstance(body.get(envelope), list):
        raise PullFailed("source_no_api", what)
    return list(body[envelope])


def _text(value: object) -> str:
    """A value as the CSV files have it: booleans in small letters, nothing as nothing."""
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _within(record: Record, *names: str) -> Record:
    for name in names:
        inner = record.get(name)
        record = inner if isinstance(inner, dict) else {}
    return record


def _many(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _ids(value: object) -> list[str]:
    return [text for text in map(_text, _many(value)) if text]


def _id_of(reference: object) -> str:
    """The id of what a record refers to."""
    return _text(reference.get("sourcedId")) if isinstance(reference, dict) else ""


def _zipped(tables: Mapping[str, tuple[Columns, Rows]]) -> bytes:
    """The tables as one zip: the same records, in whatever order they came, are the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        for name, (columns, rows) in sorted(tables.items()):
            member = zipfile.ZipInfo(name)  # of no time
            member.compress_type = zipfile.ZIP_DEFLATED
            with bundle.open(member, "w") as out, io.TextIOWrapper(out, "utf-8", newline="") as text:
                csv.writer(text).writerows(_sorted(columns, rows))
    return packed.getvalue()


def _sorted(columns: Columns, rows: Rows) -> Iterator[tuple[str, ...]]:
    yield columns
    yield from sorted(rows)
