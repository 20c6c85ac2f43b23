"""The benchmarks can be run: what they start, starts."""

from pathlib import Path

import pytest

from benchmarks import imports

HANDLERS = sorted((Path(__file__).parents[2] / "functions").glob("*/handler.py"))


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_every_handler_can_be_imported_to_be_timed(handler: Path) -> None:
    assert imports.of_handler(handler) > 0
