"""Values of every setting: the outermost that are good, and the nearest that are not."""

from typing import Any

LONG_DOMAIN = "a." * 124 + "schoo"  # 253 characters

GOOD: dict[str, list[Any]] = {
    "$schema": ["", "./settings.schema.json"],
    "import_from": ["csv", "oneroster", "clever"],
    "username_from": ["username", "email", "email_local", "number", "id"],
    "schools": [[], ["North School"], ["c" * 200]],
    "roles": [["teacher"], ["aide", "teacher", "administrator", "proctor"]],
    "class_name": ["{title}", "{course} {number}", "{code}{period}{school}{term}{id}", "x" * 193 + "{title}"],
    "classes": [{}, {"include": ["Maths *"], "exclude": ["*"]}, {"rename": [{"from": "A *", "to": "B *"}]}],
    "extra_teachers": [
        [],
        [{"username": "snape", "classes": ["Potions"], "until": "2026-12-18"}],
        [{"username": "snape", "all_groups": True, "until": None}, {"username": "a", "classes": ["c" * 200]}],
    ],
    "exclude_users": [[], ["snape"], ["u" * 254]],
    "time_zone": ["UTC", "Europe/London", "America/Argentina/Buenos_Aires", "Etc/GMT+1"],
    "fetch_at": [None, 0, 23],
    "days_before": [0, 60],
    "days_after": [0, 60.0],
    "username": ["district", "email"],
    "email_domain": [None, "school.org", "a.bc", "Mail.St-Mary-s.sch.uk", "xn--schle-kva.de", LONG_DOMAIN],
    "all_groups_users": [
        [],
        ["snape"],
        [" Severus_Snape\u00a0"],
        ["snape@hogwarts.org", "zoë", "\U0001f9d9", "a!"],
        ["u" * 254],
        ["u"] * 1000,
    ],
    "restrict_customisation": [True, False],
    "basic_console_only": [True, False],
    "removals": ["apply", "keep"],
    "paused": [True, False],
    "pair_window_minutes": [0, 15, 5.0],
    "hold": [
        *({}, {"rows_rejected": {}}, {"groups_removed": {"count": 4}, "teachers_added": {"percent": 1}}),
        *({"group_shrank": True}, {"access_added": {"percent": 100}, "memberships_added": {"count": 1000}}),
    ],
    "reserved_classes": [[], ["Potions"], ["*", "!a", " 7b "], ["c" * 200], ["c"] * 1000],
    "placeholder_usernames": [[], ["-"], ["vacant", "*", "n/a"], ["u" * 254], ["u"] * 1000],
    "keep_days": [{}, {"memberships": 0}, {"memberships": 30, "rights": 30}],
    "review": ["guards", "always"],
    "school_year_starts": [None, "2026-09-01", "2024-02-29", "2099-12-31", "2000-02-29"],
}

NOT_NAMES = ["", " ", "\u200b\u00ad", "a\nb", "a\t", "\x7f", "a\x00", "\ud800", 1, None, ["a"], {}]

BAD: dict[str, list[Any]] = {
    "$schema": [None, 1],
    "import_from": ["CSV", "OneRoster", "xlsx", None, 1, ["csv"]],
    "username_from": ["Username", "", None, 1],
    "schools": ["North", None, {}, ["c"] * 1001, *(["ok", name] for name in [*NOT_NAMES, "c" * 201])],
    "roles": ["teacher", [], None, ["Teacher"], ["student"], ["teacher", None], [["teacher"]]],
    "class_name": ["", "Maths", "{name}", "{title", "title}", "{title} {", "{{title}}", "x" * 194 + "{title}", None, 1],
    "classes": [
        *(None, [], "Maths", {"only": []}, {"include": "Maths"}, {"exclude": [""]}, {"rename": {"a": "b"}}),
        *({"rename": [each]} for each in ("a", {}, {"from": "a"}, {"from": "a", "to": ""}, {"from": "a", "to": 1})),
        *({"rename": [{"from": "a", "to": "b", "x": 1}]}, {"include": ["t"] * 1001}),
    ],
    "extra_teachers": [
        *(None, {}, "snape", ["snape"], [{"classes": ["A"]}], [{"username": "a"}], [{"username": "a", "classes": []}]),
        *([{"username": "a", "all_groups": each}] for each in (False, 1, "true", None)),
        *([{"username": each, "all_groups": True}] for each in ("", "*", "!a", None)),
        *([{"username": "a", "classes": each}] for each in ("A", None, [""])),
        [{"username": "a", "all_groups": True, "until": "soon"}],
        [{"username": "a", "all_groups": True, "from": "2026-09-01"}],
        [{"username": "a", "all_groups": True}] * 1001,
    ],
    "exclude_users": ["snape", None, {}, ["ok", "*"], ["ok", ""]],
    "time_zone": ["", "utc", "London", "EST", "europe/london", "Europe/", "../UTC", "Europe/../UTC", None, 1, []],
    "fetch_at": [-1, 24, 0.5, True, "3", []],
    "days_before": [-1, 61, 0.5, True, "5", None],
    "days_after": [-1, 61, 0.5, False, "5", None],
    "username": ["District", "e-mail", "", None, True, {}],
    "email_domain": [
        *("", "@school.org", "a@school.org", "school", "school.", ".org", "a b.org", "a..org", "school.org\n", "a.b"),
        *("-a.org", "a-.org", "1.2.3.4", "schüle.de", f"{LONG_DOMAIN}l", "a" * 64 + ".org", 1, False, []),
    ],
    "all_groups_users": [
        *("snape", None, {}, ["u"] * 1001),
        *(["ok", name] for name in [*NOT_NAMES, "u" * 255, "*", "sn*pe", "!snape", " \u200b!snape"]),
    ],
    "restrict_customisation": [0, 1, "true", None, []],
    "basic_console_only": [0, 1, "false", None, {}],
    "removals": ["Apply", "none", "", None, False],
    "paused": [0, 1, "yes", None, []],
    "pair_window_minutes": [-1, 16, 0.5, True, "5", None, [5], 10**30, float("1e999")],
    "hold": [
        *(None, [], True, "off", {"half_removed": {}}, {"file_has_no_rows": {"count": 1}}),
        *({"group_shrank": None}, {"group_shrank": 1}, {"group_shrank": {}}, {"group_shrank": "true"}),
        *({"rows_rejected": bad} for bad in (None, False, 5, [5], {"count": 0}, {"percentage": 5}, {"percent": None})),
    ],
    "placeholder_usernames": ["vacant", None, {}, ["u"] * 1001, *(["ok", name] for name in [*NOT_NAMES, "u" * 255])],
    "keep_days": [None, 3, [], {"memberships": 31}, {"rights": -1}, {"rights": True}, {"groups": 1}, {"rights": "3"}],
    "review": ["Always", "", None, True],
    "school_year_starts": [
        *(
            "",
            "1 September",
            "2026-9-1",
            "20260901",
            "2026-W36-2",
            "2026-09-31",
            "2023-02-29",
            "2100-02-29",
            "1999-09-01",
        ),
        *("2026-13-01", "2026-00-10", "2026-09-01T00:00", "2026-09-01\n", 20260901, True, [], {}),
    ],
    "reserved_classes": ["Potions", None, {}, ["c"] * 1001, *(["ok", name] for name in [*NOT_NAMES, "c" * 201])],
}
