"""An alert as a workflow of Microsoft Teams takes it: one Adaptive Card. In: an alert's message, as data. Out: JSON.

Teams renders Markdown in a card's text, so nothing that has a meaning there is left in what comes from a site.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MARKDOWN = re.compile(r"([\\*_\[\]#~`>|])")


def card_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """What is posted to a workflow that begins with a webhook request. `message` is `alert_text.Message.as_dict`'s."""
    recovered = message["kind"] == "recovered"
    heading = {"weight": "Bolder", "size": "Medium", "color": "Good" if recovered else "Attention"}
    body = [
        _text(message["what"], **heading),
        *([_text(message["why"])] if message["why"] else []),
        _text(message["next"], fontType="Monospace"),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "Open the page", "url": message["link"]}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _text(text: str, **looks: str) -> dict[str, Any]:
    # A single line break is none in Markdown.
    shown = _MARKDOWN.sub(r"\\\1", text).replace("\n", "\n\n")
    return {"type": "TextBlock", "wrap": True, "text": shown, **looks}
