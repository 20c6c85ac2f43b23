"""What no linter knows of the dashboard in template.yaml, a text to CloudFormation: its widgets, metrics and queries.

In: a translated template. Out of each rule: what is wrong with it, one sentence per finding, nothing when all is well.
`tests/unit/test_dashboard.py` applies them, and proves of each that it notices a spoiled template.
"""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from roster.log_events import METRICS
from roster.pair import is_site
from tests.translated import PSEUDO, Template, of_type, properties, resolve
from tests.watching_rules import NAMESPACE, Metric, alarm_names, alarmed

#: The width of a dashboard.
COLUMNS = 24
REGION = PSEUDO["AWS::Region"]
EMITTED = {name for metrics in METRICS.values() for name in metrics}


def dashboard(template: Template) -> dict[str, Any]:
    """The dashboard's body, as CloudWatch reads it."""
    body: dict[str, Any] = json.loads(resolve(template, properties(template, "Dashboard")["DashboardBody"]))
    return body


def widgets(template: Template, kind: str) -> list[dict[str, Any]]:
    return [widget["properties"] for widget in dashboard(template)["widgets"] if widget["type"] == kind]


def metrics_shown(template: Template) -> Iterator[Metric]:
    for widget in widgets(template, "metric"):
        for namespace, name, *more in widget["metrics"]:
            yield namespace, name, tuple(each for each in more if isinstance(each, str))


def the_dashboard_fits_its_grid(template: Template) -> list[str]:
    wrong: list[str] = []
    taken: dict[tuple[int, int], int] = {}
    for number, widget in enumerate(dashboard(template)["widgets"]):
        right, height = widget["x"] + widget["width"], widget["height"]
        if widget["x"] < 0 or right > COLUMNS or min(widget["width"], height) < 1:
            wrong.append(f"widget {number} is not within {COLUMNS} columns")
        for cell in itertools.product(range(widget["x"], right), range(widget["y"], widget["y"] + height)):
            if taken.setdefault(cell, number) != number:
                wrong.append(f"widgets {taken[cell]} and {number} lie on each other")
                break
    return wrong


def the_dashboard_has_all_parts(template: Template) -> list[str]:
    kinds = [widget["type"] for widget in dashboard(template)["widgets"]]
    wrong = [f"not what we know: {kind}" for kind in set(kinds) ^ {"text", "alarm", "custom", "metric", "log"}]
    wrong += [f"not one {kind}" for kind in ("text", "alarm", "custom") if kinds.count(kind) != 1]
    for widget in widgets(template, "custom"):
        if widget["endpoint"] != resolve(template, {"Fn::GetAtt": ["ShowReportsFunction", "Arn"]}):
            wrong.append("another function than the widget's is in the centre")
        if widget["params"].get("view") != "overview" or not widget["updateOn"]["refresh"]:
            wrong.append("the widget does not open, and stay, at the overview")
    for widget in widgets(template, "metric") + widgets(template, "log"):
        if widget["region"] != REGION or not widget["title"]:
            wrong.append(f"{widget['title']}: of another region, or without a title")
    percentiles = {
        more["stat"]
        for widget in widgets(template, "metric")
        for *metric, more in widget["metrics"]
        if metric == [NAMESPACE, "ImportMilliseconds"]
    }
    return wrong if percentiles == {"p50", "p99"} else [*wrong, "it does not show how long imports take"]


def the_dashboard_shows_every_alarm(template: Template) -> list[str]:
    account = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:"
    (shown,) = ({arn.removeprefix(account) for arn in widget["alarms"]} for widget in widgets(template, "alarm"))
    wrong = [f"there is no alarm {name}, or it is not shown" for name in shown ^ alarm_names(template)]
    (runbook,) = (widget["markdown"] for widget in widgets(template, "text"))
    explained = set(re.findall(r"^ ?\| ([a-z-]+) \|", runbook, re.MULTILINE)) - {"---"}
    short = {name.removeprefix("sample-") for name in alarm_names(template)}
    wrong += [f"the runbook and the alarms differ in {name}" for name in explained ^ short]
    return wrong if "Allow always" in runbook else [*wrong, "nobody is told how to let the widget run"]


def metrics_are_those_that_the_code_tells(template: Template) -> list[str]:
    seen = set(metrics_shown(template))
    looked_at = alarmed(template).keys()
    ours = {name for namespace, name, _ in seen | looked_at if namespace == NAMESPACE}
    wrong = [f"nobody tells {name}" for name in ours - EMITTED]
    wrong += [f"{name} is neither shown nor watched" for name in EMITTED - ours]
    wrong += [f"{name} has no dimensions" for namespace, name, more in seen if namespace == NAMESPACE and more]
    return wrong + [f"an alarm looks at {name}, which nobody sees" for _, name, _ in looked_at - seen]


def metrics_of_aws_are_of_our_resources(template: Template) -> list[str]:
    functions = {resolve(template, {"Ref": name}) for name in of_type(template, "AWS::Lambda::Function")}
    queues = {resolve(template, {"Ref": name}) for name in of_type(template, "AWS::SQS::Queue")}
    feeds = {resolve(template, {"Ref": name}) for name in of_type(template, "AWS::ApiGatewayV2::Api")}
    known = {
        **{("AWS/Lambda", name): ("FunctionName", functions) for name in ("Duration", "Errors", "Throttles")},
        **{("AWS/ApiGateway", name): ("ApiId", feeds) for name in ("Count", "5xx")},
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ("QueueName", queues),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("QueueName", queues),
    }
    wrong = []
    for namespace, name, more in {*metrics_shown(template), *alarmed(template)}:
        if namespace == NAMESPACE:
            continue
        dimension, ours = known.get((namespace, name), ("", set()))
        if len(more) != 2 or more[0] != dimension or more[1] not in ours:
            wrong.append(f"{namespace} {name} {more} is nothing of ours")
    return wrong


# Queries


def queries(template: Template) -> dict[str, str]:
    """Every query, saved or in a widget, under its name; without where it looks."""
    found = {}
    groups = {resolve(template, {"Ref": "ReportsLogs"})}
    for widget in widgets(template, "log"):
        source, found[widget["title"]] = widget["query"].split("|", 1)
        if re.findall(r"'([^']+)'", source) != [*groups]:
            found[widget["title"]] = ""
    for name, saved in of_type(template, "AWS::Logs::QueryDefinition").items():
        has = saved["Properties"]
        right = {resolve(template, group) for group in has["LogGroupNames"]} == groups
        found[name] = re.sub(r"^#.*$", "", has["QueryString"], flags=re.MULTILINE) if right else ""
    return found


def queries_ask_for_what_events_have(template: Template, fields: dict[str, set[str]]) -> list[str]:
    """`fields` are those of each event that the code tells."""
    wrong = []
    for name, query in queries(template).items():
        told = re.search(r"message (?:=|in) (\[[^]]+\]|\S+)", query)
        messages = re.findall(r"\w+", told[1]) if told else []
        if not messages or not fields.keys() >= set(messages):
            wrong.append(f"{name}: looks for what is not told")
            continue
        known = set.union({"@timestamp"}, *(fields[message] for message in messages))
        known |= set(re.findall(r" as (\w+)", query))
        asked = re.sub(r"'[^']*'|\"[^\"]*\"|/[^/]*/", "", query)
        words = {
            *re.findall(r"[@\w.]+", " ".join(re.findall(r"(?:display|sort|by) ([^|]+)", asked))),
            *re.findall(r"([@\w.]+) (?:=|in|like) ", asked),
            *re.findall(r"(?:concat|count_distinct)\((\w+)", asked),
        } - {"asc", "desc"}
        wrong += [f"{name}: no event has {word}" for word in words - known]
    return wrong


def the_site_box_chooses_a_site(template: Template) -> list[str]:
    body = dashboard(template)
    (box,) = body["variables"]
    word = box["pattern"]
    checks = {
        "takes the place of a word": (box["type"], box["inputType"]) == ("pattern", "input") and bool(box["label"]),
        "begins with all sites": box["defaultValue"] == word and not is_site(word) and "_" in word,
        "reaches the widget": [widget["params"].get("site") for widget in widgets(template, "custom")] == [word],
        "reaches each query": all(
            f"site = '{word}'" in widget["query"]
            and f"concat(site, '={word}=') as asked" in widget["query"]
            and "or asked like /_|==/)" in widget["query"]
            for widget in widgets(template, "log")
        ),
    }
    return [f"the site box is not one that {what}" for what, fulfilled in checks.items() if not fulfilled]
