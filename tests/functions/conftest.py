"""What the tests of the functions' contracts share: a site, and the roster that some of them need published."""

import pytest

from local.cloud import Cloud
from tests.deployed import RunningSites, Site


@pytest.fixture
def school(cloud: Cloud, site: str) -> Site:
    """A site that no other test uses, empty."""
    return Site(cloud, site)


@pytest.fixture(scope="session")
def running_sites(cloud: Cloud) -> RunningSites:
    """The sites that `running` gives out."""
    return RunningSites(cloud, "running-for-functions", 7)


@pytest.fixture
def running(running_sites: RunningSites) -> Site:
    """A site that no other test uses, with one version: the guide's example."""
    return running_sites.take()


@pytest.fixture(scope="session")
def published(running_sites: RunningSites) -> Site:
    """A site with one version, the guide's example; for every test, so not to be changed."""
    return running_sites.take()
