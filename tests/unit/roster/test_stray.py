"""What systems and tools leave, which file was meant, which site was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.notices import FILES, SETTINGS, STUDENTS, TEACHERS
from roster.stray import file_like, folder_of, is_left_by_a_tool, shortened, site_like

LEFT = [
    *(".DS_Store", "._students.csv", "Thumbs.db", "desktop.ini", "Desktop.ini", ".students.csv.swp", "~$students.xlsx"),
    *("students.csv.partial", "students.csv.filepart", "students.csv.tmp", "students.tmp", "students.csv.part"),
    *("students.csv.crdownload", ".~lock.students.csv#", "students.csv~", ".nfs000000000001", ".fuse_hidden0000", ".x"),
    *("students.csv.1a2b3c4d.partial", "STUDENTS.CSV.TMP", ".students.csv.Xa81kQ", "__MACOSX/._students.csv"),
    *(".Trash-1000/students.csv", "$RECYCLE.BIN/students.csv", "#students.csv#", "tmp1a2b"),
]
CHOSEN = [
    *("Students.csv", "student.csv", "students.CSV", "students (1).csv", "students.csv.gz", "2026/students.csv"),
    *("data.xlsx", "settings.txt", "notes.txt", "students.csv.txt", "temperature.csv", "parts.csv", "partial.csv"),
]


@pytest.mark.parametrize("name", LEFT)
def test_should_know_what_systems_and_tools_leave(name: str) -> None:
    assert is_left_by_a_tool(name)


@pytest.mark.parametrize("name", [*CHOSEN, *FILES, SETTINGS])
def test_should_take_a_name_that_somebody_chose_for_no_leaving(name: str) -> None:
    assert not is_left_by_a_tool(name)


MEANT = {
    **dict.fromkeys(("students.csv.filepart", "Students.csv", "student.csv", "students.CSV"), STUDENTS),
    **dict.fromkeys(("students (1).csv", "students - Copy.csv", "Copy of students.csv", "2026/students.csv"), STUDENTS),
    **dict.fromkeys(("students.csv.1a2b3c4d.partial", "._students.csv", "~$students.csv", "students.csv~"), STUDENTS),
    **dict.fromkeys(("students", "students.txt", "students.csv.txt", "students.xlsx", " students.csv "), STUDENTS),
    **dict.fromkeys(("teacher.csv", "teachers.cvs", "TEACHERS.CSV.gz"), TEACHERS),
    "setting.json": SETTINGS,
    **dict.fromkeys(("notes.txt", "data.xlsx", "pupils.csv", ".DS_Store", "Thumbs.db", "", "/", "staff.csv"), ""),
}


@pytest.mark.parametrize(("name", "meant"), MEANT.items())
def test_should_say_which_file_was_meant(name: str, meant: str) -> None:
    assert file_like(name) == meant


SITES = ["lakeside", "hogwarts", "north-1", "north-2", "st-marys"]


@pytest.mark.parametrize(
    ("folder", "meant"),
    [
        *((name, "lakeside") for name in ("Lakeside", "Lake Side", "lakeside ", "LAKE_SIDE", "lakside", "lakesied")),
        *(("St Mary's", "st-marys"), ("NORTH 1", "north-1"), ("north-3", ""), ("durmstrang", ""), ("", ""), ("/", "")),
        ("hogwarts", ""),
    ],
)
def test_should_say_which_site_was_meant(folder: str, meant: str) -> None:
    assert site_like(folder, SITES) == meant


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("students.csv", "/"),
        ("Lakeside/students.csv", "Lakeside/"),
        ("/students.csv", "/"),
        ("a" * 900 + "/x", "a" * 100 + "/"),
    ],
)
def test_should_count_what_is_outside_any_site_by_its_folder(key: str, folder: str) -> None:
    assert folder_of(key) == folder


@given(st.text(max_size=300))
def test_should_have_an_answer_for_any_name(name: str) -> None:
    assert is_left_by_a_tool(name) in (True, False)
    assert file_like(name) in ("", *FILES, SETTINGS)
    assert site_like(name, SITES) in ("", *SITES)
    assert len(shortened(name)) <= 100
