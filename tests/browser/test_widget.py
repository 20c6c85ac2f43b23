"""The deployed dashboard as the stand-in reads it, what it sends to the functions, and what it refuses to send."""

import io
import json
import re
import socket
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from local.cloud import Cloud
from local.emulator import HOST
from local.run_cloud import dashboard_beside
from local.widget import Malformed, NotAllowed, Widget, shown

CONTEXT = {
    "locale": "en-GB",
    "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
    "theme": "dark",
    "forms": {"search": "a"},
    "width": 1100,
    "height": 400,
}
ECHO = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("it broke <b>")
    return {"echo": event}
"""


@pytest.fixture(scope="module")
def widget(cloud: Cloud) -> Widget:
    return Widget(cloud)


@pytest.fixture(scope="module")
def echo(cloud: Cloud) -> Iterator[str]:
    """A function that answers with what it was called with; its ARN."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("handler.py", ECHO)
    client = cloud.client("lambda")
    role = client.get_function_configuration(FunctionName=Widget(cloud).endpoints[0])["Role"]
    arn = client.create_function(
        FunctionName="browser-echo",
        Runtime="python3.13",
        Handler="handler.handler",
        Role=role,
        Code={"ZipFile": packed.getvalue()},
    )["FunctionArn"]
    yield str(arn)
    client.delete_function(FunctionName="browser-echo")


def sent(widget: Widget, endpoint: str, params: dict[str, Any], **context: Any) -> Any:
    asked = {"site": "hogwarts", "endpoint": endpoint, "params": params, "context": CONTEXT | context}
    return widget.act(asked)


def test_should_read_the_deployed_dashboard(widget: Widget, cloud: Cloud) -> None:
    assert widget.dashboard in cloud.outputs["DashboardUrl"]
    assert widget.title == "SIS Integration"
    assert widget.selector["label"] == "Site"
    assert re.search(r"-show-reports$", widget.endpoints[0])
    assert re.search(r"-manage-site$", widget.endpoints[1])


def test_should_show_what_the_function_answers_for_the_chosen_site(widget: Widget) -> None:
    begins_with = {"site": widget.selector["value"], "context": CONTEXT}
    assert ">Sites<" in widget.show(begins_with)["html"]
    assert ">Sites<" in widget.show({"site": "", "context": CONTEXT})["html"]
    assert "There is no site nobody." in widget.show({"site": "nobody", "context": CONTEXT})["html"]


def test_should_let_what_is_typed_change_nothing_but_the_site(widget: Widget, echo: str) -> None:
    typed = 'x", "view": "console\\'
    assert "has lower-case letters, digits and hyphens" in widget.show({"site": typed, "context": CONTEXT})["html"]


def test_should_ask_the_function_about_itself(widget: Widget) -> None:
    said = widget.show({"site": "", "context": CONTEXT, "describe": True})
    assert said["text"].startswith("#")


def test_should_send_with_a_call_what_cloudwatch_sends(
    widget: Widget, echo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widget, "endpoints", (*widget.endpoints, echo))
    event = json.loads(sent(widget, echo, {"view": "site", "widgetContext": "mine"})["text"])["echo"]
    context = event.pop("widgetContext")
    assert event == {"view": "site"}
    now = context["timeRange"]["end"]
    assert context == CONTEXT | {
        "dashboardName": widget.dashboard,
        "widgetId": "widget-1",
        "accountId": "000000000000",
        "period": 300,
        "isAutoPeriod": True,
        "timeRange": {"mode": "relative", "start": now - 10_800_000, "end": now, "relativeStart": 10_800_000},
        "linkCharts": True,
        "title": "SIS Integration",
        "forms": {"all": {"search": "a"}},
        "params": {"view": "overview", "site": "hogwarts"},
    }


def test_should_answer_with_an_error_for_a_function_that_breaks_off(
    widget: Widget, echo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = f"{echo}-gone"
    monkeypatch.setattr(widget, "endpoints", (*widget.endpoints, echo, gone))
    assert sent(widget, echo, {"fail": True})["error"].endswith(": it broke <b>")
    assert "could not be called" in sent(widget, gone, {})["error"]


def test_should_call_no_function_but_the_dashboards(widget: Widget, echo: str, cloud: Cloud) -> None:
    functions = cloud.client("lambda").list_functions()["Functions"]
    others = {function["FunctionArn"] for function in functions} - set(widget.endpoints)
    assert echo in others
    assert len(others) > 3
    for endpoint in [*others, "", "impero-sis-show-reports", f"{widget.endpoints[0]}:1"]:
        with pytest.raises(NotAllowed):
            sent(widget, endpoint, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "blue"),
        ("theme", ["dark"]),
        ("locale", None),
        ("timezone", {}),
        ("timezone", "UTC"),
        ("width", "wide"),
        ("width", -1),
        ("height", True),
        ("forms", None),
        ("forms", {"a": 1}),
        ("forms", {str(number): "" for number in range(501)}),
    ],
    ids=lambda value: str(value)[:20],
)
def test_should_refuse_a_context_that_no_page_sends(name: str, value: object, widget: Widget) -> None:
    with pytest.raises(Malformed, match=f"^{name}"):
        sent(widget, widget.endpoints[0], {}, **{name: value})


@pytest.mark.parametrize("missing", ["site", "endpoint", "params", "context"])
def test_should_refuse_a_call_in_which_something_is_missing(missing: str, widget: Widget) -> None:
    asked = {"site": "", "endpoint": widget.endpoints[0], "params": {}, "context": CONTEXT}
    with pytest.raises(Malformed, match=f"^{missing}"):
        widget.act({name: value for name, value in asked.items() if name != missing})


def test_should_clean_html_and_show_anything_else_as_text() -> None:
    assert shown("<b onclick=a>b</b><script>c</script>") == {"html": "<b>b</b>"}
    assert shown({"markdown": "# <b>"}) == {"text": "# <b>"}
    assert shown({"markdown": 1}) == {"text": '{\n  "markdown": 1\n}'}
    assert shown(None) == {"text": "null"}
    assert shown("<script>", describe=True) == {"text": "<script>"}


def test_should_serve_the_page_beside_the_cloud_and_tell_a_shell_where(cloud: Cloud) -> None:
    with ExitStack() as taking:
        with dashboard_beside(cloud) as dashboard:
            assert dashboard.url.startswith(f"http://{HOST}:")
        somebody = taking.enter_context(socket.socket())
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # Whoever has the port already serves as well.
            somebody.bind((HOST, cloud.port + 1))
            somebody.listen()
        with dashboard_beside(cloud) as dashboard:
            assert dashboard.url != f"http://{HOST}:{cloud.port + 1}/"
            script = cloud.shell_environment({"DASHBOARD_URL": dashboard.url})
            assert f"export DASHBOARD_URL={dashboard.url}\n" in script
