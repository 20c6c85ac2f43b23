"""Rows and rosters for property tests: few names in several spellings, so that they meet each other."""

from hypothesis import strategies as st

from roster.model import Roster
from roster.settings import Settings
from tests.unit.roster.samples import plan, roster_of

usernames = st.sampled_from(
    [
        "harry",
        "Harry",
        "HARRY",
        "ron",
        "Ron",
        "luna",
        "zoë",
        "Zoë",
        "snape",
        "Snape",
        "hooch",
        '"o""h"',
        "x@y",
        "*",
        "_",
    ]
)
classes = st.sampled_from(
    ["a", "A", "b", "B", "Dark Arts", "dark arts", "ß", "SS", "日本", "sound muted", "", "\U0001f9d9"]
)
some_rows = st.lists(st.tuples(usernames, classes).map(",".join), max_size=14)
some_settings = st.builds(
    lambda **chosen: Settings(**chosen),  # Settings itself, a named tuple, would have every field filled
    all_groups_users=st.sampled_from([(), ("snape",), ("HARRY", "hooch"), ("nobody",)]),
    restrict_customisation=st.booleans(),
    basic_console_only=st.booleans(),
)


def _roster(students: list[str], teachers: list[str], settings: Settings) -> Roster:
    return roster_of(plan(students, teachers, settings))


some_rosters = st.builds(_roster, some_rows, some_rows, some_settings)
