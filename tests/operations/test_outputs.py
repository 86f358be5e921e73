"""Files that the program writes, and a standard output that takes no more."""

from __future__ import annotations

import ast
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from form_files import judged
from roots import HANG_S, ROOT

from synergy.cli.console import Talk
from synergy.cli.main import run
from synergy.errors import UsageError
from synergy.forms.writing import declaration_file
from synergy.outputs import written_whole
from synergy.records.names import Seat
from synergy.store import declarations
from synergy.store.store import Store

TINY = str(ROOT / "datasets" / "tiny")
FULL = Path(os.devnull).with_name("full")


def _run(*words: str, **streams: object) -> subprocess.CompletedProcess[str]:
    inherited = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "synergy", *words]
    options: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(command, env=inherited, text=True, timeout=HANG_S, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_a_link_is_followed_and_a_mode_kept(tmp_path: Path) -> None:
    real, link, lost = tmp_path / "real", tmp_path / "link", tmp_path / "lost"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    lost.symlink_to("made")
    written_whole(link, b"new")
    written_whole(lost, b"made")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert lost.is_symlink()
    assert (tmp_path / "made").read_text() == "made"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o666 & ~umask
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "lost", "made", "real"]


def test_a_file_of_two_names_stays_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a longer text than the new one")
    other.hardlink_to(one)
    written_whole(one, b"new")
    assert other.read_text() == "new"


def test_a_pipe_and_a_device_are_written_to(tmp_path: Path) -> None:
    pipe, heard = tmp_path / "pipe", []
    os.mkfifo(pipe)
    listener = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    listener.start()
    written_whole(pipe, b"told")
    listener.join()
    assert heard == [b"told"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    written_whole(os.devnull, b"nothing")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.file: No such file"):
        written_whole(tmp_path / "nowhere" / "file", b"x")
    with pytest.raises(UsageError, match="Is a directory"):
        written_whole(tmp_path, b"x")
    with pytest.raises(UsageError, match="No space left"):
        written_whole(FULL, b"x")
    assert [*tmp_path.iterdir()] == []


def test_the_plan_goes_to_standard_output_where_it_is_named(tmp_path: Path) -> None:
    case = str(ROOT / "tests" / "cases" / "transportation")
    for place in (Path(os.devnull).with_name("stdout"), Path("/proc/self/fd/1")):
        done = _run("match", case, "--settlement", "none", "--out", str(place), "--lang", "en")
        assert done.returncode == 0, done.stderr
        assert '"schema": "synergy/plan/' in done.stdout
    with (tmp_path / "file").open("w") as file:
        assert _run("match", case, "--settlement", "none", "--out", "/dev/stdout", stdout=file).returncode == 0
    assert '"schema": "synergy/plan/' in (tmp_path / "file").read_text()


def test_no_other_writer_is_left() -> None:
    """Whoever writes a file that a person named does it by the one function; the rest lies in folders of its own."""
    own = {
        "store/backup.py",
        "store/datasets.py",
        "forms/reading.py",
        "bench/claims.py",
        "bench/generate.py",
        "outputs.py",
    }
    found = set()
    for path in (ROOT / "synergy").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            called = isinstance(node, ast.Call) and name == "to_csv" and bool(node.args)
            if called or name in ("write_text", "write_bytes"):
                found.add(path.relative_to(ROOT / "synergy").as_posix())
    assert found <= own


@pytest.mark.parametrize(
    "words",
    [("check", TINY), ("check", TINY, "--json"), ("schema",), ("--help",), ("--version",), ("explain", "--help")],
)
def test_a_full_disk_is_told_in_a_line(words: tuple[str, ...]) -> None:
    with FULL.open("w") as full:
        done = _run(*words, "--lang", "en", stdout=full) if words[0] != "--version" else _run(*words, stdout=full)
        silent = _run(*words, stdout=full, stderr=full)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["error: the system refuses: No space left on device"]
    assert silent.returncode == 1


def test_a_refusal_of_the_system_is_no_fault_of_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "somewhere")

    monkeypatch.setattr("synergy.cli.commands.check_dataset", refuse)
    assert run(["check", TINY], Talk("zh")) == 1
    assert capsys.readouterr().err == "错误: 系统拒绝：somewhere: Permission denied\n"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("enterprise", ["EAST", "GLASS", "TARCO"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_form_is_written_as_its_file_is_called(
    enterprise: str, lang: str, ending: str, declared: tuple[Store, int], tmp_path: Path
) -> None:
    store, ident = declared
    from stores import editor

    known = declarations.ground(store, editor(enterprise), Seat(ident, enterprise))
    data = declaration_file(known, lang, ending)
    assert data.startswith(b"PK" if ending == ".xlsx" else b"\xef\xbb\xbf")
    found = judged(declared, data, ending[1:], enterprise)
    assert [problem.line() for problem in found.problems] == []
    assert found.changes is not None
    assert (found.changes.added, found.changes.removed, found.changes.changed) == ([], [], [])


def test_a_form_is_not_written_under_a_false_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "form.csv"
    talk = Talk("en")
    assert run(["template", str(place), "--dataset", TINY, "--enterprise", "GLASS"], talk) == 0
    assert place.read_text("utf-8-sig").startswith("sheet,site,subject,amount,unit,price,price_unit,")
    for words in ([str(place)], [str(tmp_path / "form.ods"), "--dataset", TINY, "--enterprise", "GLASS"]):
        assert run(["template", *words], talk) == UsageError.exit_status
        assert "expected a file that ends in .xlsx" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["form.csv"]


def test_the_outcome_of_a_full_disk_is_no_half_plan(tmp_path: Path) -> None:
    place = tmp_path / "plan.json"
    place.write_text("{}")
    case = str(ROOT / "tests" / "cases" / "transportation")
    done = _run("match", case, "--settlement", "none", "--out", str(FULL), "--lang", "en")
    assert done.returncode == UsageError.exit_status
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(place.read_text()) == {}
