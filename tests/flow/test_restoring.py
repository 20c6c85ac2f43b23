"""The table is put back to a backup under servers that have newer versions: where the runbook leads, on their disks."""

import json
from collections.abc import Callable
from typing import Any

from tests.deployed import SEED, Site, queue_is_quiet
from tests.flow.conftest import Command, Patience, Server

# Most pupils left, which a person has to approve.
SMALLER = SEED | {"students.csv": b"version,1\nusername,class\nHarry_Potter,Potions\n"}

Items = dict[tuple[str, str], dict[str, Any]]


def items_of(site: Site) -> Items:
    """Every item of the table that is about a site or its servers, by its key."""
    pages = site.cloud.client("dynamodb").get_paginator("scan").paginate(TableName=site.cloud.table_name)
    found = {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}
    return {key: item for key, item in found.items() if key[0].split("#")[1:2] == [site.name]}


def restore(site: Site, backup: Items) -> None:
    dynamodb, table = site.cloud.client("dynamodb"), site.cloud.table_name
    for pk, sk in items_of(site):
        dynamodb.delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    for item in backup.values():
        dynamodb.put_item(TableName=table, Item=item)


def test_servers_should_go_on_from_what_they_have(
    running: Site,
    enrol: Callable[[Site], Server],
    new_server: Callable[[], Server],
    command: Command,
    eventually: Patience,
) -> None:
    server, stolen = enrol(running), new_server()
    stolen.enrol(running, running.ask("enrol", server="srv-02")["code"])
    assert (server.pull(), stolen.pull()) == ("applied", "applied")
    eventually(lambda: queue_is_quiet(running.cloud), "nothing of the site is under way")
    backup = items_of(running)

    assert running.import_of(running.upload_pair(SMALLER))["status"] == "held"
    assert json.loads(command("roster-admin", "approve", running.name, "--yes", "--json").stdout)["version"] == 2
    assert server.pull() == "applied"
    command("roster-admin", "revoke", running.name, "srv-02")
    delivered = server.files()
    eventually(lambda: queue_is_quiet(running.cloud), "nothing of the site is under way")
    restore(running, backup)

    assert server.run("pull", check=False).returncode, "an older version is refused"
    done = json.loads(command("roster-admin", "new-epoch", running.name, "--yes", "--json").stdout)
    assert (done["status"], done["revoked"]) == ("ok", ["srv-02"])
    assert server.pull() == "applied"
    assert server.files() == delivered
    assert server.says("status")["version"] >= done["version"] > 2
    assert stolen.run("pull", check=False).returncode
    last = SEED | {"students.csv": SMALLER["students.csv"] + b"Neville_Longbottom,Potions\n"}
    assert running.publish(last)["version"] > done["version"]
    assert server.pull() == "applied"
    assert b"Neville_Longbottom" in server.files()["students.csv"]
