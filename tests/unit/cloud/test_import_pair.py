"""Which messages of a batch come back, and what stands in the way of which."""

import json
import re
import runpy
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
CONTEXT: Any = SimpleNamespace(
    function_name="import_pair",
    memory_limit_in_mb=128,
    invoked_function_arn="arn",
    aws_request_id="run",
    get_remaining_time_in_millis=lambda: 300_000,
)


@dataclass
class Process:
    """Parts that do nothing but say what they were asked for, and fail where they are told to."""

    failing: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    def _do(self, what: str) -> None:
        if what in self.failing:
            raise RuntimeError("not now")
        self.done.append(what)

    @property
    def signer(self) -> Any:
        return SimpleNamespace(keyring=lambda: self._do("keyring"))

    @property
    def strays(self) -> Any:
        return SimpleNamespace(look=lambda _: self._do("look"), look_again=lambda _: self._do("look again"))

    @property
    def queue(self) -> Any:
        return SimpleNamespace(retry_soon=lambda receipt, attempts: self._do(f"retry {receipt} after {attempts}"))

    @property
    def importer(self) -> Any:
        return SimpleNamespace(run=lambda request, owner, _: self._do(f"import {request.site} as {owner}"))


class Handle:
    """The handler of the function, with parts that are none."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    def __call__(self, process: Process, *bodies: str) -> list[str]:
        """Hand over messages 0, 1, 2, … as SQS does; those that failed."""
        records = [
            {
                "messageId": str(place),
                "receiptHandle": f"r{place}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(place + 1)},
            }
            for place, body in enumerate(bodies)
        ]
        for part in ("importer", "signer", "strays", "queue"):
            self._handler.__globals__[part] = getattr(process, part)
        answer = self._handler({"Records": records}, CONTEXT)
        assert answer.keys() == {"batchItemFailures"}
        assert all(failed.keys() == {"itemIdentifier"} for failed in answer["batchItemFailures"])
        return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Handle:
    for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+(?=: )", (ROOT / "template.yaml").read_text(encoding="utf-8")):
        monkeypatch.setenv(name, "1")
    loaded = runpy.run_path(str(ROOT / "functions/import_pair/handler.py"))
    return Handle(loaded["handler"].__wrapped__)


def asked(site: str) -> str:
    return json.dumps({"site": site})


def uploaded(key: str) -> str:
    entity = {"key": key, "size": 12, "versionId": "v1"}
    return json.dumps({"Records": [{"eventTime": "2026-09-01T12:00:00.000Z", "s3": {"object": entity}}]})


AGAIN = json.dumps({"stray": {"site": "a", "version_id": "v1", "uploaded_at": "2026-09-01T12:00:00Z", "size": 1}})


def test_should_deal_with_each_message_of_a_batch(handle: Handle) -> None:
    process = Process()
    assert handle(process, asked("a"), uploaded("b/teachers.csv"), uploaded("b/x.csv"), AGAIN) == []
    imports = ["keyring", "import a as run/0", "keyring", "import b as run/1"]
    assert process.done == [*imports, "look", "look again"]


def test_should_name_what_failed_and_ask_for_it_to_come_back_soon(handle: Handle) -> None:
    process = Process({"import b as run/1", "look again"})
    assert handle(process, asked("a"), asked("b"), "{", AGAIN, asked("c")) == ["1", "2", "3"]
    assert [each for each in process.done if each.startswith("retry")] == [
        "retry r1 after 2",
        "retry r2 after 3",
        "retry r3 after 4",
    ]
    assert "import c as run/4" in process.done


@pytest.mark.parametrize("body", ['{"keyring": "wanted"}', '{"Event": "s3:TestEvent"}', uploaded("a/teachers.csv")])
def test_should_have_a_keyring_made_by_any_message_but_a_strays(body: str, handle: Handle) -> None:
    process = Process()
    assert handle(process, body) == []
    assert process.done[0] == "keyring"


def test_should_not_bring_a_strays_key_among_the_dead_letters_for_want_of_a_key_to_sign_with(handle: Handle) -> None:
    process = Process({"keyring"})
    assert handle(process, uploaded("a/Padma Patil.csv"), AGAIN, asked("a")) == ["2"]
    assert process.done == ["look", "look again", "retry r2 after 3"]
