"""The reports log of the deployed stack: every event in it, whatever tests ran before, is what CloudWatch can count."""

import json

from local.cloud import Cloud
from local.deployment import STACK_NAME
from roster.log_events import METRICS, NAMESPACE
from tests.deployed import SEED, Site, client, event, function, invoke, log_events

# An event larger than this is cut in two, and neither half counts.
EVENT_BYTES = 200_000


def test_every_event_of_the_reports_log_should_parse_and_have_its_metrics(school: Site, cloud: Cloud) -> None:
    school.publish(SEED)
    invoke(cloud, "WatchFleetFunction", event("watch_fleet/hourly"))
    kinds = set()
    for group, message in log_events(cloud):
        if group != function(cloud, "ReportsLogs"):
            continue
        assert len(message.encode()) < EVENT_BYTES
        told = json.loads(message)
        kinds.add(told["message"])
        if told["message"] not in METRICS:
            assert "_aws" not in told
            continue
        (described,) = told["_aws"]["CloudWatchMetrics"]
        assert (described["Namespace"], described["Dimensions"]) == (f"{NAMESPACE}/{STACK_NAME}", [[]])
        assert {metric["Name"]: metric["Unit"] for metric in described["Metrics"]} == METRICS[told["message"]]
        assert all(type(told[name]) in (int, float) for name in METRICS[told["message"]]), told["message"]
        assert len(str(told["_aws"]["Timestamp"])) == len("1795392000000")
    assert {"import_report", "fleet_report"} <= kinds


def test_should_keep_reports_apart_from_the_functions_own_logs(school: Site, cloud: Cloud) -> None:
    school.publish(SEED)
    own = [message for group, message in log_events(cloud) if group == function(cloud, "ImportPairLogs")]
    assert [message for message in own if "import_ended" in message]
    assert not [message for message in own if '"_aws":' in message]
    (found,) = client(cloud, "logs").describe_log_groups(logGroupNamePrefix=function(cloud, "ReportsLogs"))["logGroups"]
    assert found["retentionInDays"] == 400
