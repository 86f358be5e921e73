"""Two worlds that differ in one hidden cost of somebody else: whatever a rival asks for, both answer the same bytes.

Clock, ids and marks of forms are the same in both, so nothing of an answer is left aside but its date. Costs on the
same rung of a round's ladder make the same round; until proposals are published, no cost shows at all.
"""

from __future__ import annotations

import itertools
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from api_worlds import API, Program
from itsdangerous import TimestampSigner
from stores import NAMES, PLANNER, begun, costly, editor, matched, proposals, worked
from synergy.web.access import APART
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from walking import ENDLESS, addresses, values
from web_worlds import SECRET, World

from synergy.records.names import Seat
from synergy.store import declarations, freezing, runs
from synergy.store.freezing import rungs
from synergy.store.rounds import STEP
from synergy.store.store import KEY_FILE, open_store
from synergy.worker.studies import study_once

RIVALS = ("editor", "tarco", "")
SAME = (Decimal(200), Decimal(205))  # on one rung
APART_BY = (Decimal(200), Decimal(240))  # a fifth
CLOCK = datetime.now(UTC).replace(microsecond=0)
MOMENTS = ("Date", "Expires", "Last-Modified")  # by the machine's own clock
ASKED = {"own": "GLASS-1", "other": "EAST-1", "commodity": "COG", "way": "take"}


@dataclass
class Pair:
    """Two worlds, alike but for a cost; ids that are made by chance are counted in both."""

    programs: tuple[Program, Program]
    patch: pytest.MonkeyPatch
    round: int = 0
    counts: tuple[Iterator[int], Iterator[int]] = field(
        default_factory=lambda: (itertools.count(1), itertools.count(1))
    )

    def worlds(self) -> Iterator[World]:
        """Yield one world after the other, each with its own count of ids."""
        for program, count in zip(self.programs, self.counts, strict=True):
            _counted(self.patch, count)
            yield program.world


def _counted(patch: pytest.MonkeyPatch, count: Iterator[int]) -> None:
    patch.setattr(secrets, "token_hex", lambda size=32: f"{next(count):0{2 * size}x}")
    patch.setattr(secrets, "token_urlsafe", lambda size=32: f"{next(count):040d}")


@pytest.fixture
def pair(web_template: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Yield two copies of the store of the tests, in both of which it is always the same moment."""
    monkeypatch.delenv(KEY_FILE, raising=False)
    monkeypatch.setattr("flask_wtf.csrf.os", SimpleNamespace(urandom=bytes))  # marks of forms are made of it
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: int(CLOCK.timestamp()))
    file, ident = web_template
    made = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        for suffix in ("", "-wal", ".key"):
            source = file.with_name(file.name + suffix)
            if source.exists():
                shutil.copy(source, folder / source.name)
        store = replace(open_store(folder / file.name), now=lambda: CLOCK)
        app = create_app(store, ServerSettings(secret=SECRET, limited=False, zone=UTC))
        made.append(Program(World(store, app, ident, folder / file.name)))
    yield Pair((made[0], made[1]), monkeypatch)
    for one in made:
        one.world.store.close()


def _declared(pair: Pair, costs: tuple[Decimal, Decimal]) -> None:
    """Let all declare in a new round of both worlds, EAST with another cost in each."""
    for world, cost in zip(pair.worlds(), costs, strict=True):
        pair.round = begun(world.store, name="pair", ladder=STEP)
        for name in NAMES:
            declarations.repeat(world.store, editor(name), Seat(pair.round, name))
        own = declarations.declaration(world.store, editor("EAST"), Seat(pair.round, "EAST")).entries
        declarations.declare(world.store, editor("EAST"), Seat(pair.round, "EAST"), costly(own, cost))


def _walked(pair: Pair, langs: tuple[str, ...]) -> tuple[list[str], int]:
    """Return what a rival is answered differently, and how much was asked for."""
    told: list[dict[str, Any]] = []
    codes = sorted(one.proposal for one in proposals(pair.programs[0].world.store, pair.round).values())
    for program, world in zip(pair.programs, pair.worlds(), strict=True):
        given = values(world, pair.round, codes) | {"lang": langs}
        seen: dict[str, Any] = {}
        for who in RIVALS:
            client, token = world.client(who), {"Authorization": f"Bearer {program.token(who)}"} if who else {}
            for rule, path in addresses(world, given):
                if rule.endpoint in ENDLESS:
                    continue
                programs = rule.endpoint.startswith(f"{APART}.")
                answer = client.get(path, headers={"X-Request-ID": "same"} | (token if programs else {}))
                seen[f"{who} {path}"] = _answer(answer)
                answer.close()
        told.append(seen)
    assert list(told[0]) == list(told[1])
    return [path for path, answer in told[0].items() if answer != told[1][path]], len(told[0])


def _answer(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    headers = {
        name: value for name, value in answer.headers.items() if name not in ("Date", "Expires", "Last-Modified")
    }
    return answer.status_code, answer.data, headers


def _asked(pair: Pair) -> list[Any]:
    """Return what both worlds answer to a rival's questions."""
    told = []
    for program, world in zip(pair.programs, pair.worlds(), strict=True):
        page = world.post(world.client("editor"), "/en/why-not", **ASKED)
        body = {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"}
        asked = program.ask("editor", "POST", f"/rounds/{pair.round}/explanations", {"X-Request-ID": "same"}, json=body)
        done = None
        if asked.status_code == 202:
            study_once(world.store, apart=False)
            done = program.read("editor", asked.location.removeprefix(API))
        told.append((page.status_code, page.data, asked.status_code, asked.data, done))
    return told


def test_costs_of_one_rung_make_the_same_answers(pair: Pair) -> None:
    low, high = (rungs(np.array([float(cost)]), STEP, up=True)[0] for cost in SAME)
    assert low == high
    _declared(pair, SAME)
    for world in pair.worlds():
        freezing.freeze(world.store, PLANNER, pair.round)
        matched(world.store, pair.round)
    different, count = _walked(pair, ("en", "zh"))
    assert different == []
    assert count > 300
    one, other = _asked(pair)
    assert one == other
    status, *_, answered = one
    assert status == 200
    assert answered is not None
    # the walk sees what differs
    own = [program.read("east", f"/rounds/{pair.round}/declarations/EAST") for program in pair.programs]
    assert own[0] != own[1]


def test_no_cost_shows_before_proposals_are_published(pair: Pair) -> None:
    _declared(pair, APART_BY)
    states = []
    for step in ("declaring", "frozen", "matching", "review"):
        for world in pair.worlds():
            if step == "frozen":
                freezing.freeze(world.store, PLANNER, pair.round)
            if step == "matching":
                runs.request_match(world.store, PLANNER, pair.round)
            if step == "review":
                worked(world.store)
        states.append(pair.programs[0].read("editor", f"/rounds/{pair.round}")["state"])
        different, count = _walked(pair, ("en",))
        assert different == [], step
        assert count > 150
        one, other = _asked(pair)
        assert one == other, step
    assert states == ["declaring", "frozen", "matching", "review"]
