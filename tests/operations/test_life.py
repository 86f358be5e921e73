"""A model of the life of rounds beside the store: hypothesis walks both, and after each step they agree."""

from __future__ import annotations

import tempfile
from collections import Counter
from copy import deepcopy
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from stores import OPTIONS, PLANNER, editor, proposals, tiny

from synergy.errors import ConflictError, NotFoundError, RefusedError
from synergy.records.names import Answer, Seat, Sheet, Stage
from synergy.store import answers, commit, declarations, freezing, leases, queries, rounds, runs
from synergy.store.access import WORKER
from synergy.store.answers import CounterOffer, Reply
from synergy.store.datasets import dataset_of
from synergy.store.overlay import Entry, checked
from synergy.store.results import RunEnd, finish
from synergy.store.rounds import STEPS, Draft, StepOptions
from synergy.store.store import KEY_FILE, make_store
from synergy.worker.solve import Task, solve

STEPS_SEEN: Counter[str] = Counter()
EXAMPLES, LENGTH = 36, 60
MOST = 2  # rounds of one example
AMOUNTS = [Decimal(one) for one in ("0", "0.001", "60000", "61234.567891", "999999.999999")]
ORDER = ["agreed", "permits", "financing", "building", "running", "ended"]


@cache
def base_record() -> RunEnd:
    """Return what the engine finds for the tiny dataset."""
    return solve(Task(tiny(), {"name": "base"}, {"time_limit": 30.0}))


def pretended(scenario: dict[str, Any]) -> RunEnd:
    """Return the engine's plan without what a scenario forbids, and with its caps: quick, and true to the rulings."""
    ended = deepcopy(base_record())
    assert ended.record is not None
    plan = ended.record["plan"]
    rules = scenario["settings"]
    forbidden = {(one["from_site"], one["to_site"], one["commodity"]) for one in rules.get("forbid", [])}
    caps = {
        (row["from_site"], row["to_site"], row["commodity"]): row["capacity"]
        for row in scenario["tables"].get("links", [])
        if "capacity" in row
    }
    fixes = {(one["from_site"], one["to_site"], one["commodity"]): one["quantity"] for one in rules.get("fix", [])}
    for flow in plan["flows"]:
        key = (flow["from_site"], flow["to_site"], flow["commodity"])
        flow["quantity"] = fixes.get(key, min(flow["quantity"], caps.get(key, flow["quantity"])))
    plan["proposals"] = [
        one
        for one in plan["proposals"]
        if not {(term["from"], term["to"], term["commodity"]) for term in one["terms"]} & forbidden
    ]
    return ended


NUMBERS = st.integers(0, 50)
ACTS = (
    *("onward",) * 6,
    *("answer",) * 4,
    *("agree", "follow", "declare") * 2,
    *("match", "end") * 2,
    *("advance", "claim", "conclude", "cancel", "stale", "rush", "create"),
)
CHECKED: dict[str, Any] = {}


def quickly(dataset: Any, own: Any) -> Any:
    """Return what checking entries said the last time."""
    key = repr(own)
    if key not in CHECKED:
        CHECKED[key] = checked(dataset, own)
    return CHECKED[key]


class Life(RuleBasedStateMachine):
    """Rounds as people and workers take them on, right and wrong steps alike."""

    @initialize()
    def begin(self) -> None:
        """Make an empty store."""
        self.patch = pytest.MonkeyPatch()
        self.folder = tempfile.TemporaryDirectory()
        self.patch.setenv(KEY_FILE, str(Path(self.folder.name) / "key"))
        self.store = make_store(Path(self.folder.name) / "store.db")
        self.patch.setattr(declarations, "checked", quickly)  # what is wrong with entries is tested elsewhere
        self.state: dict[int, str] = {}
        self.version: dict[int, int] = {}
        self.matched: set[int] = set()
        self.claims: list[leases.Claim] = []
        self.said: dict[tuple[str, str], str] = {}
        self.parties: dict[str, tuple[int, list[str]]] = {}
        self.stage: dict[int, tuple[int, str]] = {}
        self.declared: dict[int, Decimal] = {}
        self.events = 0

    def teardown(self) -> None:
        """Close what was opened."""
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()
            self.patch.undo()

    def allowed(self, ident: int, step: str) -> bool:
        """Return whether the model lets a step happen."""
        STEPS_SEEN[step] += 1
        return self.state[ident] in STEPS[step][0]

    def moved(self, ident: int, step: str, call: Any) -> Any:
        """Make a step that the model allows, or see it refused."""
        if not self.allowed(ident, step):
            with pytest.raises((RefusedError, ConflictError)):
                call()
            return None
        told = call()
        after = STEPS[step][1]
        self.state[ident] = str(after or self.state[ident])
        self.version[ident] += 1
        self.events += 1
        assert (told.state, told.version) == (self.state[ident], self.version[ident])
        return told

    @rule(act=st.sampled_from(ACTS), one=NUMBERS, two=NUMBERS, three=NUMBERS)
    def step(self, act: str, one: int, two: int, three: int) -> None:
        """Do something: mostly what rounds do, now and then what they may not."""
        if act == "create" or not self.state:
            self.create("again" if one % 2 else "")
            return
        ident = sorted(self.state)[one % len(self.state)]
        acts: dict[str, Any] = {
            "onward": lambda: self.onward(ident, 1 + two % 3),
            "advance": lambda: self.advance(ident, ("open", "publish", "collect")[two % 3]),
            "cancel": lambda: self.cancel(ident, two % 10),
            "stale": lambda: self.stale(ident),
            "declare": lambda: self.declare(ident, AMOUNTS[two % len(AMOUNTS)], three % 3 == 0),
            "agree": lambda: self.agree(ident),
            "rush": lambda: self.rush(ident),
            "match": lambda: self.match(ident),
            "claim": self.claim,
            "end": lambda: self.end(("none", "release", "done")[two % 3]),
            "answer": lambda: self.answer(one, two, list(Answer)[1 + three % 4], three),
            "conclude": lambda: self.conclude(ident),
            "follow": lambda: self.follow(two, ORDER[1 + three % 5]),
        }
        acts[act]()

    def create(self, key: str) -> int:
        """Make a round, with a key the same one twice."""
        if len(self.state) >= MOST:
            return min(self.state)
        STEPS_SEEN["create"] += 1
        draft = Draft(
            name=f"round {len(self.state)}",
            archive=tiny(),
            options=OPTIONS,
            ladder=0.0,
        )
        sent = f"key-{len(self.state)}" if key else None
        ident = rounds.create(self.store, PLANNER, draft, sent).round
        if sent:
            assert rounds.create(self.store, PLANNER, draft, sent).round == ident
        self.state[ident], self.version[ident] = "draft", 1
        self.events += 1
        return ident

    def advance(self, ident: int, step: str) -> None:
        """Take a round on."""
        self.moved(ident, step, lambda: rounds.advance(self.store, PLANNER, ident, step))

    def cancel(self, ident: int, sure: int) -> Any:
        """Give a round up now and then."""
        if sure or self.state[ident] == "matching":
            return
        self.moved(ident, "cancel", lambda: rounds.advance(self.store, PLANNER, ident, "cancel"))

    def stale(self, ident: int) -> None:
        """Send a step with an old version."""
        if self.allowed(ident, "open"):
            with pytest.raises(ConflictError):
                rounds.advance(self.store, PLANNER, ident, "open", StepOptions(version=self.version[ident] + 1))

    def declare(self, ident: int, amount: Decimal, back: bool) -> None:
        """Let the glass works declare."""
        entry = Entry(sheet=Sheet.NEEDS, site="GLASS-1", subject="COG", amount=amount, ident="GLASS-HEAT")
        place = Seat(ident, "GLASS")
        if not self.allowed(ident, "declare"):
            with pytest.raises(RefusedError):
                declarations.declare(self.store, editor("GLASS"), place, [entry])
            return
        if declarations.declaration(self.store, editor("GLASS"), place).version > declarations.MOST_CHANGES:
            return
        if back:
            declarations.repeat(self.store, editor("GLASS"), place)
            self.declared[ident] = Decimal(60000)
        else:
            declarations.declare(self.store, editor("GLASS"), place, [entry])
            self.declared[ident] = amount
        self.events += 1

    def onward(self, ident: int, steps: int) -> None:
        """Take a round the way that rounds go."""
        for _ in range(steps):
            state = self.state[ident]
            if state == "matching":
                self.claim()
                self.end("done")
            elif state in ("draft", "review", "published"):
                self.advance(ident, {"draft": "open", "review": "publish", "published": "collect"}[state])
            elif state in ("declaring", "frozen"):
                (self.freeze if state == "declaring" else self.match)(ident)
            elif state == "responding" and steps == 3:
                self.agree(ident)
                self.conclude(ident)

    def agree(self, ident: int) -> None:
        """Let all parties of one proposal accept it."""
        if self.state[ident] != "responding":
            return
        for one in queries.list_proposals(self.store, PLANNER, ident):
            names = self.parties[one.proposal][1]
            if {self.said[one.proposal, name] for name in names} == {"none"}:
                for name in names:
                    answers.answer(self.store, editor(name), one.proposal, Reply(Answer.ACCEPTED))
                    self.said[one.proposal, name] = "accepted"
                    self.events += 1
                STEPS_SEEN["answer accepted"] += 1
                return

    def rush(self, ident: int) -> None:
        """Freeze too early, too late or in time."""
        if self.state[ident] != "declaring":
            self.freeze(ident)

    def freeze(self, ident: int) -> None:
        """Close the declarations."""
        self.moved(ident, "freeze", lambda: freezing.freeze(self.store, PLANNER, ident))

    def match(self, ident: int) -> None:
        """Ask for a run."""
        self.moved(ident, "match", lambda: runs.request_match(self.store, PLANNER, ident))

    def claim(self) -> None:
        """Let a worker take a run."""
        STEPS_SEEN["claim"] += 1
        waiting = [ident for ident, state in self.state.items() if state == "matching"]
        held = leases.claim(self.store, WORKER, "w")
        assert (held is not None) == (len(waiting) > len(self.claims))
        if held is not None:
            self.claims.append(held)

    def end(self, how: str) -> None:
        """Let a worker end its run: with a plan, without, back, or too late."""
        ready = [ident for ident, state in self.state.items() if state in ("frozen", "review", "responding")]
        if not self.claims and "matching" not in self.state.values() and ready:
            self.match(ready[0])
        if not self.claims:
            self.claim()
        if not self.claims:
            return
        STEPS_SEEN[f"end {how}"] += 1
        held = self.claims.pop(0)
        if how == "release":
            leases.release(self.store, WORKER, held)
            with pytest.raises(ConflictError):
                finish(self.store, WORKER, held, pretended(dict(held.scenario)))
            return
        if how == "none":
            finish(self.store, WORKER, held, RunEnd("infeasible", None))
            self.state[held.round] = "review" if held.round in self.matched else "frozen"
        else:
            finish(self.store, WORKER, held, pretended(dict(held.scenario)))
            self.matched.add(held.round)
            self.state[held.round] = "review"
            self.seen(held.round)
        self.version[held.round] += 1
        self.events += 1
        with pytest.raises(ConflictError):
            leases.renew(self.store, WORKER, held)

    def seen(self, ident: int) -> None:
        """Take the proposals of a run into the model; what was accepted before stays so."""
        for one in proposals(self.store, ident).values():
            self.parties[one.proposal] = (ident, [party.enterprise for party in one.parties])
            for party in one.parties:
                self.said[one.proposal, party.enterprise] = str(party.answer)

    def answer(self, pick: int, who: int, word: Answer, part: int) -> None:
        """Let a party answer, or somebody who is none."""
        open_ = [code for code, (ident, _) in self.parties.items() if self.state[ident] == "responding"]
        if not open_:
            return
        STEPS_SEEN[f"answer {word}"] += 1
        code = open_[pick % len(open_)]
        ident, names = self.parties[code]
        name = [*names, "TARCO"][who % (len(names) + 1)]
        counter = [CounterOffer(0, quantity=part * 1000)] if word is Answer.COUNTERED else ()
        call = lambda: answers.answer(self.store, editor(name), code, Reply(word, "because", counter))  # noqa: E731
        latest = {one.proposal for one in queries.list_proposals(self.store, PLANNER, ident)}
        if name not in names or code not in latest:
            with pytest.raises((NotFoundError, RefusedError)):
                call()
            return
        said = [self.said[code, one] for one in names]
        mine = self.said[code, name]
        if mine in ("accepted", "declined") or "declined" in said or set(said) == {"accepted"}:
            with pytest.raises(RefusedError):
                call()
            return
        try:
            told = call()
        except NotFoundError:  # the party is no end of line 0
            assert word is Answer.COUNTERED
            return
        except RefusedError:  # more than proposed, and than the party has at its end
            assert word is Answer.COUNTERED
            assert part * 1000 > float(queries.see_proposal(self.store, PLANNER, code).lines[0].quantity)
            return
        self.said[code, name] = str(word)
        self.events += 1
        said = {self.said[code, one] for one in names}
        assert (told.standing == "accepted") == (said == {"accepted"})
        assert (told.standing == "declined") == ("declined" in said)

    def conclude(self, ident: int) -> None:
        """End a round."""
        latest = {one.proposal for one in queries.list_proposals(self.store, PLANNER, ident)}
        agreed = [code for code in latest if {self.said[code, name] for name in self.parties[code][1]} == {"accepted"}]
        told = self.moved(ident, "conclude", lambda: answers.conclude(self.store, PLANNER, ident))
        if told is not None:
            assert len(told.partnerships) == len(agreed)
            self.stage |= dict.fromkeys(told.partnerships, (ident, "agreed"))

    def follow(self, pick: int, stage: str) -> None:
        """Take a partnership on."""
        if not self.stage:
            return
        STEPS_SEEN["follow"] += 1
        one = sorted(self.stage)[pick % len(self.stage)]
        ident, now = self.stage[one]
        call = lambda: answers.follow(self.store, PLANNER, one, Stage(stage), StepOptions(note="so"))  # noqa: E731
        if now == "ended" or ORDER.index(stage) <= ORDER.index(now):
            with pytest.raises(RefusedError):
                call()
            return
        call()
        self.stage[one] = (ident, stage)
        self.events += 1

    @invariant()
    def states_agree(self) -> None:
        """The store has the states, versions and number of events of the model."""
        if not hasattr(self, "store"):
            return
        STEPS_SEEN["all"] += 1
        found = {one.round: one.state for one in queries.list_rounds(self.store, PLANNER)}
        assert found == self.state
        assert commit.verify_chain(self.store, PLANNER).count == self.events

    @invariant()
    def what_is_declared_adds_up(self) -> None:
        """Declared is free, committed and ended, none below nothing."""
        for ident, amount in getattr(self, "declared", {}).items():
            (need,) = answers.balance(self.store, PLANNER, Seat(ident, "GLASS"))
            committed, ended = need.committed.value, need.ended.value
            assert need.declared.value == amount
            assert need.free.value + committed + ended == amount
            assert min(committed, ended) >= 0
            gas = proposals(self.store, ident).get("deal:EAST>GLASS:COG")
            agreed = gas is not None and gas.answer == "accepted" and self.state[ident] != "cancelled"
            assert (committed + ended > 0) == agreed


def test_rounds_live_as_the_model_says() -> None:
    dataset_of(tiny())
    base_record()
    STEPS_SEEN.clear()
    case = settings(
        max_examples=EXAMPLES,
        stateful_step_count=LENGTH,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    Life.TestCase.settings = case
    Life.TestCase("runTest").runTest()
    assert STEPS_SEEN["all"] >= 2000, dict(STEPS_SEEN)
    for one in ("conclude", "follow", "answer accepted", "end done", "end none"):
        assert STEPS_SEEN[one] > 0, f"{one}: {sorted(STEPS_SEEN.items())}"
