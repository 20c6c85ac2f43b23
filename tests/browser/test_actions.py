"""What the page makes of a widget's answer: what it shows, what an action does, what a call sends."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from local.dashboard import Dashboard
from tests.browser.conftest import Open
from tests.browser.scripted import Scripted

CALL = '<cwdb-action action="call" endpoint="arn:show" {}>{}</cwdb-action>'


def button(said: str, attributes: str = "", params: str = '{"a": 1}') -> str:
    return f'<button type="button" class="btn">{said}</button>' + CALL.format(attributes, params)


@pytest.fixture
def widget() -> Scripted:
    return Scripted()


@pytest.fixture
def url(widget: Scripted) -> Iterator[str]:
    with Dashboard(widget) as dashboard:
        yield dashboard.url


def content(page: Page) -> str:
    return str(page.locator("#content").inner_html())


def test_should_show_the_widget_and_say_that_it_is_the_stand_in(widget: Scripted, url: str, open_page: Open) -> None:
    page = open_page(url)
    expect(page.locator("#content p")).to_have_text("first")
    expect(page.get_by_text("local stand-in")).to_be_visible()
    assert page.get_by_label("Site").input_value() == "ALL_SITES"
    asked = widget.shows[0]
    assert asked["site"] == "ALL_SITES"
    assert asked["context"]["theme"] == "light"
    assert asked["context"]["locale"] == "en-GB"
    assert asked["context"]["timezone"] == {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0}
    assert 1000 < asked["context"]["width"] < 1200


def test_should_ask_anew_for_the_selector_and_the_switch_and_keep_them_in_the_address(
    widget: Scripted, url: str, open_page: Open
) -> None:
    page = open_page(url)
    expect(page.locator("#content p")).to_have_text("first")
    page.get_by_label("Site").fill("hogwarts")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#status")).to_be_empty()
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Dark", pressed=True)).to_be_visible()
    expect(page.locator("#status")).to_be_empty()
    assert [(asked["site"], asked["context"]["theme"]) for asked in widget.shows] == [
        ("ALL_SITES", "light"),
        ("hogwarts", "light"),
        ("hogwarts", "dark"),
    ]
    with page.expect_response("**/show"):
        page.reload()
    assert [(asked["site"], asked["context"]["theme"]) for asked in widget.shows[3:]] == [("hogwarts", "dark")]


def test_should_bind_an_action_to_the_element_before_it_and_replace_the_widget(
    widget: Scripted, url: str, open_page: Open
) -> None:
    widget.first = f"<p>not this</p>{button('Import', params='{&quot;b&quot;: &quot;&lt;x&gt;&quot;}')}<p>nor this</p>"
    page = open_page(url)
    page.get_by_text("not this").click()
    page.get_by_text("nor this").click()
    assert widget.acts == []
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#content")).to_have_text("answer {'b': ''}")
    assert [(asked["endpoint"], asked["params"]) for asked in widget.acts] == [("arn:show", {"b": "<x>"})]


def test_should_show_the_html_inside_an_action_that_does_not_say_what_it_does(
    widget: Scripted, url: str, open_page: Open
) -> None:
    widget.first = (
        "<a class=btn>More</a><cwdb-action display=popup><h3>Inside</h3><button>Deeper</button>"
        "<cwdb-action><p>Deepest</p></cwdb-action></cwdb-action>"
    )
    page = open_page(url)
    expect(page.get_by_role("heading", name="Inside")).to_be_hidden()
    page.get_by_text("More").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Inside")).to_be_visible()
    page.get_by_role("button", name="Deeper").click()
    expect(page.get_by_text("Deepest")).to_be_visible()
    expect(page.locator("#popup")).to_be_hidden()
    expect(page.get_by_text("More")).to_have_count(0)
    assert widget.acts == []


@pytest.mark.parametrize("event", ["dblclick", "mouseenter"])
def test_should_run_an_action_only_on_its_event(event: str, widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = f"<span>here</span>{CALL.format(f'event={event} display=popup', '{}')}"
    page = open_page(url)
    here = page.get_by_text("here")
    if event == "dblclick":
        here.click()
        assert widget.acts == []
        here.dblclick()
    else:
        here.hover()
    expect(page.get_by_role("dialog")).to_contain_text("answer {}")
    page.mouse.move(0, 0)  # else the mouse enters again where it stands, once the pop-up is gone
    page.keyboard.press("Escape")
    expect(page.locator("#popup")).to_be_hidden()
    expect(here).to_be_visible()


def test_should_do_nothing_for_an_event_that_does_not_exist(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = button("Import", "event=focus", '{"never": 1}') + button("Other")
    page = open_page(url)
    page.get_by_role("button", name="Import").click()
    page.get_by_role("button", name="Other").click()
    expect(page.locator("#content")).to_contain_text("answer")
    assert [asked["params"] for asked in widget.acts] == [{"a": 1}]


@pytest.mark.parametrize("no", ["Cancel", "Escape"])
def test_should_ask_for_confirmation_and_do_nothing_on_no(no: str, widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = button("Roll back", 'confirmation="Back to version &lt;b&gt;3&lt;/b&gt;?"')
    page = open_page(url)
    opener = page.get_by_role("button", name="Roll back")
    opener.click()
    expect(page.get_by_role("dialog", name="Are you sure?")).to_contain_text("Back to version <b>3</b>?")
    if no == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name=no).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    opener.click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#content")).to_contain_text("answer")
    assert len(widget.acts) == 1


def test_should_not_answer_a_question_with_the_answer_to_the_one_before_it(
    widget: Scripted, url: str, open_page: Open
) -> None:
    """A browser tells of a closed dialog late, when the next one may be open: all in one go, as a fast hand does it."""
    widget.first = button("Pause", "confirmation=Pause?", '{"pause": 1}') + button("Import", "confirmation=Import?")
    page = open_page(url)
    expect(page.get_by_role("button", name="Import")).to_be_visible()
    page.evaluate(
        """() => {
            const [pause, action] = document.querySelectorAll('#content button');
            pause.click();
            document.getElementById('confirmation').close();
            action.click();
        }"""
    )
    page.wait_for_timeout(100)
    expect(page.get_by_role("dialog")).to_contain_text("Import?")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#content")).to_contain_text("answer")
    assert [asked["params"] for asked in widget.acts] == [{"a": 1}]


def test_should_let_everything_be_done_with_the_keyboard_alone(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = button("Approve", "confirmation=Really?")
    page = open_page(url)
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Approve":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Confirm")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_have_text("answer {'a': 1}")
    expect(page.locator("#content")).to_be_focused()
    assert len(widget.acts) == 1


def test_should_send_every_input_of_the_widget(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = f"""
        <form><input name="search" value="a"><input name="untouched" value="u"><input value="nameless">
        <input type="checkbox" name="yes" value="1"><input type="checkbox" name="no" value="1">
        <input type="radio" name="sort" value="site"><input type="radio" name="sort" value="status" checked>
        <select name="size"><option>1</option><option selected>2</option></select><textarea name="why">w</textarea>
        </form>{button("Find")}"""
    page = open_page(url)
    page.locator("[name=search]").fill("<img src=x>")
    page.locator("[name=search]").press("Enter")
    page.locator("[name=yes]").check()
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#content")).to_contain_text("answer")
    assert widget.acts[0]["context"]["forms"] == {
        "search": "<img src=x>",
        "untouched": "u",
        "yes": "1",
        "sort": "status",
        "size": "2",
        "why": "w",
    }
    assert page.url.startswith(f"{url}?")


def test_should_show_text_and_other_json_as_text(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = {"markdown": "# A <b>title</b>"}
    page = open_page(url)
    expect(page.locator("#content pre")).to_have_text("# A <b>title</b>")
    widget.first = {"ok": False, "list": [1, None]}
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#content pre")).to_contain_text('"list": [')
    assert json.loads(page.locator("#content pre").inner_text()) == widget.first


def test_should_show_what_the_function_says_about_itself(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = "## Parameters <script>"
    page = open_page(url)
    # Else the first answer may be under way, and it is the later call of two that is shown.
    expect(page.locator("#content")).to_contain_text("Parameters")
    page.get_by_role("button", name="Documentation").click()
    expect(page.get_by_role("dialog").locator("pre")).to_have_text("## Parameters <script>")
    assert widget.shows[-1]["describe"] is True


def test_should_show_the_error_of_a_call(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = button("Import")
    widget.answers = lambda _params: RuntimeError("Runtime.ExitError: <b>it broke</b>")
    page = open_page(url)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_have_text("Runtime.ExitError: <b>it broke</b>")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("button", name="Import")).to_be_visible()


def test_should_say_that_parameters_are_not_json(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = button("Import", params="{a: 1")
    page = open_page(url)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("not JSON")
    assert widget.acts == []


def test_should_show_the_answer_of_the_later_of_two_calls(widget: Scripted, url: str, open_page: Open) -> None:
    widget.first = button("Slow") + "<p>first</p>"
    page = open_page(url)
    widget.may_answer.clear()
    page.get_by_role("button", name="Slow").click()
    expect(page.locator("#status")).to_have_text("Loading…")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#status")).to_be_empty()
    with page.expect_response("**/act"):
        widget.may_answer.set()
    expect(page.locator("#content")).to_contain_text("first")
    assert "answer" not in content(page)


def test_should_not_run_what_slips_through_the_sanitiser(url: str, chromium: Browser) -> None:
    """With the first wall taken down: the policy alone stops scripts, event attributes and requests."""
    left: list[str] = []

    def leaves(route: Route) -> None:
        left.append(route.request.url)
        route.abort()

    with closing(chromium.new_context()) as context:
        # Only a request that the policy lets through comes here.
        context.route("https://evil.example/**", leaves)
        page = context.new_page()
        page.goto(url)
        page.get_by_text("first").wait_for()
        page.evaluate(
            """document.getElementById('content').innerHTML =
            '<img src="x" onerror="window.ran = 1"><img src="https://evil.example/pixel">' +
            '<svg onload="window.ran = 2"></svg><style>body { background: url(https://evil.example/style) }</style>' +
            '<a id="link" href="javascript:window.ran = 3">a</a>' +
            '<form action="https://evil.example/form" target="_blank"><button id="send">s</button></form>'"""
        )
        page.locator("#link").click()
        page.evaluate("document.querySelector('#content form').submit()")
        page.wait_for_timeout(200)
        assert page.evaluate("window.ran") is None
    assert left == []
