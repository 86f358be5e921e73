"""Migrations: from each version with data to the newest, on both kinds of database; copies and their restoration."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, insert, inspect, text
from stores import KINDS, PLANNER, Place, begun, editor, proposals, responding_round

from synergy.cli.main import run as run_command
from synergy.cli.talk import Talk
from synergy.errors import ConflictError, RefusedError, SynergyError, UsageError
from synergy.store import audit, declaring, following, people, seeing
from synergy.store.backup import back_up, restore
from synergy.store.columns import metadata
from synergy.store.database import database
from synergy.store.files import private
from synergy.store.migrations.run import current, head, upgrade, versions
from synergy.store.names import Stage
from synergy.store.overseeing import make_copy
from synergy.store.store import KEY_FILE, Store, make_store, open_store

FOLDER = Path(__file__).parent / "migrations"
OLD = sorted(path.stem.removeprefix("v") for path in FOLDER.glob("v*.json"))


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return where no store is yet, with the key of the old ones beside it."""
    with private(tmp_path / "key") as file:
        file.write(b"11" * 32)
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    return str(request.getfixturevalue("server").fresh("synergy_migrations"))


def _filled(address: str, version: str) -> dict[str, list[dict[str, Any]]]:
    """Make a store of an old version with its data, and return them."""
    base = database(address)
    try:
        upgrade(base, version)
        tables = MetaData()
        tables.reflect(base.writer)
        data = json.loads((FOLDER / f"v{version}.json").read_text("utf-8"))
        with base.writer.begin() as connection:
            connection.execute(tables.tables["chain"].delete())
            for table in tables.sorted_tables:
                rows = [{name: _cell(cell) for name, cell in row.items()} for row in data.get(table.name, [])]
                if rows and table.name != "alembic_version":
                    connection.execute(insert(table), rows)
        return dict(data)
    finally:
        base.close()


def _cell(value: Any) -> Any:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def test_every_version_but_the_newest_has_data() -> None:
    assert versions()[:-1] == OLD


@pytest.mark.parametrize("version", OLD)
def test_data_survive_from_each_version(version: str, address: str) -> None:
    data = _filled(address, version)
    with pytest.raises(RefusedError, match=version):
        open_store(address)
    store = make_store(address)
    assert current(store.database) == head()
    with store.database.read() as connection:
        for name, rows in data.items():
            if name != "alembic_version":
                count = connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar()
                assert count == len(rows), name
    assert audit.verify_chain(store, PLANNER)["sound"]
    assert people.sign_in(store, "ed-east", "correct horse").enterprise == "EAST"
    partnerships = following.followed(store, PLANNER)
    assert {one["stage"] for one in partnerships} == {"permits", "agreed"}
    following.follow(store, PLANNER, 1, Stage.RUNNING)
    assert {one["answer"] for one in proposals(store, 1).values()} >= {"accepted", "none"}
    assert len(seeing.see_matches(store, PLANNER, 1)) == 2
    store.close()


@pytest.mark.parametrize("version", OLD[:1])
def test_an_old_store_names_the_command_that_brings_it_up(
    version: str, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _filled(address, version)
    with pytest.raises(RefusedError) as told:
        open_store(address)
    for said in (told.value.en, told.value.zh):
        found = re.search("`synergy (.*?)`", said)
        assert found is not None
        assert run_command(shlex.split(found[1].replace(":***@", ":@")), Talk("en")) == 0
        open_store(address).close()


def test_a_newer_store_is_said_to_be_newer(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_store(address).close()
    base = database(address)
    with base.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    base.close()
    commands = (["db", "init"], ["serve", "--port", "0"], ["worker", "--once"], ["audit", "verify"], ["round", "list"])
    for command in commands:
        assert run_command([*command, "--db", address], Talk("en")) == 1, command
        assert "made by a newer program" in capsys.readouterr().err


def test_only_its_owner_reads_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE, raising=False)
    before = os.umask(0o022)
    try:
        store = make_store(tmp_path / "store.db")
        begun(store)
        assert {one.name for one in tmp_path.iterdir()} >= {f"store.db{end}" for end in ("", "-wal", "-shm", ".key")}
        make_copy(store, people.MACHINE, tmp_path / "copies")
        back_up(tmp_path / "store.db", tmp_path / "copy.db")
        store.close()
        restore(tmp_path / "copy.db", tmp_path / "back.db")
        assert {oct(one.stat().st_mode & 0o077) for one in tmp_path.rglob("*") if one.is_file()} == {"0o0"}
        (tmp_path / "store.db").chmod(0o664)
        make_store(tmp_path / "store.db").close()
        assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o660
    finally:
        os.umask(before)


def _named(engine: Any) -> set[str]:
    """Return the names of all constraints and indexes of a database."""
    found = inspect(engine)
    names: set[str] = set()
    for table in found.get_table_names():
        if table == "alembic_version":
            continue
        names |= {str(one["name"]) for one in found.get_check_constraints(table)}
        names |= {str(one["name"]) for one in found.get_foreign_keys(table)}
        names |= {str(one["name"]) for one in found.get_unique_constraints(table)}
        names |= {str(one["name"]) for one in found.get_indexes(table)}
        names.add(str(found.get_pk_constraint(table)["name"]))
    return names


def test_migrations_make_what_the_tables_say(place: Place) -> None:
    store = place.store
    with store.database.writer.connect() as connection:
        different = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [one for one in different if "server_default" not in str(one)] == []
    names = _named(store.database.writer)
    assert "None" not in names
    if store.database.file is None:
        expected = {str(one.name) for table in metadata.tables.values() for one in table.constraints if one.name}
        expected -= {name for name in expected if name.endswith("_type") or name in BOOLEANS}
        assert {name for name in names if name.startswith("ck_")} == {
            name for name in expected if name.startswith("ck_")
        }
        return
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    assert names == _named(engine)
    engine.dispose()


BOOLEANS = {
    "ck_rounds_anonymous",
    "ck_declarations_submitted",
    "ck_matches_cancel",
    "ck_matches_halt",
    "ck_rulings_withdrawn",
    "ck_users_disabled",
    "ck_users_one_time",
}


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
    assert audit.verify_chain(other, PLANNER)["sound"]
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
                declaring.repeat(store, editor("GLASS"), (ident, "GLASS"))
            except ConflictError as error:
                failed.append(error)

    threads = [threading.Thread(target=write, args=(place.store,)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    version = declaring.declaration(place.store, PLANNER, (ident, "GLASS"))["version"]
    assert version == 1 + 20 - len(failed)
    assert audit.verify_chain(place.store, PLANNER) == audit.verify_chain(place.store, PLANNER)
    assert audit.verify_chain(place.store, PLANNER)["count"] == 2 + 20 - len(failed)


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
    count = audit.verify_chain(place.store, PLANNER)["count"]
    spoil(tmp_path / "audit.key")
    left = [one.read_bytes() for one in tmp_path.glob("audit.key") if one.is_file()]
    for words in ("serve --port 0", "worker --once", "audit verify --as root", "round list --as root", "db init"):
        assert run_command([*words.split(), "--db", place.address], Talk("en")) == 1, words
        told = capsys.readouterr()
        assert (said in told.err, "unexpected" in told.err, told.out) == (True, False, ""), told
    assert [one.read_bytes() for one in tmp_path.glob("audit.key") if one.is_file()] == left
    assert audit.verify_chain(place.store, PLANNER)["count"] == count


def test_a_first_event_that_was_altered_is_seen_on_opening(place: Place) -> None:
    begun(place.store)
    with place.store.database.write() as connection:
        connection.execute(text("UPDATE events SET actor = 'mallory' WHERE number = 1"))
    with pytest.raises(RefusedError, match="first event was altered"):
        open_store(place.address)
    assert audit.verify_chain(place.store, PLANNER)["broken"] == 1
