"""Measures of the code beside those of an earlier commit: ``python tests/tools/structure.py [--before COMMIT]``.

Counted over ``synergy`` and ``web``: files and lines, classes whose name exists twice, annotations with ``Any``, the
word "what" in summaries of docstrings, modules that one sibling alone imports, and the files and functions of the
package that one ``synergy match datasets/tiny`` passes through.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from roots import ROOT

BEFORE = "453a861"
TRACE = """
import ast, importlib, sys, threading
seen = set()
def profile(frame, event, _):
    if event == "call":
        seen.add((frame.f_code.co_filename, frame.f_code.co_qualname))
main = importlib.import_module("synergy.cli.main")
root = main.__file__.rsplit("/", 2)[0]
sys.setprofile(profile)
threading.setprofile(profile)
sys.argv = ["synergy", "match", sys.argv[1]]
try:
    main.main()
except SystemExit:
    pass
finally:
    sys.setprofile(None)
classes = {
    (file, node.name)
    for file in {file for file, _ in seen if file.startswith(root)}
    for node in ast.walk(ast.parse(open(file, encoding="utf-8").read()))
    if isinstance(node, ast.ClassDef)
}
# a function has a name of its own: no expression, no body of a module or class
parts = {(file, name): name.rpartition(".")[2] for file, name in seen if file.startswith(root)}
own = {one for one, last in parts.items() if not last.startswith("<") and (one[0], last) not in classes}
print(len({file for file, _ in own}), len(own), file=sys.stderr)
"""


def measures(root: Path) -> dict[str, float]:
    """Return the measures of a checkout by name."""
    paths = sorted(path for folder in ("synergy", "web") for path in (root / folder).rglob("*.py"))
    trees = {path: ast.parse(path.read_text("utf-8")) for path in paths}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    classes = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    words = " ".join(_summaries(nodes)).lower().split()
    aliases = {"Any"} | {name for tree in trees.values() for name in _aliases(tree)}
    files, functions = _traced(root)
    return {
        "files": len(paths),
        "lines": sum(path.read_text("utf-8").count("\n") for path in paths),
        "names of several classes": sum(count > 1 for count in classes.values()),
        "annotations with Any": sum(_loose(note, aliases) for node in nodes for note in _annotations(node)),
        '"what" in 1,000 words of summaries': round(
            1000 * sum(word.strip(".,:;") == "what" for word in words) / len(words), 1
        ),
        "modules imported by one sibling alone": _lonely(root, trees),
        "files passed by match tiny": files,
        "functions passed by match tiny": functions,
    }


def _summaries(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield (ast.get_docstring(node) or "").partition("\n\n")[0]


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    """Annotations of the arguments and the result of a function."""
    if isinstance(node, ast.FunctionDef):
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        notes = [one.annotation for one in given if one is not None]
        yield from (note for note in (*notes, node.returns) if note is not None)


def _aliases(tree: ast.Module) -> Iterator[str]:
    """Names that a module gives to dictionaries of anything, such as ``Document = dict[str, Any]``."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if ast.unparse(value) in ("dict[str, Any]", "Mapping[str, Any]"):
                    yield name


def _loose(note: ast.expr, aliases: set[str]) -> bool:
    return any(isinstance(one, ast.Name) and one.id in aliases for one in ast.walk(note))


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts if parts[0] == "synergy" else ("synergy", *parts)).removesuffix(".__init__")


def _lonely(root: Path, trees: dict[Path, ast.Module]) -> int:
    """How many modules have one importer, which stands beside them."""
    names = {_module(root, path) for path in trees} | {_module(root, path).removeprefix("synergy.") for path in trees}
    importers: dict[str, set[str]] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    importers.setdefault(full if full in names else node.module, set()).add(_module(root, path))
    rooms = {name: {one.rpartition(".")[0].removeprefix("synergy.") for one in by} for name, by in importers.items()}
    return sum(
        len(importers[name]) == 1 and rooms[name] == {name.rpartition(".")[0].removeprefix("synergy.")}
        for name in importers
        if name in names
    )


def _traced(root: Path) -> tuple[int, int]:
    """Files and functions of the package that one match of the tiny dataset calls."""
    command = [sys.executable, "-c", TRACE, str(root / "datasets" / "tiny")]
    done = subprocess.run(
        command,
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    files, functions = done.stderr.split()[-2:]
    return int(files), int(functions)


def main() -> None:
    """Print the measures of this checkout beside those of an earlier commit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default=BEFORE, help=f"a commit ({BEFORE})")
    before = parser.parse_args().before
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", before], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as held:
            held.extractall(folder, filter="data")
        then, now = measures(Path(folder)), measures(ROOT)
    print(f"{'':42}{before:>10}{'now':>10}")
    for name, value in now.items():
        print(f"{name:42}{then[name]:>10,}{value:>10,}")


if __name__ == "__main__":
    main()
