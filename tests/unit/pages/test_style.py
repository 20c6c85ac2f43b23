"""How pages look: readable in both themes, and without any effect outside of them."""

import re

import pytest

from roster_pages import document, page, to_html
from roster_pages.style import PALETTE, SHAPE_ON, TEXT_ON, TONES, stylesheet
from tests.unit.pages import samples
from tests.unit.pages.reading import Seen


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_should_count_contrast_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", PALETTE)
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_every_text_should_have_enough_contrast_to_be_read(theme: str, text: str, ground: str) -> None:
    assert contrast(PALETTE[theme][text], PALETTE[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", PALETTE)
@pytest.mark.parametrize(("shape", "ground"), SHAPE_ON)
def test_every_shape_should_have_enough_contrast_to_be_seen(theme: str, shape: str, ground: str) -> None:
    assert contrast(PALETTE[theme][shape], PALETTE[theme][ground]) >= 3


def test_both_themes_should_have_the_same_colours_and_the_rules_use_no_other() -> None:
    light, dark = PALETTE["light"], PALETTE["dark"]
    assert light.keys() == dark.keys()
    sheet = stylesheet()
    used = set(re.findall(r"var\(--sis-([a-z-]+)\)", sheet))
    assert used == light.keys()
    rules = re.sub(r"--sis-[a-z-]+:#[0-9a-f]{6}", "", sheet)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\brgb|\bhsl|\bcolor:(?!var|inherit)", rules)


def test_every_ground_of_a_text_should_be_among_those_that_are_checked() -> None:
    """A tone's text stands on its own ground in badges, and the ordinary text in messages."""
    grounds = {ground for _, ground in TEXT_ON}
    used = set(re.findall(r"background:var\(--sis-([a-z-]+)\)", stylesheet()))
    assert used == grounds
    assert {f"{tone}-back" for tone in TONES} <= grounds


def test_no_rule_should_apply_outside_of_a_page() -> None:
    sheet = re.sub(r"@(?:media|container) ?\([^)]*\)\{", "", stylesheet())
    selectors = [part for rule in re.findall(r"([^{}]+)\{[^{}]*\}", sheet) for part in rule.split(",")]
    assert len(selectors) > 60
    assert [each for each in selectors if not each.strip().startswith(".sis-page")] == []


def test_the_style_should_load_nothing_and_pass_a_cleaner() -> None:
    assert not re.search(r"url|import|\\|<|>|expression|src", stylesheet())


def test_braces_should_match() -> None:
    assert stylesheet().count("{") == stylesheet().count("}")


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_class_should_have_a_rule_and_every_rule_a_theme(name: str) -> None:
    seen = Seen(to_html(page(samples.EVERY[name]), samples.ENDPOINTS, "dark"))
    known = set(re.findall(r"\.(sis-[a-z-]+)", stylesheet()))
    assert seen.classes - known <= {"sis-light", "sis-block", "sis-sorts", "cwdb-no-default-styles"}
    assert "sis-dark" in seen.classes


@pytest.mark.parametrize(("theme", "kind"), [("light", "sis-light"), ("dark", "sis-dark"), ("auto", "sis-auto")])
def test_the_theme_should_be_the_one_that_is_asked_for(theme: str, kind: str) -> None:
    assert to_html(page(samples.site()), None, theme).startswith(f'<div class="sis-page {kind}">')


def test_a_widget_should_keep_the_dashboards_own_styles_away() -> None:
    assert '<div class="cwdb-no-default-styles"></div>' in to_html(page(samples.site()), samples.ENDPOINTS)


def test_a_whole_file_should_follow_the_system_and_say_its_language() -> None:
    html = document(page(samples.site()))
    assert html.startswith('<!doctype html><html lang="en">')
    assert "<title>hogwarts</title>" in html
    assert 'class="sis-page sis-auto"' in html
    assert "<main>" in html


@pytest.mark.parametrize("name", samples.EVERY)
def test_a_table_and_its_columns_should_say_what_they_are(name: str) -> None:
    html = to_html(page(samples.EVERY[name]), samples.ENDPOINTS)
    assert html.count("<table") == html.count("<caption>") == html.count("<thead>")
    assert html.count("<th ") == html.count('<th scope="col"')
    assert html.count("<input ") == html.count("<label for=")
    assert html.count("<h1>") == 1
