"""What the package needs is declared, in bounds that were tried, and the tested set fits it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from roots import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NEEDED = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(text) for text in texts] for name, texts in PROJECT["optional-dependencies"].items()}
EVERY = {str(one): one for one in (*NEEDED, *chain.from_iterable(EXTRAS.values())) if one.name != PROJECT["name"]}
# what is used without an import of ours
UNSEEN = {
    "tzdata": "data of zoneinfo",
    "psycopg": "named in the address of a database",
    "distributed": "imported by its name where a scheduler is given",
    "setuptools": "builds the wheel that a test looks into",
    "pytest-xdist": "pytest's option -n",
    "mypy": "a command",
    "ruff": "a command",
    "codespell": "a command",
}
OURS = {"synergy", "web", "datasets"} | {path.stem for path in (ROOT / "tests").rglob("*.py")}


@cache
def _imported(folder: str) -> frozenset[str]:
    """Return the distributions of which modules are imported below a folder."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names.add(node.module.split(".")[0])
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
                names |= {str(one.value).split(".")[0] for one in node.args if isinstance(one, ast.Constant)}
    known = packages_distributions()
    foreign = {name for name in names - OURS - set(sys.stdlib_module_names) if name in known}
    return frozenset(canonicalize_name(one) for name in foreign for one in known[name])


def _names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(one.name) for one in requirements}


def test_what_is_imported_is_declared() -> None:
    product = _imported("synergy") | _imported("web") | _imported("datasets")
    optional = _names(EXTRAS["bench"] + EXTRAS["dask"] + EXTRAS["server"])
    assert product - _names(NEEDED) - optional == set()
    assert _imported("tests") - _names(list(EVERY.values())) == set()
    assert len(product) > 20


def _without(modules: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command where some modules are not installed."""
    program = f"""
import sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Missing())
from synergy.cli.main import main

main({list(words)})
"""
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_engine_and_its_commands_need_no_server() -> None:
    served = _names(EXTRAS["server"])
    modules = [
        module for module, names in packages_distributions().items() if served & set(map(canonicalize_name, names))
    ]
    assert len(modules) >= len(served)
    for words in (["match", "datasets/tiny", "--settlement", "standalone"], ["--help"], ["run", "request", "--help"]):
        done = _without(modules, *words)
        assert done.returncode == 0, done.stderr
    for words, extra in (
        (["serve"], "server"),
        (["demo"], "demo"),
        (["round", "list"], "server"),
        (["worker"], "server"),
    ):
        done = _without(modules, "--lang", "en", *words)
        assert (done.returncode, "unexpected" in done.stderr) == (2, False), done.stderr
        assert f"pip install 'synergy-matching[{extra}]'" in done.stderr


def test_what_is_declared_is_used() -> None:
    used = _imported("synergy") | _imported("web") | _imported("datasets") | _imported("tests")
    spare = {name for name in _names(list(EVERY.values())) - used - set(UNSEEN) if "stubs" not in name}
    assert {name for name in spare if not name.startswith("types-")} == set()


def test_every_lower_bound_is_the_version_that_the_lowest_run_installs() -> None:
    done = subprocess.run(["bash", ".ci/lowest", "--versions"], cwd=ROOT, capture_output=True, text=True, check=True)
    lowest = {canonicalize_name(one.name): one for one in map(Requirement, done.stdout.split())}
    for requirement in EVERY.values():
        floors = [one.version for one in requirement.specifier if one.operator == ">="]
        assert len(floors) == 1, f"{requirement}: a lower bound is missing"
        pinned = lowest[canonicalize_name(requirement.name)]
        assert str(pinned.specifier) == f"=={floors[0]}"
        assert requirement.specifier.contains(floors[0], prereleases=True)
    assert set(lowest) == _names(list(EVERY.values()))


@pytest.mark.parametrize("requirement", EVERY.values(), ids=EVERY)
def test_the_tested_set_fits_what_is_declared(requirement: Requirement) -> None:
    lines = (ROOT / ".ci" / "locked.txt").read_text("utf-8").splitlines()
    exact = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    assert all(exact), "a line names no exact version"
    locked = {canonicalize_name(one[1]): one[2] for one in exact if one}
    assert len(locked) == len(lines), "a package is named twice"
    assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)], prereleases=True)
