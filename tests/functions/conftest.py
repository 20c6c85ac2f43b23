"""What the tests of the functions' contracts share: a site, and the roster that some of them need published."""

import pytest

from local.cloud import Cloud
from tests.deployed import RunningSites, Site


@pytest.fixture(scope="session", autouse=True)
def _site_of_the_examples(cloud: Cloud) -> None:
    """The site that events/*.json name is there."""
    Site(cloud, "hogwarts").add()


@pytest.fixture
def school(cloud: Cloud, site: str) -> Site:
    """A site that no other test uses, added and empty."""
    school = Site(cloud, site)
    school.add()
    return school


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
