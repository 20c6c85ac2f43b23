"""Whatever a roster says is shown as text: it is no element, no attribute, no script, no escape sequence."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster_pages import document, page, to_html
from roster_pages.escaping import address
from roster_pages.page_model import harmless
from tests.unit.pages import samples
from tests.unit.pages.reading import Seen, squeezed
from tests.unit.pages.strategies import names, views
from tests.unit.pages.texts import texts

TAGS = """
    div style header nav span h1 h2 section dl dt dd p ul ol li b table caption thead tbody tr th td figure svg rect
    title form label input button cwdb-action time code a
"""
WHOLE_FILE = {"html", "head", "meta", "body", "main"}
ATTRIBUTES = """
    class dir aria-label aria-hidden aria-sort scope data-label datetime href target rel role viewbox width height x y
    preserveaspectratio method type id name value for maxlength autocomplete action display event endpoint confirmation
"""


def checked(html: str) -> Seen:
    seen = Seen(html)
    assert seen.tags - WHOLE_FILE <= set(TAGS.split())
    assert {name for tag, name in seen.attributes if tag not in WHOLE_FILE} <= set(ATTRIBUTES.split())
    assert {each for each in seen.classes if not each.startswith("sis-")} <= {"cwdb-no-default-styles"}
    assert all(link is not None and link.startswith(("http://", "https://", "")) for link in seen.links)
    assert not any(link and link.startswith(("javascript:", "data:")) for link in seen.links)
    html.encode()
    return seen


# What stands between the parts of a cell, which belongs to no text of the page.
BETWEEN = str.maketrans("", "", "›,:;")


@given(views)
def test_should_show_the_text_of_the_data_and_nothing_else(data: dict[str, Any]) -> None:
    shown = page(data)
    seen = checked(to_html(shown, None))
    said = seen.text.translate(BETWEEN)
    assert said == squeezed("".join(texts(shown))).translate(BETWEEN)


@given(views, st.sampled_from(["light", "dark", "auto", '"><script>']))
@settings(max_examples=60)
def test_should_have_no_more_kinds_of_elements_with_buttons(data: dict[str, Any], theme: str) -> None:
    checked(to_html(page(data), samples.ENDPOINTS, theme))


@given(views)
@settings(max_examples=40)
def test_a_whole_file_should_be_as_harmless(data: dict[str, Any]) -> None:
    checked(document(page(data)))


@given(names, names)
def test_a_button_should_hand_on_the_name_itself(username: str, group: str) -> None:
    shown = page(samples.console([samples.right(username, groups=[group])]))
    payloads = [action.payload for action in Seen(to_html(shown, samples.ENDPOINTS)).actions]
    assert {"view": "user", "site": "hogwarts", "name": username} in payloads
    assert {"view": "group", "site": "hogwarts", "name": group} in payloads


@pytest.mark.parametrize("name", samples.NASTY, ids=range(len(samples.NASTY)))
def test_should_not_let_a_payload_end_its_element(name: str) -> None:
    html = to_html(page(samples.console([samples.right(name)])), samples.ENDPOINTS)
    inside = [part.partition("</cwdb-action>")[0] for part in html.split("<cwdb-action ")[1:]]
    for part in inside:
        said = part.partition(">")[2]
        assert not set("<>&") & set(said)
        json.loads(said)


@given(names)
def test_should_not_let_a_name_steer_a_terminal_or_turn_a_line_around(name: str) -> None:
    shown = harmless(name)
    assert len(shown) == len(name)
    assert not [each for each in shown if ord(each) < 32 or 0x7F <= ord(each) < 0xA0 or each in "\u202e\u2066"]
    assert [each for each in name if each.isalnum()] == [each for each in shown if each.isalnum()]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil", "ftp://x", "", None])
def test_should_make_a_link_of_web_addresses_only(link: str | None) -> None:
    data = samples.import_(samples.report(), findings=[samples.FINDING], findings_total=1, link=link)
    assert Seen(to_html(page(data), None)).links == []


@given(st.sampled_from(["", "http://", "https://", "javascript:", " https://"]), names)
def test_an_address_should_be_a_web_address_or_nothing(scheme: str, rest: str) -> None:
    said = address(f"{scheme}{rest}")
    assert not set("<>\"'") & set(said)
    assert bool(said) == f"{scheme}{rest}".startswith(("http://", "https://"))


def test_no_question_should_have_a_name_in_it() -> None:
    for data in samples.EVERY.values():
        for action in Seen(to_html(page(data), samples.ENDPOINTS)).actions:
            asked = action.about.get("confirmation") or ""
            assert not [name for name in ("Snape", "Potter", "Minerva", "Potions") if name in asked]
