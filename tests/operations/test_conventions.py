"""The house keeps its own rules: arrows, sizes, names, documents."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest
from roots import ROOT

import synergy

FILES = sorted(path for folder in ("synergy", "web", "datasets") for path in (ROOT / folder).rglob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}
# lower rooms stand first; a room may import rooms before it
ROOMS = (
    ("errors", "halting"),
    ("units", "formulas", "scenario", "solvers", "outputs"),
    ("plan", "texts", "dataset", "workbook"),
    ("network", "accounts", "literal"),
    ("candidates", "settlement"),
    ("model",),
    ("bounds", "options"),
    ("engine", "verification", "proposals", "records", "coalitions"),
    ("round", "explanation", "graph", "near_optimal", "uncertainty"),
    ("store", "forms"),
    ("worker",),
    ("web",),
    ("cli",),
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
APART = {
    "verification": {
        "network",
        "accounts",
        "candidates",
        "settlement",
        "model",
        "engine",
        "proposals",
        "records",
        "coalitions",
    },
    "literal": {"network", "accounts", "candidates", "model"},
    "settlement": {"dataset", "network", "accounts", "literal", "candidates"},
}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def _run_imports(path: Path, names: dict[str, Path]) -> set[str]:
    """Return the modules of the house that a module imports when it runs, not for its types alone."""
    found: set[str] = set()
    for node in TREES[path].body:
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = {f"{node.module}.{alias.name}" for alias in node.names} & set(names)
            found |= parts or ({node.module} & set(names))
    return found


def _room(module: str) -> str:
    return module.split(".")[1] if module.startswith("synergy.") else ""


def _module(path: Path) -> str:
    """Name by which a file is imported: the folders at the top are parts of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts if parts[0] == "synergy" else ("synergy", *parts)).removesuffix(".__init__")


def _functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef)]


def test_imports_go_one_way() -> None:
    wrong = []
    for path in FILES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] != "synergy" or len(parts) < 2 or parts[1].startswith("__"):
            continue
        for module in _imports(path):
            other = _room(module)
            if not other or other == parts[1]:
                continue
            if LEVEL[other] > LEVEL[parts[1]] or other in APART.get(parts[1], ()):
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


def _graph() -> nx.DiGraph:
    """Modules of the house, and which of them each imports when it runs."""
    names = {_module(path): path for path in FILES}
    graph = nx.DiGraph()
    for name, path in names.items():
        graph.add_edges_from((name, module) for module in _run_imports(path, names) if module != name)
    return graph


def test_no_circle() -> None:
    assert list(nx.simple_cycles(_graph())) == []


def test_the_judge_stands_on_the_tables_and_the_written_model_alone() -> None:
    reached = nx.descendants(_graph(), "synergy.verification.verify")
    assert {_room(module) for module in reached} <= {
        "verification",
        "literal",
        "dataset",
        "plan",
        "scenario",
        "errors",
        "units",
    }
    paths = [path for path in FILES if _module(path) in reached and path.name != "__init__.py"]
    foreign = {name.split(".")[0] for path in paths for node in TREES[path].body for name in _imported(node)}
    assert foreign <= {"__future__", "numpy", "pandas", "scipy", "synergy", *sys.stdlib_module_names}


def _imported(node: ast.stmt) -> set[str]:
    """Modules that a statement imports."""
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module}
    return {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()


def test_nothing_inside_is_imported_from_a_face() -> None:
    faces = {
        ".".join(path.relative_to(ROOT).parts[:-1])
        for path in FILES
        if path.name == "__init__.py" and any(isinstance(node, ast.ImportFrom) for node in ast.walk(TREES[path]))
    }
    wrong = []
    for path in FILES:
        if (
            path.parts[-2:] in (("synergy", "__init__.py"), ("synergy", "__main__.py"))
            or "synergy" not in path.relative_to(ROOT).parts
        ):
            continue
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.ImportFrom) and node.module and faces & {node.module}:
                wrong += [f"{path.relative_to(ROOT)} imports {node.module}.{alias.name}" for alias in node.names]
    assert not wrong


def test_web_knows_no_model() -> None:
    files = [path for path in FILES if path.relative_to(ROOT).parts[0] == "web"]
    rooms = {_room(module) for path in files for module in _imports(path)}
    assert not rooms & {
        "network",
        "candidates",
        "model",
        "engine",
        "literal",
        "settlement",
        "coalitions",
        "cli",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_stay_small(path: Path) -> None:
    assert path.read_text("utf-8").count("\n") <= 600
    assert path.stem not in {"util", "utils", "helper", "helpers", "common", "misc", "base"}
    for function in _functions(path):
        assert (function.end_lineno or 0) - function.lineno < 60, function.name
        given = len(function.args.args) + len(function.args.kwonlyargs)
        assert given <= 8, function.name


def test_what_is_exported_is_documented() -> None:
    [block] = [node for node in TREES[ROOT / "synergy" / "__init__.py"].body if isinstance(node, ast.If)]
    typed = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert vars(synergy)["_MODULES"] == typed
    assert set(synergy.__all__) == set(dir(synergy)) - _submodules() - {n for n in dir(synergy) if n.startswith("_")}
    assert set(synergy.__all__) == set(typed)
    assert all((getattr(synergy, name).__doc__ or "").strip() for name in synergy.__all__)


def _submodules() -> set[str]:
    inside = {path.stem for path in (ROOT / "synergy").iterdir()}
    return (inside | {"web", "datasets"}) - set(synergy.__all__)


@pytest.mark.parametrize(
    "code", ["import synergy", "from synergy.cli.main import run, Talk; run(['--version'], Talk())"]
)
def test_what_is_not_asked_for_is_not_loaded(code: str) -> None:
    code += "; import sys; print(*sys.modules); print(open('/proc/self/status').read())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not set(said.split()) & {"numpy", "pandas", "scipy", "highspy", "ortools", "flask", "sqlalchemy", "web"}
    assert int(said.partition("VmHWM:")[2].split()[0]) < 60_000  # kB


def test_public_functions_are_documented() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in FILES
        if path.parts[-2] != "make"
        for function in _functions(path)
        if not function.name.startswith("_") and not ast.get_docstring(function) and not _nested(path, function)
    ]
    assert not bare


def _nested(path: Path, function: ast.FunctionDef) -> bool:
    outer = [node for node in _functions(path) if node is not function]
    return any(function in ast.walk(node) for node in outer)


def test_the_repository_speaks_of_the_product_alone() -> None:
    command = [
        "git",
        "grep",
        "-nIE",
        r"(TODO|FIXME|XXX)\b|/(tmp|work|root)/[a-z]",
        "--",
        "*.py",
        "*.md",
        "*.toml",
        ".ci",
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [line for line in found if not line.startswith("tests/operations/test_conventions.py")] == []


def test_rooms_are_told_in_their_order() -> None:
    chapter = (ROOT / "web" / "manual" / "developer.md").read_text("utf-8")
    told = re.findall(r"^\| `synergy/(\w+)` \|", chapter, flags=re.M)
    rooms = {path.parent.name for path in (ROOT / "synergy").glob("*/__init__.py")}
    assert set(told) == rooms
    assert [LEVEL[room] for room in told] == sorted(LEVEL[room] for room in told)


EXAMPLES = sorted(_module(path) for path in FILES if re.search(r"^ *>>> ", path.read_text("utf-8"), flags=re.M))


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted
    assert not done.failed


def test_texts_in_both_languages_stand_in_catalogues() -> None:
    nodes = [(path, node) for path in FILES if "make" not in path.parts for node in ast.walk(TREES[path])]
    held = [
        inner
        for _, node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Catalogue"
        for inner in node.args
    ]
    loose = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node in nodes
        if isinstance(node, ast.Dict) and any(map(_is_pair, node.values)) and node not in held
    ]
    assert loose == []
    named = [
        path.name for path, node in nodes if isinstance(node, ast.Assign) and "LANGUAGES" in ast.unparse(node.targets)
    ]
    assert named == ["texts.py"]


def _is_pair(node: ast.expr) -> bool:
    """Whether two texts stand here, the second one in Chinese."""
    said = [one.value for one in node.elts if isinstance(one, ast.Constant)] if isinstance(node, ast.Tuple) else []
    return len(said) == 2 and [bool(re.search("[\u4e00-\u9fff]", str(text))) for text in said] == [False, True]


def test_python_of_this_run_is_supported() -> None:
    assert sys.version_info >= (3, 11)
