"""What the agent may lean on: the standard library, the roster, and three libraries."""

import ast
import sys
from pathlib import Path

import roster_agent
from roster_agent import failures
from roster_agent.net import feed_failures
from roster_agent.trust import refusals
from roster_agent.upload import upload_client, upload_failures

ALLOWED = {"roster", "roster_agent", "cryptography", "httpx2", "rich"}


def test_should_import_nothing_that_does_not_belong_on_a_schools_server() -> None:
    imported = set()
    for module in Path(roster_agent.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == ALLOWED


def test_should_have_a_top_level_that_one_look_takes_in() -> None:
    rooms = [path.stem for path in Path(roster_agent.__path__[0]).iterdir() if path.is_dir() or path.suffix == ".py"]
    assert len({room for room in rooms if room != "__pycache__"}) <= 13


def test_should_draw_every_failure_in_the_tree() -> None:
    drawn = failures.__doc__ or ""
    both = {**vars(failures), **vars(feed_failures), **vars(refusals), **vars(upload_failures), **vars(upload_client)}
    classes = [kind for kind in both.values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert [kind.__name__ for kind in classes if f" {kind.__name__}" not in drawn] == []


def test_should_say_with_every_failure_what_to_do() -> None:
    both = {**vars(failures), **vars(feed_failures), **vars(refusals), **vars(upload_failures), **vars(upload_client)}
    kinds = [kind for kind in both.values() if isinstance(kind, type) and issubclass(kind, failures.AgentError)]
    raised = [kind for kind in kinds if not any(other is not kind and issubclass(other, kind) for other in kinds)]
    assert [kind.__name__ for kind in raised if "\n\n" not in (kind.__doc__ or "")] == []
