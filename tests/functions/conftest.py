"""What the tests of the functions' contracts share: a site, and the roster that some of them need published."""

import pytest

from local.cloud import Cloud
from tests.deployed import SEED, Site


@pytest.fixture
def school(cloud: Cloud, site: str) -> Site:
    """A site that no other test uses, empty."""
    return Site(cloud, site)


@pytest.fixture(scope="session")
def published(cloud: Cloud) -> Site:
    """A site with one version, the guide's example; not to be changed."""
    site = Site(cloud, "published-for-the-functions")
    site.publish(SEED)
    return site
