"""The wheel holds what runs far from the repository: commands, datasets, templates; makers and benchmarks stay."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path

import pytest
from roots import HANG_S, ROOT

FOLDERS = ("synergy", "web", "datasets")
DATA = {".csv", ".json", ".toml", ".html", ".css", ".js", ".sql", ".md", ".typed"}
WEB = """
import synergy
from pathlib import Path
from synergy.store.store import make_store
from synergy.web.app import create_app

client = create_app(make_store(Path("store.db").absolute())).test_client()
for path in ("/en/sign-in", "/zh/sign-in", "/static/style.css", "/static/icon.svg"):
    answer = client.get(path)
    print(path, answer.status_code)
    assert answer.status_code == 200, path
print(synergy.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built from a copy of the sources: building leaves traces."""
    place = tmp_path_factory.mktemp("build")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, place / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(place / "out"), str(place)], check=True, cwd=place)
    (made,) = (place / "out").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with the wheel in it, which borrows what it depends on from the one that runs the tests."""
    place = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    inside = sysconfig.get_path("purelib", "venv", vars={"base": str(place), "platbase": str(place)})
    paths = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    # a path in a .pth is looked into for modules, its own .pth files (an editable install) are not
    Path(inside, "borrowed.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True)
    return place


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    inherited = _inherited()
    program = [str(folder / "bin" / command[0]), *command[1:]]
    return subprocess.run(
        program, cwd=folder, env=inherited, capture_output=True, text=True, timeout=HANG_S, check=False
    )


def test_every_file_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {
        Path("" if name == "synergy" else "synergy", path.relative_to(ROOT)).as_posix()
        for name in FOLDERS
        for path in (ROOT / name).rglob("*")
        if path.suffix in DATA | {".py"} and "make" not in path.parts
    }
    assert wanted
    assert not [name for name in held if "/make/" in name or "bench/" in name]
    assert wanted - held == set()
    assert not {name for name in held if name.split("/")[0] not in ("synergy", *_metadata(held))}
    assert "synergy/py.typed" in held


USER = """
from pathlib import Path
from typing import assert_type

from synergy import Options, read, run
from synergy.plan import Plan


def value(folder: Path, gap: float) -> float | None:
    \"\"\"Return the value of the best plan of a dataset.\"\"\"
    plan = run(read(folder), Options(gap=gap)).plan
    return None if plan is None else plan.value


assert_type(value(Path("tiny"), 1e-4), float | None)
assert_type(run(read("tiny")).plan, Plan | None)
run(read("tiny"), Options(gap="small"))
"""


def test_a_program_of_a_user_is_typed(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(USER, "utf-8")
    python = str(folder / "bin" / "python")
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "--no-error-summary"]
    options = ["--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache"), program.name]
    done = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=HANG_S, check=False
    )
    told = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert told == [
        'error: Argument "gap" to "Options" has incompatible type "str"; expected "float"  [arg-type]',
    ], done.stdout + done.stderr


def _metadata(held: set[str]) -> set[str]:
    return {name.split("/")[0] for name in held if ".dist-info/" in name}


def test_the_command_tells_its_version(folder: Path) -> None:
    done = _run(folder, "synergy", "--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("synergy, version ")


def test_benchmarks_need_a_checkout(folder: Path) -> None:
    done = _run(folder, "synergy", "bench", "links", "--lang", "en")
    assert (done.returncode, done.stdout) == (2, "")
    assert "benchmarks need a source checkout" in done.stderr


def test_the_shipped_datasets_are_sound(folder: Path) -> None:
    code = "from importlib.resources import files; print(files('synergy.datasets'))"
    datasets = Path(_run(folder, "python", "-c", code).stdout.strip())
    assert datasets.is_relative_to(folder)
    for name in ("lvliang", "tiny"):
        done = _run(folder, "synergy", "check", str(datasets / name), "--lang", "en")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_pages_have_their_templates(folder: Path) -> None:
    done = _run(folder, "python", "-c", WEB)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.splitlines()[-1]).is_relative_to(folder)


@pytest.mark.parametrize("words", [("serve", "--worker-count", "0"), ("demo",)], ids=["serve", "demo"])
def test_pages_are_served(folder: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    environment = _inherited() | {"SYNERGY_NO_BROWSER": "1"}
    command = [str(folder / "bin" / "synergy"), *words, "--port", "0", "--lang", "en"]
    with (tmp_path / "errors").open("w") as errors:
        served = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    with served:
        assert served.stdout is not None
        found = next(filter(None, (re.search(r"http://\S+/en/", line) for line in served.stdout)), None)
        assert found is not None, (tmp_path / "errors").read_text("utf-8")
        with urllib.request.urlopen(found[0] + "sign-in") as answer:
            assert answer.status == 200
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 0


def test_the_demo_runs(folder: Path) -> None:
    done = _run(folder, "synergy", "demo", "--no-serve", "--time-limit", "300", "--gap", "0.2", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "Proposals for lvliang" in done.stdout
