"""`roster-admin completion`: a shell that has read the script completes our commands. Each program has a version."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from roster_commands.admin import main
from roster_commands.completion import PROGRAMS, SHELLS

bash = pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_should_print_a_script_for_each_shell_and_program(
    shell: str, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell, program]) == 0
    assert program in capsys.readouterr().out


@bash
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (("roster-admin", "up"), "upload upload-link uploader"),
        (("roster-admin", "uploader", "re"), "revoke"),
        (("roster-agent", "pu"), "pull push"),
        (("roster", "ch"), "check"),
        (("roster", "check", "--no-v"), "--no-values"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_bash_should_complete_what_was_begun(
    typed: tuple[str, ...], completed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "bash", typed[0]]) == 0
    script = capsys.readouterr().out
    (function,) = set(re.findall(r"complete -o filenames -F (\S+)", script))
    words = " ".join(f"'{word}'" for word in typed)
    ask = f"COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; {function}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == completed.split()


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_should_tell_its_version(program: str) -> None:
    path = Path(sys.executable).with_name(program)
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{program} {version('impero-sis-import')}\n"
