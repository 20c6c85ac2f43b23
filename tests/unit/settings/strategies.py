"""Documents for property tests: good ones, and ones that are good, nearly good, or anything at all."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.unit.settings.samples import BAD, GOOD

_names = st.text(min_size=1, max_size=8).map(lambda text: f"n{text}").filter(str.isprintable)

_good_limits = st.fixed_dictionaries(
    {},
    optional={
        "students_as_teachers": st.fixed_dictionaries(
            {}, optional={"count": st.integers(1, 50), "percent": st.integers(1, 50)}
        ),
        "rows_rejected": st.fixed_dictionaries({}, optional={"percent": st.integers(0, 25)}),
        "memberships_removed": st.fixed_dictionaries(
            {}, optional={"count": st.integers(0, 1000), "percent": st.integers(0, 50)}
        ),
        **{
            guard: st.fixed_dictionaries({}, optional={"count": st.integers(0, 100), "percent": st.integers(0, 50)})
            for guard in ("teachers_removed", "groups_removed", "teachers_added", "rights_changed")
        },
        **{
            guard: st.fixed_dictionaries({}, optional={"count": st.integers(0, 1000), "percent": st.integers(0, 100)})
            for guard in ("access_added", "memberships_added")
        },
        "group_shrank": st.booleans(),
        "classes_unmatched": st.fixed_dictionaries({}, optional={"percent": st.integers(0, 50)}),
    },
)

_good: dict[str, st.SearchStrategy[Any]] = {name: st.sampled_from(values) for name, values in GOOD.items()} | {
    "all_groups_users": st.lists(_names.filter(lambda name: "*" not in name), max_size=4),
    "reserved_classes": st.lists(_names, max_size=4),
    "placeholder_usernames": st.lists(_names, max_size=4),
    "keep_days": st.fixed_dictionaries({}, optional={"memberships": st.integers(0, 30), "rights": st.integers(0, 30)}),
    "school_year_starts": st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(date.isoformat),
    "pair_window_minutes": st.integers(0, 15),
    "hold": _good_limits,
}
good_documents = st.fixed_dictionaries({}, optional=_good)

_scalars = st.none() | st.booleans() | st.integers(-2, 2000) | st.floats(-2, 2000) | st.text(max_size=5)
_anything = st.recursive(
    _scalars, lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3)
)
_parts = st.fixed_dictionaries({}, optional=dict.fromkeys(("count", "percent", "Count"), _scalars))
_guards = ("students_as_teachers", "rows_rejected", "memberships_removed", "access_added", "classes_unmatched", "off")
_limits = st.fixed_dictionaries({}, optional=dict.fromkeys(_guards, _parts | _anything))
_nearly = {
    name: st.sampled_from(BAD[name]) | _good[name] | st.lists(st.text(max_size=4), max_size=3) | _anything
    for name in _good
} | {"hold": _limits | _good_limits | _anything}
any_documents = (
    st.fixed_dictionaries({}, optional={**_nearly, "Paused": _anything, "zzz": _anything}) | good_documents | _anything
)
