"""`roster-admin new-epoch`: one site, and all of them. What an epoch does is tried in tests/aws."""

import json
from copy import copy
from typing import Any

import pytest

from roster.report import Report
from roster_commands import epochs
from roster_commands.admin import main
from roster_commands.outcome import NOTHING_PUBLISHED, Outcome
from roster_commands.site import Failed, Site
from roster_pages.wording import REASONS

ABOUT = {"site": "s", "import": "20261126T031450Z-000002"}
NEVER = Outcome({"status": NOTHING_PUBLISHED, "revoked": []}, revoked=[])


def outcome(report: dict[str, Any], *revoked: str) -> Outcome:
    return Outcome(report | {"revoked": list(revoked)}, Report.from_dict(report), revoked=revoked)


def done(version: int, *revoked: str) -> Outcome:
    report = ABOUT | {"version": version, "epoch": 2, "reason": "new_epoch", "status": "ok"}
    return outcome(report | {"counts": {}, "changes": {}, "notices": {}}, *revoked)


REFUSED = outcome(ABOUT | {"status": "failed", "reason": "version_below"})


class Cloud:
    """Sites by name, each with what becomes of its order."""

    def __init__(self, sites: dict[str, Any]) -> None:
        self.sites = sites
        self.ordered: list[tuple[str, dict[str, Any]]] = []

    def site(self, name: str, _stack: str) -> "OneSite":
        return OneSite(self, name)


class OneSite:
    def __init__(self, cloud: Cloud, name: str) -> None:
        self.cloud, self.name = cloud, name

    def other(self, name: str) -> "OneSite":
        other = copy(self)
        other.name = name
        return other

    def order(self, action: str, **details: Any) -> Outcome:
        assert action == "new-epoch"
        self.cloud.ordered.append((self.name, details))
        became = self.cloud.sites[self.name]
        if isinstance(became, Exception):
            raise became
        assert isinstance(became, Outcome)
        return became


def cloud_of(monkeypatch: pytest.MonkeyPatch, **sites: Any) -> Cloud:
    cloud = Cloud(sites)
    monkeypatch.setattr(epochs, "Site", cloud.site)
    monkeypatch.setattr(epochs, "published_sites", lambda _stack: sorted(sites))
    return cloud


def run(*arguments: str) -> int:
    return main(["new-epoch", *arguments, "--stack", "sis", "--yes"])


def test_should_bring_every_site_above_and_skip_what_never_published(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = cloud_of(monkeypatch, hogwarts=done(38, "srv-02", "srv-07"), durmstrang=done(14), mistyped=NEVER)
    assert run("--all") == 0
    assert sorted(cloud.ordered) == [("durmstrang", {}), ("hogwarts", {}), ("mistyped", {})]
    assert sorted(capsys.readouterr().out.splitlines()) == [
        "durmstrang: version 14, epoch 2",
        "hogwarts: version 38, epoch 2, revoked again: srv-02, srv-07",
        "mistyped: nothing was ever published",
    ]


@pytest.mark.parametrize(
    ("became", "why"), [(Failed("import the pair first"), "import the pair first"), (REFUSED, REASONS["version_below"])]
)
def test_should_go_on_after_a_site_that_fails_and_say_so_at_the_end(
    became: Any, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = cloud_of(monkeypatch, a=became, b=done(14), c=done(15))
    assert run("--all") == 1
    assert len(cloud.ordered) == 3
    assert f"a: not done: {why}" in capsys.readouterr().out.splitlines()
    assert run("--all", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert {name: each["ok"] for name, each in said.items()} == {"a": False, "b": True, "c": True}
    assert said["b"]["version"] == 14


def test_should_say_where_there_is_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud_of(monkeypatch, new=NEVER)
    assert run("new") == 1
    assert "never published anything" in capsys.readouterr().err
    cloud_of(monkeypatch)
    assert run("--all") == 1
    assert "No site has ever published" in capsys.readouterr().err


def test_should_tell_of_one_site_who_is_revoked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = cloud_of(monkeypatch, hogwarts=done(28, "srv-02"))
    assert run("hogwarts", "--above", "27") == 0
    assert cloud.ordered == [("hogwarts", {"above": 27})]
    assert "Revoked again: srv-02" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [("--all", "--above", "27"), ("--all", "hogwarts"), ()])
def test_should_refuse_what_names_no_sites_or_one_number_for_all(
    wrong: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = cloud_of(monkeypatch, hogwarts=done(28))
    with pytest.raises(SystemExit) as ended:
        run(*wrong)
    assert (ended.value.code, cloud.ordered) == (2, [])


def test_should_ask_the_stack_and_the_caller_once_for_all_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    asked: list[str] = []

    def outputs_of(stack: str) -> dict[str, str]:
        asked.append(stack)
        return {"ManageSiteFunctionName": "f"}

    monkeypatch.setattr("roster_commands.site.outputs_of", outputs_of)
    monkeypatch.setattr(Site, "_by", "arn:somebody")
    first = Site("a", "sis")
    others = [first.other(name) for name in ("b", "c")]
    assert [(each.name, each._function) for each in (first, *others)] == [("a", "f"), ("b", "f"), ("c", "f")]
    assert asked == ["sis"]
