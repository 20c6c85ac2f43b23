"""The benchmarks can be run: what they start, starts."""

from pathlib import Path

import pytest

from benchmarks import imports

HANDLERS = sorted((Path(__file__).parents[2] / "functions").glob("*/handler.py"))


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_should_time_the_import_of_every_handler(handler: Path) -> None:
    assert imports.of_handler(handler) > 0
