"""The house: no circle between files, no name for two things, small rooms, tests that say what should happen."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Where the packages of the whole product are: the folders that Python looks for them in.
ROOMS = ("layers/core", "layers/aws", "agent", "commands", "functions", ".")
PACKAGES = ("roster", "roster_pages", "roster_aws", "roster_agent", "roster_commands", "local")
#: Names of modules in several packages, which mean the same in each: what holds a version that would remove too much;
#: what looks at all that a stack, or a server, needs; what an administrator may do; a function's entry.
SAME_IN_EACH = {"guard", "doctor", "admin", "handler"}


def modules() -> dict[str, Path]:
    """Every file of the product, by the name under which it is imported."""
    found: dict[str, Path] = {}
    for room in ROOMS:
        for package in sorted((ROOT / room).iterdir()):
            if package.name in PACKAGES or room == "functions":
                for file in sorted(package.rglob("*.py")):
                    name = ".".join(file.relative_to(ROOT / room).with_suffix("").parts)
                    found[name.removesuffix(".__init__")] = file
    return found


def imported(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """The names that a file imports, wherever in it: at the top, in a function, for the type checker alone."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def file_of(name: str, known: Mapping[str, object]) -> str | None:
    """The module that holds a name: the name itself, or what it is taken from."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def arrows() -> dict[str, set[str]]:
    known = modules()
    return {
        module: {
            target
            for name in imported(file.read_text("utf-8"), module, is_package=file.name == "__init__.py")
            if (target := file_of(name, known)) and target != module
        }
        for module, file in known.items()
    }


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Every set of modules that reach each other, sorted (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        path.append(module)
        for target in sorted(graph[module]):
            if target not in order:
                visit(target)
            if target in path:
                lowest[module] = min(lowest[module], lowest[target])
        if lowest[module] == order[module]:
            ring = path[path.index(module) :]
            del path[path.index(module) :]
            if len(ring) > 1:
                found.append(sorted(ring))

    for module in sorted(graph):
        if module not in order:
            visit(module)
    return sorted(found)


def names_of_tests(source: str) -> Iterator[str]:
    """The tests that pytest finds in a file: its functions and the methods of its classes, by their names."""
    scopes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.ClassDef))
    for scope in scopes:
        for node in scope.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                yield node.name


def says_what_should_happen(name: str) -> bool:
    return re.fullmatch(r"test_([a-z0-9_]+_)?should_[a-z0-9_]+", name) is not None


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import local.cloud", {"local.cloud"}),
        ("from local import cloud, widget", {"local.cloud", "local.widget"}),
        ("from local.cloud import Cloud", {"local.cloud.Cloud"}),
        ("from . import cloud", {"local.cloud"}),
        ("from .cloud import Cloud", {"local.cloud.Cloud"}),
        ("if TYPE_CHECKING:\n    from local.cloud import Cloud", {"local.cloud.Cloud"}),
        ("def later():\n    from local.cloud import Cloud", {"local.cloud.Cloud"}),
    ],
)
def test_should_see_every_import_of_a_file(source: str, names: set[str]) -> None:
    assert set(imported(source, "local.widget")) == names


def test_should_take_an_import_for_the_file_that_holds_the_name() -> None:
    known = {"local": 1, "local.cloud": 2}
    assert file_of("local.cloud.Cloud", known) == "local.cloud"
    assert file_of("local.STACK_NAME", known) == "local"
    assert file_of("boto3.client", known) is None


def test_should_find_circles() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"f"}, "f": {"g"}, "g": {"e"}}
    assert circles(graph) == [["b", "c"], ["e", "f", "g"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_files_should_import_each_other_in_a_circle() -> None:
    graph = arrows()
    assert {module.partition(".")[0] for module in graph} >= set(PACKAGES), "a package has no files: see ROOMS"
    assert any(graph[module] for module in graph if module.endswith(".handler")), "the functions import nothing"
    assert circles(graph) == []


def test_no_two_packages_should_have_a_module_of_the_same_name_for_different_things() -> None:
    packages: dict[str, set[str]] = {}
    for module in modules():
        package, _, name = module.rpartition(".")
        if package and not name.startswith("__"):
            packages.setdefault(name, set()).add(package.partition(".")[0])
    assert {name: found for name, found in packages.items() if len(found) > 1 and name not in SAME_IN_EACH} == {}
    assert all(len(packages[name]) > 1 for name in SAME_IN_EACH), "a name is there once by now"


def test_roster_aws_should_stay_a_small_room() -> None:
    """A folder counts as one. So does what `process` imports not at all: it is there to import every part."""
    files = {module: targets for module, targets in arrows().items() if module.startswith("roster_aws.")}
    of_parts = {module: targets for module, targets in files.items() if module != "roster_aws.process"}
    parts = {_part(module) for module in of_parts}
    arrows_inside = {
        (_part(module), _part(target))
        for module, targets in of_parts.items()
        for target in targets & of_parts.keys()
        if _part(module) != _part(target)
    }
    untyped = [
        f"{module}: {line.strip()}"
        for module in files
        for line in modules()[module].read_text("utf-8").splitlines()
        if "dict[str, Any]" in line
    ]
    assert len(parts) <= 28, parts
    assert len(arrows_inside) <= 80, len(arrows_inside)
    assert len(untyped) < 30, untyped


def _part(module: str) -> str:
    """The file or folder of a package that a module is in."""
    return ".".join(module.split(".")[:2])


def test_the_agent_should_have_few_rooms_at_its_top() -> None:
    top = [
        path.name
        for path in (ROOT / "agent/roster_agent").iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists())
    ]
    assert len(top) <= 12, top


@pytest.mark.parametrize(
    ("project", "packages"),
    [(".", {"roster", "roster_agent", "roster_commands", "roster_pages"}), ("agent", {"roster", "roster_agent"})],
)
def test_every_package_should_take_along_the_mark_that_it_has_types(project: str, packages: set[str]) -> None:
    setuptools = tomllib.loads((ROOT / project / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert setuptools["package-data"] == {package: ["py.typed"] for package in packages}


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != "local"])
def test_every_package_should_have_the_mark_that_it_has_types(package: str) -> None:
    assert any((ROOT / room / package / "py.typed").is_file() for room in ROOMS)


def test_should_find_tests_in_files_and_classes() -> None:
    source = """
async def test_one() -> None:
    def test_no_more() -> None: ...
class TestThat:
    def test_two(self) -> None: ...
    def helps(self) -> None: ...
"""
    assert list(names_of_tests(source)) == ["test_one", "test_two"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test_should_remove_nobody", True),
        ("test_the_agent_should_remove_nobody", True),
        ("test_nobody_is_removed", False),
        ("test_should", False),
        ("test_should_", False),
    ],
)
def test_should_see_whether_a_name_says_what_should_happen(name: str, expected: bool) -> None:
    assert says_what_should_happen(name) is expected


def test_every_test_should_say_what_should_happen() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    assert len(files) > 100
    others = [
        str(file.relative_to(ROOT))
        for file in files
        if not all(map(says_what_should_happen, names_of_tests(file.read_text("utf-8"))))
    ]
    assert others == []
