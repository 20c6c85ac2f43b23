"""Bad data raises nothing; what is raised about our own data repeats nothing of it: its values are pupils."""

import ast
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import roster
from roster.notices import FileError
from tests.unit.roster.samples import csv, plan

MODULES = sorted(Path(roster.__path__[0]).glob("*.py"))

# All that an exception's text may show besides its own words: lengths, numbers, and the problems of a settings.json,
# which say where something stands there and not what. Names that the code itself gives: of checks, of log events.
SHOWN = {"len(data)", "blob.bytes", "int(read['format'])", "FORMAT", "what", "'; '.join(map(str, problems))"}
SHOWN |= {"check.code", "event['message']", "', '.join(sorted(missing))"}

# They carry a notice, or the answer to a person, to whoever tells of it, and end there. The answer to an uploader names
# one of the files that can be uploaded; that about a contact names a kind of address. Nothing else that was asked.
CARRIERS = {"_Refused", "TooMany", "BadUpload", "BadContact"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_should_show_nothing_but_numbers_in_exceptions(module: Path) -> None:
    raised = [
        node.exc for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(node, ast.Raise)
    ]
    for error in raised:
        if isinstance(error, ast.Call) and ast.unparse(error.func) not in CARRIERS:
            for argument in error.args:
                assert isinstance(argument, ast.Constant | ast.JoinedStr) or ast.unparse(argument) in SHOWN
            shown = {ast.unparse(node.value) for node in ast.walk(error) if isinstance(node, ast.FormattedValue)}
            assert shown <= SHOWN, ast.unparse(error)


def test_should_look_at_exceptions_that_there_are() -> None:
    assert sum("raise Corrupt" in module.read_text(encoding="utf-8") for module in MODULES) >= 2


starts = st.sampled_from([b"", csv(), csv().replace(b",", b";"), b"\xef\xbb\xbf" + csv(), csv(end="\r"), b"version,1"])
utf16 = st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"\xff\xfe" + csv().decode().encode("utf-16-le")])
rows = st.lists(st.binary(max_size=20) | st.sampled_from([b",", b'"', b"\n", b"\r", b"\0", b"@", b"\xc3"])).map(
    b"".join
)
files = st.tuples(starts | utf16, rows).map(b"".join)


@given(files, files)
@example(b"", b"")
@example(b"\xff\xfe", b"\xfe\xff\xd8")
@example(csv() + b"\xff", b"\xff\xfe\0\xd8")
def test_should_read_any_bytes_or_say_why_not(students: bytes, teachers: bytes) -> None:
    made = plan(students, teachers)
    refused = {notice.file for notice in made.notices.listed() if isinstance(notice, FileError)}
    assert (made.outcome == "failed") == bool(refused) == (made.roster is None)
    for file, data in (("students.csv", students), ("teachers.csv", teachers)):
        if file not in refused and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            data.decode()
