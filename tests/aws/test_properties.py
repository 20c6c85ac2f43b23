"""For any two pairs: a preview says what the import does, approving publishes its plan, going back the old bytes."""

import json
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roster.plan import Known, Plan, plan_import
from roster.request import Rollback
from roster.settings import Settings
from tests.unit.roster.strategies import some_rows, some_settings

from .conftest import World, csv

Pair = tuple[list[str], list[str]]

_sites = (f"site-{number}" for number in count(1))


def rows_of(names: list[str]) -> st.SearchStrategy[list[str]]:
    """Rows without a fault."""
    row = st.tuples(st.sampled_from(names), st.sampled_from(["a", "b", "Dark Arts"])).map(",".join)
    return st.lists(row, min_size=1, max_size=14)


# Of faulty rows most pairs are held, of others few.
good_pairs = st.tuples(rows_of(["harry", "Ron", "luna", "zoë"]), rows_of(["snape", "hooch"]))
pairs = good_pairs | st.tuples(some_rows, some_rows)


def files(pair: Pair) -> dict[str, bytes]:
    return dict(zip(("students", "teachers"), (csv(*rows) for rows in pair), strict=True))


def upload(world: World, site: str, pair: Pair, chosen: Settings) -> None:
    names = ("all_groups_users", "restrict_customisation", "basic_console_only")
    document = json.dumps({name: getattr(chosen, name) for name in names})
    world.client("s3").put_object(Bucket=world.inbox, Key=f"{site}/settings.json", Body=document.encode())
    world.upload(site, **files(pair))
    world.run(site)


def preview(world: World, site: str, pair: Pair, chosen: Settings) -> Plan:
    """What `roster-admin preview` computes: the import's own plan over what is published."""
    importer = world.importer()
    head = importer.publisher.store.head(site)
    known = Known("a-preview", world.clock(), importer.publisher.results.memory(site, head.memory_sha256))
    base = importer.publisher.base(head)
    return plan_import({f"{name}.csv": data for name, data in files(pair).items()}, chosen, base, known=known)


@settings(max_examples=24, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(pairs, some_settings, pairs, some_settings, st.booleans())
def test_should_import_what_the_preview_said_publish_the_plan_and_roll_back_to_the_same_bytes(
    world: World, before: Pair, old: Settings, after: Pair, new: Settings, only_adds: bool
) -> None:
    site, importer = next(_sites), world.importer()
    upload(world, site, before, old)
    if world.reports(site)[0]["status"] == "held":
        world.approve(site)
    first = importer.publisher.store.head(site)
    assert first.version == 1

    pair = (before[0] + after[0], before[1] + after[1]) if only_adds else after
    said = preview(world, site, pair, new)
    upload(world, site, pair, new)
    report = world.reports(site)[0]
    assert (report["status"], report["changes"], report["counts"]) == (said.outcome, said.changes, said.counts)
    assert report["held"] == json.loads(json.dumps([reason.as_dict() for reason in said.held]))
    if said.held:
        assert importer.publisher.store.head(site).version == 1
        world.approve(site)
    second = importer.publisher.store.head(site)
    assert second.version == (2 if said.snapshot else 1)
    if said.snapshot:
        assert importer.publisher.results.manifest(site, second.manifest_sha256).snapshot == said.snapshot.blob
        world.order(site, Rollback(1, "arn:somebody"))
        third = importer.publisher.store.head(site)
        was, now = (importer.publisher.results.manifest(site, head.manifest_sha256) for head in (first, third))
        assert (third.version, now.snapshot) == (3, was.snapshot)
