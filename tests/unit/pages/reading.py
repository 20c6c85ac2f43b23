"""HTML read back as a browser would: which elements and attributes there are, what can be read, what can be pressed."""

import json
from html.parser import HTMLParser
from typing import Any, NamedTuple

_VOID = {"meta", "input"}
# What is in these is not read as a page's text.
_SILENT = {"style", "title", "svg", "cwdb-action"}


class Action(NamedTuple):
    """A button and what it calls."""

    label: str
    about: dict[str, str | None]
    payload: dict[str, Any]


class Seen(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.classes: set[str] = set()
        self.texts: list[str] = []
        self.links: list[str | None] = []
        self.names: list[str | None] = []
        self.actions: list[Action] = []
        self.sheet = ""
        self._before: tuple[str, str] = ("", "")
        self._label = ""
        self._about: dict[str, str | None] = {}
        self._said: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        found = dict(attrs)
        self.classes |= set((found.get("class") or "").split())
        self.names += [found["aria-label"]] if tag == "svg" else []
        self.links += [found["href"]] if tag == "a" else []
        if tag == "cwdb-action":
            assert self._before[0] == "button", "an action belongs to the button right before it"
            self._label, self._about = self._before[1], found
        if tag not in _VOID:
            self.open.append(tag)
            self._said.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        said = self._said.pop()
        if self._said:
            self._said[-1] += said if tag not in _SILENT else ""
        if tag == "cwdb-action":
            self.actions.append(Action(self._label, self._about, json.loads(said)))
        self.sheet += said if tag == "style" else ""
        self._before = (tag, said)

    def handle_data(self, data: str) -> None:
        if self._said:
            self._said[-1] += data
        if not _SILENT & set(self.open):
            self.texts.append(data)
        if data.strip():
            self._before = ("", "")

    def handle_comment(self, data: str) -> None:
        raise AssertionError("there are no comments")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError("there are no declarations")

    @property
    def text(self) -> str:
        """All that can be read, without white space."""
        return squeezed("".join(self.texts))


def squeezed(text: str) -> str:
    """A text without white space, which HTML does not keep."""
    return "".join(text.split())
