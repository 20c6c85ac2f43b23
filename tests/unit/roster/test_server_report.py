"""A server's report is codes, numbers and digests; whatever else it holds is refused or left out, and never quoted."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.server_report import BadReport, ServerReport, read_report

NOW = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
REPORT = {
    "version": 14,
    "epoch": 1,
    "manifest_sha256": DIGEST,
    "files": {"students.csv": DIGEST},
    "outcome": "applied",
    "agent": "0.1.0",
    "clock": "2026-09-01T07:00:00+00:00",
    "held": False,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def read(**changed: Any) -> ServerReport:
    return read_report(json.dumps(REPORT | changed).encode(), NOW)


def test_should_keep_a_report_as_it_was_sent_except_for_the_clock() -> None:
    kept = {name: value for name, value in REPORT.items() if name != "clock"}
    assert read() == kept | {"clock_offset": 0}


@pytest.mark.parametrize(
    ("clock", "offset"),
    [
        ("2026-09-01T07:13:00+00:00", 780),
        ("2026-09-01T08:00:00+01:00", 0),
        ("2026-09-01T06:59:58.6Z", -1),
        ("2016-09-01T07:00:00Z", -int(timedelta(days=3652).total_seconds())),
        ("0001-01-01T00:00:00+14:00", -int((NOW - datetime(1, 1, 1, tzinfo=UTC)).total_seconds()) - 14 * 3600),
    ],
)
def test_should_keep_how_far_a_clock_is_ahead(clock: str, offset: int) -> None:
    assert read(clock=clock)["clock_offset"] == offset


def test_should_leave_out_what_a_newer_agent_adds() -> None:
    assert read(user="Harry_Potter") == read()


@given(st.sampled_from(sorted(REPORT)), ANYTHING)
def test_should_take_or_refuse_any_value(field: str, value: Any) -> None:
    with suppress(BadReport):
        assert read(**{field: value}).keys() == read().keys()


@pytest.mark.parametrize("field", sorted(REPORT))
def test_should_not_quote_what_is_refused(field: str) -> None:
    with pytest.raises(BadReport) as refused:
        read(**{field: "Harry Potter"})
    assert "Harry" not in str(refused.value)


@given(st.binary(max_size=200))
def test_should_read_or_refuse_any_bytes(data: bytes) -> None:
    with suppress(BadReport):
        read_report(data, NOW)
