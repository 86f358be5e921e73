"""Versions of stores: what the migrations make, what is refused; copies and their restoration."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from stores import PLANNER, Place, begun, editor, proposals, responding_round

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.errors import ConflictError, RefusedError, SynergyError, UsageError
from synergy.records.names import Seat
from synergy.store import accounts, commit, declarations, tables
from synergy.store.backup import back_up, make_copy, restore
from synergy.store.database import current, database
from synergy.store.leases import ready
from synergy.store.store import KEY_FILE, Store, make_store, open_store

COMMANDS = (
    ["db", "init"],
    ["serve", "--port", "0"],
    ["worker", "--once"],
    ["audit", "verify"],
    ["round", "list"],
    ["user", "list"],
    ["enterprise", "depart", "EAST"],
    ["token", "list"],
)
BEFORE = [f"000{number}" for number in range(1, 8)]  # versions of stores that no release made


@pytest.mark.parametrize("version", [*BEFORE, "9999"])
def test_a_store_of_another_version_is_refused(version: str, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with place.store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :one"), {"one": version})
    said = {
        "en": ("made by a development version before 0.1.0", "made by a newer program"),
        "zh": ("由 0.1.0 之前的开发版本建立", "由更新版本的程序建立"),
    }
    for lang, command in itertools.product(said, COMMANDS):
        assert run_command([*command, "--db", place.address], Talk(lang)) == 1, command
        told = capsys.readouterr().err
        assert said[lang][version not in BEFORE] in told, command
        assert version in told, command
    assert run_command(["db", "version", "--db", place.address], Talk("en")) == 0
    assert version in capsys.readouterr().out
    assert current(place.store.database) == version
    assert not ready(place.store)["store"]


def test_only_its_owner_reads_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE, raising=False)
    before = os.umask(0o022)
    try:
        store = make_store(tmp_path / "store.db")
        begun(store)
        assert {one.name for one in tmp_path.iterdir()} >= {f"store.db{end}" for end in ("", "-wal", "-shm", ".key")}
        make_copy(store, accounts.MACHINE, tmp_path / "copies")
        back_up(tmp_path / "store.db", tmp_path / "copy.db")
        store.close()
        restore(tmp_path / "copy.db", tmp_path / "back.db")
        assert {oct(one.stat().st_mode & 0o077) for one in tmp_path.rglob("*") if one.is_file()} == {"0o0"}
        (tmp_path / "store.db").chmod(0o664)
        make_store(tmp_path / "store.db").close()
        assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o660
    finally:
        os.umask(before)


def _tables(engine: Engine) -> dict[str, Any]:
    """Return all tables of a database with their columns, keys, checks and indexes."""
    found = inspect(engine)
    tables: dict[str, Any] = {}
    for table in sorted(set(found.get_table_names()) - {"alembic_version"}):
        named = [
            found.get_check_constraints(table),
            found.get_foreign_keys(table),
            found.get_unique_constraints(table),
            found.get_indexes(table),
        ]
        tables[table] = {
            "columns": found.get_columns(table),
            "key": found.get_pk_constraint(table),
            "named": [sorted(some, key=lambda one: str(one["name"])) for some in named],
        }
    return dict(json.loads(json.dumps(tables, default=str)))  # types and conditions as texts


def test_migrations_make_what_the_tables_say(place: Place, request: pytest.FixtureRequest) -> None:
    lite = place.store.database.file is not None
    engine = create_engine("sqlite://" if lite else request.getfixturevalue("server").fresh("synergy_tables"))
    tables.metadata.create_all(engine)
    expected = _tables(engine)
    engine.dispose()
    made = _tables(place.store.database.writer)
    assert made == expected
    names = [one["name"] for table in made.values() for some in table["named"] for one in some]
    assert None not in names


def test_a_copy_is_made_while_the_store_is_used(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    store = place.store
    ident = responding_round(store)
    stop, written = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            written.append(begun(store))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copy = back_up(place.address, tmp_path / "copy")
        with pytest.raises(UsageError):
            back_up(place.address, tmp_path / "copy")
    finally:
        stop.set()
        writer.join()
    lite = store.database.file is not None
    target = str(tmp_path / "other.db") if lite else request.getfixturevalue("server").fresh("synergy_other")
    restore(copy, target)
    other = open_store(target)
    assert commit.verify_chain(other, PLANNER).sound
    assert proposals(other, ident) == proposals(store, ident)
    assert begun(other) > 0
    other.close()
    if lite:
        with pytest.raises(UsageError):
            restore(copy, target)
        (tmp_path / "broken").write_bytes(copy.read_bytes()[:-3000])
        with pytest.raises(UsageError):
            restore(tmp_path / "broken", tmp_path / "third.db")


def test_many_writers_at_once_lose_nothing(place: Place) -> None:
    ident = begun(place.store)
    failed: list[SynergyError] = []

    def write(store: Store) -> None:
        for _ in range(5):
            try:
                declarations.repeat(store, editor("GLASS"), Seat(ident, "GLASS"))
            except ConflictError as error:
                failed.append(error)

    threads = [threading.Thread(target=write, args=(place.store,)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    version = declarations.declaration(place.store, PLANNER, Seat(ident, "GLASS")).version
    assert version == 1 + 20 - len(failed)
    assert commit.verify_chain(place.store, PLANNER) == commit.verify_chain(place.store, PLANNER)
    assert commit.verify_chain(place.store, PLANNER).count == 2 + 20 - len(failed)


def test_a_store_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE, raising=False)
    with pytest.raises(RefusedError, match="db init"):
        open_store(tmp_path / "none.db")
    sqlite3.connect(tmp_path / "empty.db").close()
    (tmp_path / "text.db").write_text("no database at all, whatever its name says\n" * 50, "utf-8")
    for name in ("empty.db", "text.db"):
        with pytest.raises(SynergyError):
            open_store(tmp_path / name)
    make_store(tmp_path / "store.db").close()
    (tmp_path / "store.db.key").unlink()
    with pytest.raises(RefusedError, match="key"):
        open_store(tmp_path / "store.db")
    with pytest.raises(UsageError):
        database("mysql://somewhere/db")


def _garbled(key: Path) -> None:
    key.write_bytes(b"\xff\xfe\n")


def _short(key: Path) -> None:
    key.write_text("ab", "ascii")


def _other(key: Path) -> None:
    key.write_text("22" * 32, "ascii")


def _folder(key: Path) -> None:
    key.unlink()
    key.mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key: key.write_bytes(b""), "64 hexadecimal digits"),
        (_garbled, "64 hexadecimal digits"),
        (_short, "64 hexadecimal digits"),
        (_other, "not the key that the audit chain"),
        (Path.unlink, "is missing"),
        (_folder, "is missing"),
        (lambda key: key.chmod(0o644), "chmod o-rwx"),
    ],
    ids=["empty", "garbled", "short", "other", "removed", "folder", "open"],
)
def test_a_store_is_not_used_with_a_key_that_is_not_its_own(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], said: str
) -> None:
    begun(place.store)
    count = commit.verify_chain(place.store, PLANNER).count
    spoil(tmp_path / "audit.key")
    left = [one.read_bytes() for one in tmp_path.glob("audit.key") if one.is_file()]
    for words in ("serve --port 0", "worker --once", "audit verify --as root", "round list --as root", "db init"):
        assert run_command([*words.split(), "--db", place.address], Talk("en")) == 1, words
        told = capsys.readouterr()
        assert (said in told.err, "unexpected" in told.err, told.out) == (True, False, ""), told
    assert [one.read_bytes() for one in tmp_path.glob("audit.key") if one.is_file()] == left
    assert commit.verify_chain(place.store, PLANNER).count == count


def test_a_first_event_that_was_altered_is_seen_on_opening(place: Place) -> None:
    begun(place.store)
    with place.store.database.write() as connection:
        connection.execute(text("UPDATE events SET actor = 'mallory' WHERE number = 1"))
    with pytest.raises(RefusedError, match="first event was altered"):
        open_store(place.address)
    assert commit.verify_chain(place.store, PLANNER).broken == 1
