"""Text from outside, made part of HTML: nothing in it can end an element or attribute, or begin another."""

from __future__ import annotations

import json
import re
from html import escape

from roster_pages.page_model import Payload, harmless

_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")


def written(text: str) -> str:
    """A text, in an element or in the quotes of an attribute."""
    return escape(harmless(text))


def payload(said: Payload) -> str:
    """A payload as the JSON text of an element."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return _HALF_CHARACTERS.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def address(url: str) -> str:
    """A link's address; empty unless it is http or https."""
    return escape(harmless(url)) if url.startswith(("https://", "http://")) else ""
