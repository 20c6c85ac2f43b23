"""Nobody on the list gets a right, whatever the files, settings and bad rows say; what the files say is counted."""

from roster.encode import lines
from roster.names import fold
from roster.no_console import Barred, agreed, repacked
from roster.plan import Base, Known, plan_import
from roster.settings_file import from_dict

STUDENTS = b"version,1\nusername,class\nHarry_Potter,Potions\nRon_Weasley,Flying\n"
TEACHERS = b"version,1\nusername,class\nSeverus_Snape,Potions\nRolanda_Hooch,Flying\nRolanda_Hooch,Potions\n"
FILES = {"students.csv": STUDENTS, "teachers.csv": TEACHERS}
SNAPE = fold("severus_SNAPE")
HELD_BY_NOBODY = from_dict({})


def rights(plan: object) -> set[str]:
    return {right.username for right in plan.roster.rights}  # type: ignore[attr-defined]


def test_should_give_nobody_on_the_list_a_right_and_count_whom_the_files_name() -> None:
    plan = plan_import(FILES, HELD_BY_NOBODY, known=Known(no_console=frozenset({SNAPE, "sybill_trelawney"})))
    assert rights(plan) == {"Rolanda_Hooch"}
    assert plan.counts["teachers"] == 1
    assert plan.notices.totals["console_taken_away"] == 1
    assert plan.barred == {SNAPE}
    assert plan.unnamed == {"sybill_trelawney"}


def test_should_say_nothing_where_nobody_is_on_the_list() -> None:
    plan = plan_import(FILES, HELD_BY_NOBODY)
    assert rights(plan) == {"Severus_Snape", "Rolanda_Hooch"}
    assert "console_taken_away" not in plan.notices.totals


def test_settings_and_kept_facts_should_give_nobody_a_right_either() -> None:
    published = plan_import(FILES, HELD_BY_NOBODY)
    assert published.snapshot
    packed = published.snapshot
    base = Base(packed.blob.content_sha256, published.counts, lambda: lines(packed.data, packed.blob), 1)
    known = Known(no_console=frozenset({SNAPE}))
    for settings in ({"removals": "keep"}, {"all_groups_users": ["Severus_Snape"]}, {}):
        less = {**FILES, "teachers.csv": TEACHERS.replace(b"Severus_Snape,Potions", b",Potions")}
        for files in (FILES, less):
            plan = plan_import(files, from_dict(settings), base, known=known)
            assert rights(plan) == {"Rolanda_Hooch"}, settings


def test_should_take_the_rights_out_of_a_snapshot_and_leave_the_rest_byte_for_byte() -> None:
    whole = plan_import(FILES, HELD_BY_NOBODY).snapshot
    less = plan_import(FILES, HELD_BY_NOBODY, known=Known(no_console=frozenset({SNAPE}))).snapshot
    assert whole
    assert less
    packed, lost = repacked(lines(whole.data, whole.blob), {SNAPE, "nobody"})
    assert (packed.blob.content_sha256, lost) == (less.blob.content_sha256, 1)
    packed, lost = repacked(lines(whole.data, whole.blob), {"nobody"})
    assert (packed.blob.content_sha256, lost) == (whole.blob.content_sha256, 0)


def test_only_who_is_there_until_the_files_agree_should_go_off_the_list() -> None:
    listed = [
        Barred("a", "A", "2026-09-07T00:00:00+00:00", "arn:somebody"),
        Barred("b", "B", "2026-09-07T00:00:00+00:00", "arn:somebody", for_good=True),
        Barred("c", "C", "2026-09-07T00:00:00+00:00", "arn:somebody"),
    ]
    assert agreed(listed, {"a", "b"}) == ["a"]
    assert Barred.from_data({**vars(listed[1]), "pk": "more"}) == listed[1]
