"""The catalogue page: everything that can be told is on it, and it is what the code says today."""

from pathlib import Path

import pytest

from docs.build import DOCS, PAGES, main, page
from roster.notices import catalogue


def test_should_be_what_the_code_says_today() -> None:
    for name, made in PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == made(), "run python docs/build.py"


@pytest.mark.parametrize("notice", catalogue(), ids=lambda notice: notice.code)
def test_should_say_of_every_notice_what_it_means_and_carries(notice: type) -> None:
    heading = f"\n### `{notice.code}`\n"  # type: ignore[attr-defined]
    assert page().count(heading) == 1
    section = page().partition(heading)[2].partition("\n#")[0]
    assert notice().advice in section
    assert [name for name in notice().details if f"`{name}`" not in section] == []
    assert ("Says also" in section) == bool(notice().details)


def test_should_write_the_page_and_notice_when_it_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "notices.md"
    assert main(["--check"], tmp_path) == 1
    assert "is stale" in capsys.readouterr().err
    assert not target.exists()
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    target.write_text(page() + "\n", encoding="utf-8")
    assert main(["--check"], tmp_path) == 1
    assert main([], tmp_path) == 0
    assert target.read_bytes() == page().encode()
