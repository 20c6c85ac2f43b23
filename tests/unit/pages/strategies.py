"""Rosters' names, and views of them, for property tests: any text at all, the nasty ones often."""

from typing import Any

from hypothesis import strategies as st

from roster.notices import catalogue
from roster_pages.wording import GUARDS, REASONS, STATUSES
from tests.unit.pages import samples

names = st.sampled_from(samples.NASTY) | st.text(min_size=1, max_size=30)
_some_names = st.lists(names, max_size=4)
_numbers = st.integers(0, 10**7)
_times = st.sampled_from([samples.AT, "2026-09-15T09:59:59+02:00", "2020-01-01T00:00:00+00:00", "", "not a time"])

_rights = st.builds(
    lambda username, **more: samples.right(username, **more),
    names,
    groups=_some_names,
    pending=_some_names,
    all_groups=st.booleans(),
    basic_console_only=st.booleans(),
)
_notices = st.dictionaries(
    st.sampled_from([notice.code for notice in catalogue()]) | names,
    st.fixed_dictionaries({"severity": st.sampled_from(["error", "warning", "info"]), "total": _numbers}),
    max_size=4,
)
_held = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(list(GUARDS)),
            "number": _numbers,
            "of": _numbers,
            "file": st.sampled_from([None, "teachers.csv"]),
        },
        optional={
            "what": st.sampled_from([None, "pairs", "all groups", "either"]),
            "since": st.none() | _numbers,
            "rows": st.lists(_numbers, max_size=7),
            "like": st.none() | names,
        },
    ),
    max_size=3,
)
_counts = st.fixed_dictionaries(
    dict.fromkeys(("rows_read", "rows_rejected", "groups", "members", "memberships", "teachers"), _numbers)
)
_parts: dict[str, st.SearchStrategy[Any]] = {
    "reason": st.none() | st.sampled_from(list(REASONS)) | names,
    "file": names,
    "pair": st.dictionaries(names, st.fixed_dictionaries({}, optional={"bytes": _numbers, "uploaded_at": _times})),
    "counts": _counts,
    "changes": st.dictionaries(st.sampled_from(["groups_created", "members_removed"]), _numbers),
    "notices": _notices,
    "kept": _numbers,
    "kept_until": _times,
    "kept_ended": _numbers,
    "kept_rows": st.lists(
        st.fixed_dictionaries({"file": names, "row": _numbers, "facts": _numbers, "until": _times}), max_size=2
    ),
    "people": st.fixed_dictionaries(dict.fromkeys(samples.PEOPLE, _numbers)),
    "held": _held,
    "notices_truncated": st.booleans(),
    "base_version": _numbers,
    "version": _numbers,
    "milliseconds": st.dictionaries(st.sampled_from(["fetch", "plan", "store"]), _numbers),
    "ended_at": _times,
    "approved_by": names,
    "plan": st.fixed_dictionaries({"manifest_sha256": st.just("ab" * 32), "expires_at": _times}),
    "problems": st.lists(st.fixed_dictionaries({"path": names, "message": names}), max_size=3),
    "outcome": st.sampled_from(list(STATUSES)),
}
reports = st.fixed_dictionaries(
    {
        "site": st.just("hogwarts"),
        "import": st.sampled_from(["20260914T020500Z-000014", "20269999T999999Z-1", "x"]),
        "status": st.sampled_from(list(STATUSES)),
    },
    optional=_parts,
)
_findings = st.fixed_dictionaries(
    {
        "severity": st.sampled_from(["error", "warning", "info"]),
        "code": st.sampled_from([notice.code for notice in catalogue()]),
        "file": st.none() | names,
        "row": st.none() | _numbers,
        "column": st.none() | names,
    },
    optional={"class": names, "said": names},
)
_links = st.sampled_from([None, "https://a/b?c=d&e=f", 'https://a/"><script>', "javascript:alert(1)", "data:,x"])

views: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(samples.console, st.lists(_rights, max_size=4), search=names, pages=st.integers(1, 3)),
    st.builds(samples.group, names, _some_names, _some_names),
    st.builds(samples.user, names, st.none() | _rights, _some_names),
    st.builds(
        samples.import_,
        reports,
        findings=st.lists(_findings, max_size=3),
        findings_total=_numbers,
        link=_links,
        difference=st.none() | st.lists(names, min_size=1, max_size=3).map(samples.difference),
    ),
    st.builds(
        samples.site,
        imports=st.lists(reports, max_size=3),
        held=st.none() | reports,
        version=st.integers(0, 10**7),
        paused=st.booleans(),
        settings=_some_names.map(lambda users: samples.SETTINGS | {"all_groups_users": users}),
        stale_since=_times,
        added=st.booleans(),
        rejected=_numbers,
        kept=st.none() | st.fixed_dictionaries({"facts": _numbers, "until": _times, "rows": st.just([])}),
        ignored=st.lists(
            st.fixed_dictionaries({"name": names, "count": _numbers, "last_at": _times, "like": st.none() | names}),
            max_size=2,
        ).map(lambda each: {"total": len(each), "names": each}),
        settings_problem=st.none() | reports,
    ),
    st.builds(
        lambda rows, search, outside: samples.overview(rows, search=search, outside=outside),
        st.lists(st.builds(samples.overview_row, names, status=st.sampled_from(list(STATUSES)) | names), max_size=3),
        names,
        st.lists(st.fixed_dictionaries({"folder": names, "count": _numbers, "like": st.none() | names}), max_size=2),
    ),
    st.builds(lambda message: {"view": "problem", "at": samples.AT, "message": message}, names),
)
