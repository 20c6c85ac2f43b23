"""The cost of reports in the docs is the cost that is computed, from what the code writes and the template deploys."""

import pytest

from benchmarks import herd, reports_cost
from roster.log_events import NOTICES_TOLD
from tests.translated import ROOT, of_type, properties, translated
from tests.watching_rules import measured_by, metric_alarms

PAGE = (ROOT / "docs" / "cost-of-reports.md").read_text(encoding="utf-8")


def test_the_page_should_have_the_figures_that_are_computed() -> None:
    assert f"\n{reports_cost.page()}\n" in PAGE


def test_the_page_should_have_other_figures_when_prices_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reports_cost.DOLLARS, "GB of logs taken in", 0.57)
    assert reports_cost.page() not in PAGE


def test_what_is_charged_for_should_be_what_is_deployed() -> None:
    template = translated()
    alarms = metric_alarms(template).values()
    assert sum(len(measured_by(template, alarm)) for alarm in alarms) == reports_cost.ALARMED_METRICS
    assert len(of_type(template, "AWS::CloudWatch::CompositeAlarm")) == 1
    assert len(of_type(template, "AWS::CloudWatch::Dashboard")) == 1
    assert properties(template, "ReportsLogs")["RetentionInDays"] == reports_cost.KEPT_DAYS


def test_the_page_about_deploying_should_say_what_a_stack_costs_at_least() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert f"two keys | {reports_cost.floor():.2f} |" in page
    for seconds in (300, 900):
        assert f"every {seconds} s | {herd.monthly_dollars(seconds, servers=1):.3f} |" in page


def test_an_import_should_never_tell_more_than_its_report_and_a_thousand_findings() -> None:
    most = reports_cost.most_that_is_told()
    assert most.events == 1 + NOTICES_TOLD
    assert reports_cost.night_of_a_school().events < most.events


def test_metrics_and_alarms_should_cost_the_same_for_any_number_of_sites() -> None:
    few, many = ({each.what: each.dollars for each in reports_cost.monthly(sites)} for sites in (1, reports_cost.SITES))
    for what in ("metrics", "alarms", "dashboard"):
        assert few[what] == many[what]
    assert few["events of imports, taken in"] * reports_cost.SITES == pytest.approx(many["events of imports, taken in"])
