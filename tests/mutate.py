"""Changes the modules where a fault would cost most, one place at a time, and looks whether a test notices.

In: names of modules, all of MODULES without any. Out: the changes that no test noticed and that docs/mutants.md does
not explain; exit status 1 where there are any. The work is done on a copy of the files that git knows, so that nothing
here ever stands changed. It takes minutes to an hour a module, and so is no part of what a change has to pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.config import serialize_config
from cosmic_ray.work_db import WorkDB, use_db

ROOT = Path(__file__).parents[1]
EXPLAINED = ROOT / "docs" / "mutants.md"
CORE, AWS, AGENT = "layers/core/roster", "layers/aws/roster_aws", "agent/roster_agent"
RULES, ADAPTERS, OF_AGENT = "tests/unit/roster", "tests/aws", "tests/unit/agent"

# Each module, and the tests that are to notice: those that are about it, so that a change is judged in seconds.
MODULES = {
    f"{CORE}/guard.py": f"{RULES}/test_guard.py {RULES}/test_school_year.py",
    f"{CORE}/protect.py": f"{RULES}/test_protect.py {RULES}/test_history.py",
    f"{CORE}/encode.py": f"{RULES}/test_versions.py {OF_AGENT}/test_deltas.py",
    f"{AWS}/signing.py": f"tests/unit/cloud/test_keyrings.py {ADAPTERS}/test_signing.py",
    f"{AWS}/dynamo/lease.py": f"{ADAPTERS}/test_leases.py",
    f"{AWS}/results.py": f"{ADAPTERS}/test_orders.py {ADAPTERS}/test_reports.py {ADAPTERS}/test_importing.py",
    f"{AWS}/store.py": f"{ADAPTERS}/test_settling.py {ADAPTERS}/test_holding.py {ADAPTERS}/test_leftovers.py",
    f"{AGENT}/trust/trusted_keys.py": f"{OF_AGENT}/test_trust.py {OF_AGENT}/test_signatures.py",
    f"{AGENT}/trust/rules.py": f"{OF_AGENT}/test_trust.py {OF_AGENT}/test_signatures.py",
    f"{AGENT}/update/apply.py": " ".join(
        f"{OF_AGENT}/{name}.py" for name in ("test_pull", "test_full_disk", "test_interruptions")
    ),
}

# Changes that say nothing, or the same as another: unions in annotations, which are never evaluated; `is` for `==`,
# which is the same of small numbers and constants; and of arithmetic no more than +, -, * and //.
IDLE = [
    r"core/ReplaceBinaryOperator_BitOr_.*",
    r"core/ReplaceBinaryOperator_BitAnd_(?!BitOr|Sub).*",
    r"core/ReplaceBinaryOperator_.*_(Pow|RShift|LShift|BitAnd|BitXor|Mod|Div)",
    r"core/ReplaceBinaryOperator_(?!BitAnd).*_BitOr",
    r"core/ReplaceComparisonOperator_(Is|IsNot)_.*",
    r"core/ReplaceComparisonOperator_.*_(Is|IsNot)",
]
PATIENCE_SECONDS = 120.0


class Survivor(NamedTuple):
    """A change that no test noticed: a module's line as it is, and as it became."""

    module: str
    was: str
    became: str

    def __str__(self) -> str:
        return f"- `{self.was}` → `{self.became}`"

    def is_explained(self, text: str) -> bool:
        """Whether docs/mutants.md has this change, or says of such a line that no change of it matters."""
        return str(self) in text or f"- `{self.was}` anywhere" in text


def main(wanted: list[str]) -> int:
    """Exit status 1 where something survived that nobody has explained."""
    chosen = [module for module in MODULES if not wanted or any(part in module for part in wanted)]
    explained = EXPLAINED.read_text(encoding="utf-8")
    unknown = 0
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for module, (changes, survivors) in zip(chosen, threads.map(mutate, chosen), strict=True):
            new = [survivor for survivor in survivors if not survivor.is_explained(explained)]
            unknown += len(new)
            print(f"{module}: {changes} changes, {len(survivors)} unnoticed, {len(new)} unexplained", flush=True)
            for survivor in new:
                print(f"  {survivor}", flush=True)
    return 1 if unknown else 0


def mutate(module: str) -> tuple[int, list[Survivor]]:
    """How many changes were tried, and those that no test noticed."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        _copy(tree)
        config, session = Path(folder) / "config.toml", Path(folder) / "session.sqlite"
        config.write_text(serialize_config(_config(module)), encoding="utf-8")
        _run("cosmic_ray.cli", "init", str(config), str(session), tree=tree)
        _run("cosmic_ray.tools.filters.operators_filter", str(session), str(config), tree=tree)
        # Without a change the tests have to pass, else every change would seem to be noticed.
        subprocess.run(_test_command(module).split(), cwd=tree, env=_environment(tree), check=True, stdout=sys.stderr)
        _run("cosmic_ray.cli", "exec", str(config), str(session), tree=tree)
        with use_db(session, WorkDB.Mode.open) as work:
            results = [result for _, result in work.completed_work_items if result.test_outcome]
        return len(results), [_survivor(module, result.diff) for result in results if not result.is_killed]


def _config(module: str) -> dict[str, object]:
    return {
        "module-path": module,
        "timeout": PATIENCE_SECONDS,
        "excluded-modules": [],
        "test-command": _test_command(module),
        "distributor": {"name": "local"},
        "filters": {"operators-filter": {"exclude-operators": IDLE}},
    }


def _test_command(module: str) -> str:
    # What noticed one change is likely to notice the next.
    return f"{sys.executable} -m pytest -x -q -n 0 --failed-first {MODULES[module]}"


def _copy(tree: Path) -> None:
    """The files that git knows or would take, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def _run(program: str, *arguments: str, tree: Path) -> None:
    command = [sys.executable, "-m", program, *arguments]
    subprocess.run(command, cwd=tree, env=_environment(tree), check=True, stdout=sys.stderr)


def _environment(tree: Path) -> dict[str, str]:
    """Programs that tests start find the copy too, and not what is installed."""
    paths = (tree / path for path in ("layers/core", "layers/aws", "agent", "commands", "."))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}


def _survivor(module: str, diff: str | None) -> Survivor:
    return Survivor(module, *(" ".join(filter(None, _lines(diff or "", sign))) for sign in "-+"))


def _lines(diff: str, sign: str) -> Iterator[str]:
    for line in diff.splitlines():
        if line.startswith(sign) and not line.startswith(sign * 3):
            yield line[1:].strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
