"""Data of every view, as `show_reports` reads them, and pages by name."""

from typing import Any

from roster.delta import Change
from roster.difference import of_changes
from roster.model import Group, Right

AT = "2026-09-15T08:00:00+00:00"
ENDPOINTS = (
    "arn:aws:lambda:eu-west-2:123456789012:function:sis-show-reports",
    "arn:aws:lambda:eu-west-2:123456789012:function:sis-manage-site",
)

# What an attacker, or a school, may have written into a CSV file.
NASTY = [
    "<img src=x onerror=alert(1)>",
    "</cwdb-action><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>",
    "<!--",
    "]]>",
    "&lt;b&gt;&amp;",
    "=cmd()|' /C calc'!A0",
    "{{constructor}}${7*7}",
    "[bold red]rich[/]",
    "\u202egnp.exe",
    "\u2066\u2067x\u2069",
    "عمر",
    "日本語",
    "\U0001f9d9" * 40,
    "a" * 254,
    "x\x00\x1b[31m\r\n\ty",
    "\\u003c\\",
    "\ud800",
]


def report(number: int = 14, status: str = "ok_with_warnings", **more: Any) -> dict[str, Any]:
    """A report of an import that made version `number`."""
    return {
        "site": "hogwarts",
        "import": f"202609{number:02}T020500Z-{number:06}",
        "status": status,
        "reason": None,
        "pair": {
            "students.csv": {"version_id": "v2", "uploaded_at": "2026-09-14T02:01:00+00:00", "bytes": 1234567},
            "teachers.csv": {"version_id": "v1", "uploaded_at": "2026-09-14T02:00:00+00:00", "bytes": 5120},
        },
        "counts": {
            "rows_read": 11800 + number,
            "rows_rejected": number % 4,
            "groups": 412,
            "members": 1480,
            "memberships": 10400,
            "teachers": 96,
        },
        "changes": {"groups_created": 2, "members_created": 30, "members_removed": 14, "rights_changed": 2},
        "notices": {
            "class_without_students": {"severity": "warning", "total": 4},
            "class_without_teacher": {"severity": "info", "total": 9},
            "field_count": {"severity": "error", "total": 2},
        },
        "kept": 3,
        "held": [],
        "notices_truncated": False,
        "base_version": number - 1,
        "version": number,
        "milliseconds": {"fetch": 120, "plan": 210, "store": 90, "settle": 14, "project": 240},
        "ended_at": f"2026-09-{number:02}T02:05:07+00:00",
    } | more


def held_report(**more: Any) -> dict[str, Any]:
    """A report of an import that waits for approval."""
    reasons: list[dict[str, Any]] = [
        {"code": "teachers_removed", "number": 31, "of": 96, "file": None},
        {"code": "rows_rejected", "number": 1200, "of": 9000, "file": "students.csv"},
    ]
    plan = {"manifest_sha256": "ab" * 32, "expires_at": "2026-09-16T02:05:07+00:00"}
    about = {"version": 14, "base_version": 14, "held": reasons, "plan": plan, "reason": "teachers_removed"}
    return report(15, "held", **about | more)


PEOPLE = {
    "pupils_stay": 600,
    "pupils_come": 150,
    "pupils_go": 150,
    "teachers_stay": 54,
    "teachers_come": 8,
    "teachers_go": 6,
    "new_school_year": True,
}


def difference(names: list[str], groups: int = 3) -> dict[str, Any]:
    """What a held import would change, for people of these names: everybody was elsewhere before."""
    old = [Group(f"g{n:03}", f"7X/{n}", tuple(names)) for n in range(groups)]
    new = [Group(f"h{n:03}", f"8X/{n}", tuple(names)) for n in range(groups)]
    gone = Right("a", f"{names[0]} went", tuple(group.name for group in old), (), False, False)
    came = Right("b", f"{names[0]} came", (), (names[-1],), False, True)
    moved = [Right("c", names[0], tuple(each.name for each in those), (), False, False) for those in (old, new)]
    changes = [
        *(Change(group, None) for group in old),
        *(Change(None, group) for group in new),
        Change(gone, None),
        Change(None, came),
        Change(*moved),
    ]
    return of_changes(changes).as_dict()


def failed_report(**more: Any) -> dict[str, Any]:
    """A report of an import of which a file could not be read."""
    counts = dict.fromkeys(("groups", "members", "memberships", "teachers"), 0) | {"rows_read": 96, "rows_rejected": 0}
    about = {"reason": "not_utf8", "place": "students.csv, row 3", "version": 14, "base_version": 14, "changes": {}}
    return report(15, "failed", **about | {"counts": counts} | more)


def refusal(**more: Any) -> dict[str, Any]:
    """A report of an upload that no import reads."""
    about = {"site": "hogwarts", "import": "20260915T020500Z-abcd1234", "status": "failed"}
    why = {"reason": "file_name_unexpected", "file": "Students.csv", "ended_at": "2026-09-15T02:05:07+00:00"}
    return about | why | more


def running_report(**more: Any) -> dict[str, Any]:
    """A report of an import that has begun."""
    about = {"site": "hogwarts", "import": "20260915T075900Z-000016", "status": "fetching"}
    return about | {"pair": {"teachers.csv": {"version_id": "x"}}} | more


SETTINGS: dict[str, Any] = {
    "username": "email",
    "email_domain": "school.org",
    "all_groups_users": ["Minerva_McGonagall", "Albus_Dumbledore"],
    "restrict_customisation": True,
    "basic_console_only": True,
    "removals": "apply",
    "paused": False,
    "pair_window_minutes": 5,
    "hold": {},
    "reserved_classes": [],
    "import_from": "csv",
}


def server(name: str, state: str, applied: int | None, seen: str | None, **reported: Any) -> dict[str, Any]:
    """An Impero server as a site's page has it; with `reported`, one that has sent a report."""
    report = {"agent": "1.4.0", "outcome": "applied", "held": False, "version": applied, **reported} if reported else {}
    about = {"applied_version": applied, "applied_manifest": "", "last_seen": seen, "differs": False}
    return {"server": name, "state": state, **about, "reported_at": seen if report else None, "report": report}


def site(**more: Any) -> dict[str, Any]:
    """The data of a site's page."""
    return {
        "view": "site",
        "at": AT,
        "site": "hogwarts",
        "version": 14,
        "published_at": "2026-09-14T02:05:07+00:00",
        "paused": False,
        "stale_since": "",
        "waiting": None,
        "settings": SETTINGS,
        "imports": [report(number) for number in (14, 13, 12)],
        "servers": [
            server("srv-01", "applied", 14, "2026-09-15T07:58:00+00:00", clock_offset=-2),
            server("srv-02", "behind", 12, "2026-09-15T07:10:00+00:00", outcome="held", held=True, clock_offset=780),
            server("srv-03", "silent", None, None),
            server("srv-04", "behind", 14, "2026-09-15T07:59:00+00:00", clock_offset=-315_360_000) | {"differs": True},
        ],
        "held": None,
    } | more


def overview_row(name: str = "hogwarts", **more: Any) -> dict[str, Any]:
    """A site as the overview lists it."""
    return {
        "site": name,
        "status": "ok",
        "import": "20260915T020500Z-000014",
        "last_import_at": "2026-09-15T02:05:07+00:00",
        "version": 14,
        "counts": {"groups": 412, "members": 1480, "memberships": 10400, "teachers": 96},
        "paused": False,
        "held": "",
        "stale_since": "",
        "servers": {"applied": 2, "behind": 1, "silent": 1},
    } | more


def overview(sites: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The data of the overview."""
    about = {"total": len(sites), "matching": len(sites), "page": 1, "pages": 1, "search": "", "sort": "status"}
    return {"view": "overview", "at": AT, "sites": sites, **about} | more


def import_(said: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The data of an import's page."""
    about = {"findings": [], "findings_total": 0, "page": 1, "pages": 1, "link": None}
    return {"view": "import", "at": AT, "site": "hogwarts", "report": said, **about} | more


def right(username: str, **more: Any) -> dict[str, Any]:
    """A teacher's console access."""
    return {
        "username": username,
        "groups": ["Potions"],
        "pending": [],
        "all_groups": False,
        "basic_console_only": True,
    } | more


def console(rights: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The data of the console access list."""
    about = {"total": len(rights), "matching": len(rights), "page": 1, "pages": 1, "search": ""}
    return {"view": "console", "at": AT, "site": "hogwarts", "rights": rights, **about} | more


def group(name: str, members: list[str], teachers: list[str], **more: Any) -> dict[str, Any]:
    """The data of a group's page."""
    shown = {"name": name, "members": members, "total": len(members)}
    about = {"name": name, "group": shown, "teachers": teachers, "page": 1, "pages": 1}
    return {"view": "group", "at": AT, "site": "hogwarts", **about} | more


def user(name: str, access: dict[str, Any] | None, member_of: list[str]) -> dict[str, Any]:
    """The data of a user's page."""
    return {"view": "user", "at": AT, "site": "hogwarts", "name": name, "console": access, "member_of": member_of}


KEPT = {
    "facts": 25,
    "until": "2026-09-28T02:05:07+00:00",
    "rows": [{"file": "students.csv", "row": 7483, "facts": 25, "until": "2026-09-28T02:05:07+00:00"}],
}
KEEPING: dict[str, Any] = {"kept": 25, "kept_until": KEPT["until"], "kept_rows": KEPT["rows"]}
BAD_SETTINGS: dict[str, Any] = {
    "reason": "settings_invalid",
    "file": "settings.json",
    "problems": [{"path": "/paused", "message": "This is text; write true or false, without quotes."}],
}
OUTSIDE = [
    {"folder": "Lakeside/", "count": 3, "last_at": AT, "like": "lakeside"},
    {"folder": "", "count": 1, "last_at": AT, "like": None},
]

FINDING = {"severity": "error", "code": "field_count", "file": "students.csv", "row": 3, "column": None}

EVERY: dict[str, dict[str, Any]] = {
    "overview": overview([overview_row(), overview_row("durmstrang", status="failed", paused=True, stale_since=AT)]),
    "overview, with uploads outside": overview(
        [
            overview_row("lakeside", status="no_change", rejected=12, kept=25),
            overview_row("lakesid", status="held", version=0, added=False),
        ],
        outside=OUTSIDE,
    ),
    "overview, searched": overview([], search="beaux", total=5),
    "overview, page 2": overview([overview_row()], page=2, pages=20, total=500, matching=500),
    "site": site(),
    "site, new": site(version=0, published_at=None, imports=[], servers=[], settings={}),
    "site, running": site(imports=[running_report(), report()]),
    "site, held": site(imports=[held_report(), report()], held=held_report()),
    "site, failed": site(imports=[failed_report(), report()]),
    "site, a file refused": site(imports=[refusal(), report(14, "ok")]),
    "site, paused": site(paused=True, waiting={"paused": True, "since": AT}),
    "site, paused by its settings": site(paused=True, settings=SETTINGS | {"paused": True}),
    "site, waiting": site(waiting={"file": "teachers.csv", "missing": "students.csv", "since": AT, "until": AT}),
    "site, waiting for ever": site(waiting={"file": "teachers.csv", "missing": "students.csv", "since": AT}),
    "site, stale": site(stale_since="2026-09-11T02:00:00+00:00"),
    "site, new and not added": site(version=0, added=False, imports=[held_report()], held=held_report()),
    "site, with rows still rejected": site(imports=[report(14, "no_change", **KEEPING)], rejected=12, kept=KEPT),
    "site, with ignored uploads": site(
        ignored={
            "total": 41,
            "names": [
                {"name": ".DS_Store", "count": 40, "last_at": "2026-09-15T07:00:00+00:00", "like": None},
                {"name": "students.csv.filepart", "count": 1, "last_at": AT, "like": "students.csv"},
            ],
        }
    ),
    "site, with bad settings": site(
        imports=[refusal(**BAD_SETTINGS), report(14, "ok")], settings_problem=refusal(**BAD_SETTINGS)
    ),
    "site, with good settings again": site(imports=[refusal(**BAD_SETTINGS), report(14, "ok")], settings_problem=None),
    "import": import_(
        report(notices_truncated=True),
        findings=[FINDING],
        findings_total=2345,
        pages=24,
        link="https://results.s3.amazonaws.com/n.csv?X-Amz-Signature=a&b=1",
    ),
    "overview, held": overview(
        [overview_row(status="held", held="x"), overview_row("north", status="held", held="y")],
        status="held",
        states={"held": 2, "ok": 40, "stale": 1},
        total=42,
    ),
    "import, held": import_(held_report(people=PEOPLE), difference=difference(["Harry_Potter", "Ron_Weasley"])),
    "import, groups that shrank": import_(
        report(notices={"group_shrank": {"severity": "warning", "total": 1}}),
        findings=[
            {"severity": "warning", "code": "group_shrank", "file": "students.csv", "row": None, "column": None}
            | {"class": "7X/Ma1", "said": "from 30 to 4, 3 of them stayed"}
        ],
        findings_total=1,
    ),
    "import, running": import_(running_report()),
    "import, rolled back": import_(report(reason="rolled_back", rolled_back_to=3, rolled_back_by="arn:aws:iam::1:a")),
    "import, superseded": import_(report(status="superseded", superseded_by="20260915T020500Z-000015")),
    "import of settings": import_(
        {
            "site": "hogwarts",
            "import": "20260915T020500Z-abcd1234",
            "status": "failed",
            "reason": "settings_invalid",
            "file": "settings.json",
            "problems": [{"path": "/paused", "message": "This is text; write true or false, without quotes."}],
        }
    ),
    "console": console([right("Severus_Snape"), right("Minerva", all_groups=True, pending=["Flying"])], pages=2),
    "console, searched": console([], search="zz", total=4),
    "group": group("Potions", ["Harry_Potter", "Ron_Weasley"], ["Severus_Snape"]),
    "groups": {
        "view": "groups",
        "at": AT,
        "site": "hogwarts",
        "page": 1,
        "pages": 2,
        "search": "",
        "total": 2,
        "matching": 2,
        "see_all": 1,
        "groups": [
            {"name": "Potions", "members": 31, "teachers": ["Severus_Snape"]},
            {"name": "Flying", "members": 20, "teachers": []},
        ],
    },
    "user, unknown": user("Nobody", None, []),
    "group, unknown": group("Nothing", [], [], group=None),
    "user": user("snape", right("Severus_Snape", pending=["Flying"]), []),
    "user, student": user("Harry_Potter", None, ["Potions", "Dark Arts"]),
    "problem": {"view": "problem", "at": AT, "message": "There is no such import."},
    "done": {"view": "done", "at": AT, "site": "hogwarts", "ok": True, "message": "The import was ordered."},
    "refused": {"view": "done", "at": AT, "site": "hogwarts", "ok": False, "message": "Not held any more."},
}
