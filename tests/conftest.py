"""What all the tests share: no way to anybody's AWS account, and one local cloud for the tests that ask for it."""

import os
from collections.abc import Iterator

import pytest

from local.cloud import Cloud
from local.emulator import credentials


@pytest.fixture(autouse=True, scope="session")
def _no_real_account() -> Iterator[None]:
    """Hide a developer's own AWS settings from every test and from every process that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        settings = credentials() | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, _no_real_account: None) -> Iterator[Cloud]:
    """template.yaml, deployed. Tests share it, so each takes a site of its own (see `site`)."""
    with Cloud(folder=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def site(request: pytest.FixtureRequest) -> str:
    """A site that no other test uses."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower())
    return f"{name[:50].strip('-')}-{next(_numbers)}"


_numbers = iter(range(1, 1_000_000))
