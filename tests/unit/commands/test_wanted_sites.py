"""The sites of a list: what is read of it, and that nothing is made of a list with anything wrong in it."""

from pathlib import Path

import pytest

from roster_commands.wanted_sites import BadList, WantedSite, read_list, server_names, uploader_names

ALL = WantedSite("north", "it@north.example", ("srv-01", "srv-02"), ("office", "mis"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("site,contact,servers,uploaders\nnorth,it@north.example,2,office mis\n", [ALL]),
        ("uploaders,servers,contact,site\noffice mis,2,it@north.example,north\n", [ALL]),
        (" Site ;CONTACT;servers;uploaders\nnorth;it@north.example;srv-01,srv-02;office,mis\n", [ALL]),
        (
            '\ufeffsite,servers,town,uploaders,contact\r\nnorth,"SRV-01; srv-02",,Office; mis,it@north.example',
            [ALL],
        ),
        ("site\nnorth\n\n  \nsouth\n", [WantedSite("north"), WantedSite("south")]),
        ("site,servers\nnorth,0\nsouth,\n", [WantedSite("north"), WantedSite("south")]),
    ],
)
def test_should_read_a_list(text: str, wanted: list[WantedSite], tmp_path: Path) -> None:
    file = tmp_path / "schools.csv"
    file.write_text(text, "utf-8", newline="")
    assert read_list(file) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["needs a first line of headings"]),
        ("north,2\n", ["needs a first line of headings"]),
        ("site\n", ["names no site"]),
        ("site\nnorth\nNorth\n", ["row 3: 'North' cannot be a site"]),
        ("site\nnorth\nsouth\nnorth\n", ["row 4: north stands in row 2 too"]),
        ("site,servers\n,2\n", ["row 2: there is no site in this row"]),
        ("site,servers\nnorth,51\n", ["row 2: 51 servers are more than 50"]),
        ("site,contact\nnorth,head\n", ["row 2: mail: an address such as"]),
        (
            "site,servers,uploaders\nn_1,a_b,office!\nsouth,-1,ok\n",
            ["row 2: 'n_1' cannot", "row 2: 'a_b' cannot be a server", "row 2: 'office!' cannot", "row 3: '-1' cannot"],
        ),
        ('site\n"nor\nth\n', ["this is not CSV"]),
    ],
)
def test_should_tell_everything_that_is_wrong_with_a_list(text: str, said: list[str], tmp_path: Path) -> None:
    file = tmp_path / "schools.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(BadList) as refused:
        read_list(file)
    lines = str(refused.value).splitlines()
    assert len(lines) == len(said)
    for line, expected in zip(lines, said, strict=True):
        assert expected in line
        assert line.startswith(str(file))


def test_should_say_why_a_list_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadList, match="No such file"):
        read_list(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("site,contact\nnorth,Zoë@north.example".encode("latin-1"))
    with pytest.raises(BadList, match="not UTF-8"):
        read_list(tmp_path / "latin.csv")


def test_should_name_servers_by_a_number_or_each() -> None:
    assert server_names("3") == ("srv-01", "srv-02", "srv-03")
    assert server_names("Library, lab lab") == ("library", "lab")
    assert server_names("") == uploader_names("") == ()
    assert uploader_names("12") == ("12",)
