"""`watch_fleet`: the hourly look, as deployed."""

from tests.deployed import Site, event, invoke, reports_logged


def test_should_report_the_fleet_in_numbers(published: Site) -> None:
    numbers = invoke(published.cloud, "WatchFleetFunction", event("watch_fleet/hourly"))
    assert numbers["Sites"] >= 1
    told = reports_logged(published.cloud, "fleet_report")[-1]
    assert numbers.items() <= told.items()
