"""The custom widget of the deployed dashboard: which function it calls, with what, and what is shown of the answer.

In: a local cloud, and what the page in the browser says about itself (theme, size, form inputs). Out: what CloudWatch
would show: sanitised HTML, or text. If a function fails, the answer is {"error": …}. Refused: every function but the
two of the dashboard (`NotAllowed`), and a call in the wrong form (`Malformed`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.cloud import Cloud
from local.deployment import STACK_NAME
from local.sanitise import sanitise

FUNCTIONS = ("ShowReportsFunction", "ManageSiteFunction")
_CALL_SECONDS = 60
_THEMES = ("light", "dark")
_MOST_FIELDS = 500
_THREE_HOURS = 3 * 3600 * 1000

Json = dict[str, Any]


class NotAllowed(Exception):
    """The page asked for a function that does not belong to the dashboard."""


class Malformed(Exception):
    """What the page sent is not a call of a widget; the text says what is wrong with it."""


class Widget:
    """The one custom widget of the stack's dashboard. Several threads may call its methods."""

    def __init__(self, cloud: Cloud) -> None:
        """Read the deployed dashboard, as CloudWatch would."""
        resources = cloud.client("cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]
        named = {resource["LogicalResourceId"]: resource for resource in resources}
        self._lambda = cloud.session().client(
            "lambda",
            endpoint_url=cloud.endpoint_url,
            config=Config(read_timeout=_CALL_SECONDS, retries={"total_max_attempts": 1}, max_pool_connections=20),
        )
        self.endpoints = tuple(
            self._lambda.get_function_configuration(FunctionName=named[name]["PhysicalResourceId"])["FunctionArn"]
            for name in FUNCTIONS
        )
        (dashboard,) = (
            resource["PhysicalResourceId"]
            for resource in resources
            if resource["ResourceType"] == "AWS::CloudWatch::Dashboard"
        )
        self._name = str(dashboard)
        self._body = str(cloud.client("cloudwatch").get_dashboard(DashboardName=dashboard)["DashboardBody"])

    @property
    def dashboard(self) -> str:
        """The dashboard's name."""
        return self._name

    @property
    def selector(self) -> Json:
        """The dashboard's variable, the site selector: its label, and the value that it begins with."""
        variable = self._variable
        return {"label": variable.get("label", variable["id"]), "value": variable.get("defaultValue", "")}

    @property
    def title(self) -> str:
        """The widget's title."""
        return str(self._properties(str(self.selector["value"])).get("title", ""))

    @property
    def _variable(self) -> Json:
        (variable,) = json.loads(self._body)["variables"]
        return dict(variable)

    def _properties(self, chosen: str) -> Json:
        """The widget's properties when `chosen` is selected."""
        pattern = json.dumps(self._variable["pattern"])[1:-1]
        # CloudWatch replaces in the text of the widgets, where a quotation mark is written \".
        widgets = json.dumps(json.loads(self._body)["widgets"]).replace(pattern, json.dumps(chosen)[1:-1])
        (found,) = (widget["properties"] for widget in json.loads(widgets) if widget["type"] == "custom")
        return dict(found)

    def show(self, asked: Json) -> Json:
        """What the widget shows first, and after a refresh: {"html"}, {"text"} or {"error"}.

        In: {"site": the selector's value, "context": what the page says about itself}; with "describe": true, the
        function's own documentation is shown. Raises Malformed.
        """
        properties = self._properties(_text(asked, "site"))
        params = properties.get("params", {})
        sent = {"describe": True} if asked.get("describe") is True else params
        return self._call(properties["endpoint"], sent, self._context(asked, properties))

    def act(self, asked: Json) -> Json:
        """What an action answers, as `show` does. In: {"site", "endpoint", "params", "context"}.

        Raises Malformed, and NotAllowed for a function that does not belong to the dashboard.
        """
        endpoint, params = _text(asked, "endpoint"), asked.get("params")
        if not isinstance(params, dict):
            raise Malformed("params must be a JSON object")
        return self._call(endpoint, params, self._context(asked, self._properties(_text(asked, "site"))))

    def _call(self, endpoint: str, params: Json, context: Json) -> Json:
        if endpoint not in self.endpoints:
            raise NotAllowed(f"{endpoint} is not a function of this dashboard")
        sent = json.dumps({**params, "widgetContext": context})
        try:
            answer = self._lambda.invoke(FunctionName=endpoint, Payload=sent)
            with closing(answer["Payload"]) as payload:
                said = json.loads(payload.read())
        except (BotoCoreError, ClientError, ValueError) as error:
            return {"error": f"The function could not be called: {error}"}
        if "FunctionError" in answer:
            about = said if isinstance(said, dict) else {}
            return {"error": f"{about.get('errorType', 'Error')}: {about.get('errorMessage', 'the function failed')}"}
        return shown(said, describe=params.get("describe") is True)

    def _context(self, asked: Json, properties: Json) -> Json:
        """`widgetContext`, with the fields that CloudWatch sends."""
        page = asked.get("context")
        if not isinstance(page, dict):
            raise Malformed("context must be a JSON object")
        now = int(time.time() * 1000)
        return {
            "dashboardName": self._name,
            "widgetId": "widget-1",
            "accountId": self.endpoints[0].split(":")[4],
            "locale": _text(page, "locale"),
            "timezone": _timezone(page.get("timezone")),
            "period": 300,
            "isAutoPeriod": True,
            "timeRange": {"mode": "relative", "start": now - _THREE_HOURS, "end": now, "relativeStart": _THREE_HOURS},
            "theme": _theme(page.get("theme")),
            "linkCharts": True,
            "title": str(properties.get("title", "")),
            "forms": {"all": _fields(page.get("forms"))},
            "params": properties.get("params", {}),
            "width": _pixels(page, "width"),
            "height": _pixels(page, "height"),
        }


def shown(said: object, *, describe: bool = False) -> Json:
    """How an answer is shown: a string as HTML, {"markdown"} as its text, everything else as JSON."""
    if isinstance(said, str):
        return {"text": said} if describe else {"html": sanitise(said)}
    if isinstance(said, dict) and isinstance(said.get("markdown"), str):
        return {"text": said["markdown"]}
    return {"text": json.dumps(said, indent=2, ensure_ascii=False)}


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{name} must be a text")
    return value


def _pixels(page: Json, name: str) -> int:
    value = page.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100_000:
        raise Malformed(f"{name} must be a number of pixels")
    return value


def _theme(value: object) -> str:
    if value not in _THEMES:
        raise Malformed("theme must be light or dark")
    return str(value)


def _timezone(value: object) -> Json:
    if not isinstance(value, dict) or not isinstance(value.get("offsetInMinutes"), int):
        raise Malformed("timezone must have label, offsetISO and offsetInMinutes")
    return {
        "label": _text(value, "label"),
        "offsetISO": _text(value, "offsetISO"),
        "offsetInMinutes": value["offsetInMinutes"],
    }


def _fields(value: object) -> dict[str, str]:
    if (
        not isinstance(value, dict)
        or len(value) > _MOST_FIELDS
        or not all(isinstance(it, str) for it in value.values())
    ):
        raise Malformed(f"forms must be the texts of at most {_MOST_FIELDS} inputs, by name")
    return value
