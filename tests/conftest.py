"""What all the tests share: no way to anybody's AWS account, and one local cloud for the tests that ask for it.

Property tests have the same examples on every run, so that a change is judged by what it changes, and all the time that
a busy machine needs. `pytest tests/unit --hypothesis-profile=explore` looks for new examples.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from local.cloud import Cloud
from local.emulator import credentials

_TESTS = Path(__file__).parent

# Here and in no folder below: a test has the profile that was loaded when its module was imported.
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", settings.get_profile("same"), derandomize=False, max_examples=20_000)
settings.load_profile("same")


# Files that wait most come first, and the small ones last, so that no worker has long to do when the others are ready.
_FIRST = ("flow", "aws", "browser", "functions", "unit")


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as there are processors: many tests wait for the local cloud more than they work."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files by their folder, as `--no-loadscope-reorder` then leaves them."""
    items.sort(key=lambda item: _FIRST.index(item.path.relative_to(_TESTS).parts[0]))


@pytest.fixture(autouse=True, scope="session")
def _no_real_account() -> Iterator[None]:
    """Hide a developer's own AWS settings from every test and from every process that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        ours = credentials() | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name, value in ours.items():
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
