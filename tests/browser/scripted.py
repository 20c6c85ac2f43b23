"""A widget of which a test says what it answers, to see what the page makes of it."""

import threading
from collections.abc import Callable
from typing import Any

from local.widget import NotAllowed, shown

Json = dict[str, Any]


class Scripted:
    """Answers like `local.widget.Widget`, with what the test put in, and keeps what it was asked."""

    dashboard = "impero-sis-rosters"
    title = "SIS Integration"

    def __init__(self) -> None:
        self.selector: Json = {"label": "Site", "value": "ALL_SITES"}
        self.first: Any = "<p>first</p>"
        self.answers: Callable[[Json], Any] = lambda params: f"<p>answer {params}</p>"
        self.shows: list[Json] = []
        self.acts: list[Json] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def show(self, asked: Json) -> Json:
        self.shows.append(asked)
        return shown(self.first, describe=asked.get("describe") is True)

    def act(self, asked: Json) -> Json:
        self.acts.append(asked)
        if asked["endpoint"] == "arn:not-allowed":
            raise NotAllowed("arn:not-allowed is not a function of this dashboard")
        answer = self.answers(asked["params"])
        self.may_answer.wait(60)
        if isinstance(answer, Exception):
            return {"error": str(answer)}
        return shown(answer)
