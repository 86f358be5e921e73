"""Workflow buttons of a round: the steps available in each state and their actions on the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from synergy.records.names import State
from synergy.records.rounds import Member
from synergy.store import answers, freezing, rounds, runs
from synergy.store.access import Actor
from synergy.store.rounds import StepOptions
from synergy.store.store import Store

# the states that a round goes through when all goes well
WAY = tuple(str(state) for state in State if state is not State.CANCELLED)


Step = Callable[[Store, Actor, int, StepOptions], int]


@dataclass(frozen=True, slots=True)
class Button:
    """Button for an available step; `main` marks the primary action, `danger` a destructive one."""

    name: str
    main: bool = False
    danger: bool = False


_NEXT: Mapping[State, tuple[str, ...]] = {
    State.DRAFT: ("open", "at_once"),
    State.DECLARING: ("freeze", "remind"),
    State.FROZEN: ("match", "reopen"),
    State.MATCHING: ("halt_search", "cancel_match"),
    State.REVIEW: ("publish", "match", "publish_only"),
    State.PUBLISHED: ("collect",),
    State.RESPONDING: ("conclude", "match"),
    State.CONCLUDED: (),
    State.CANCELLED: (),
}


def next_steps(state: State, people: Sequence[Member]) -> tuple[Button, ...]:
    """Return the buttons of the steps available in a state; a reminder only if some members have not declared."""
    names = [name for name in _NEXT[state] if name != "remind" or not all(one.submitted for one in people)]
    found = [Button(name, main=place == 0 and state != State.MATCHING) for place, name in enumerate(names)]
    if state not in (State.CONCLUDED, State.CANCELLED):
        found.append(Button("cancel", danger=True))
    return tuple(found)


def movable(state: State) -> tuple[str, ...]:
    """Return the deadlines of a round that can be changed in a state."""
    steps = {"deadline": "extend_declaring", "answer_by": "extend"}
    return tuple(name for name, step in steps.items() if state in rounds.STEPS[step][0])


def taken(store: Store, actor: Actor, what: tuple[int, str], asked: StepOptions) -> int:
    """Execute a step of a round and return the count for its message: reminded, not declared, or partnerships.

    `what` is the id of the round and a key of `STEPS`; `asked` has the expected version of the round, and a note.
    """
    ident, name = what
    return STEPS[name](store, actor, ident, asked)


def _plain(name: str) -> Step:
    def step(store: Store, actor: Actor, ident: int, asked: StepOptions) -> int:
        rounds.advance(store, actor, ident, name, asked)
        return 0

    return step


def _of_run(do: Callable[[Store, Actor, int, StepOptions], object], *, versioned: bool) -> Step:
    def step(store: Store, actor: Actor, ident: int, asked: StepOptions) -> int:
        do(store, actor, ident, asked if versioned else replace(asked, version=None))
        return 0

    return step


def _at_once(store: Store, actor: Actor, ident: int, asked: StepOptions) -> int:
    """Open a round, freeze it and request a run in one step, using the declarations already present."""
    version = rounds.advance(store, actor, ident, "open", asked).version
    version = freezing.freeze(store, actor, ident, replace(asked, version=version)).version
    runs.request_match(store, actor, ident, replace(asked, version=version))
    return 0


def _remind(store: Store, actor: Actor, ident: int, asked: StepOptions) -> int:
    return len(rounds.remind(store, actor, ident, asked).reminded)


def _freeze(store: Store, actor: Actor, ident: int, asked: StepOptions) -> int:
    return len(freezing.freeze(store, actor, ident, asked).undeclared)


def _publish(store: Store, actor: Actor, ident: int, asked: StepOptions) -> int:
    version = rounds.advance(store, actor, ident, "publish", asked).version
    rounds.advance(store, actor, ident, "collect", replace(asked, version=version))
    return 0


def _conclude(store: Store, actor: Actor, ident: int, asked: StepOptions) -> int:
    return len(answers.conclude(store, actor, ident, asked).partnerships)


STEPS: Mapping[str, Step] = {
    "open": _plain("open"),
    "at_once": _at_once,
    "remind": _remind,
    "freeze": _freeze,
    "reopen": _plain("reopen"),
    "match": _of_run(runs.request_match, versioned=True),
    "halt_search": _of_run(runs.halt_search, versioned=False),
    "cancel_match": _of_run(runs.cancel_match, versioned=False),
    "publish": _publish,
    "publish_only": _plain("publish"),
    "collect": _plain("collect"),
    "conclude": _conclude,
    "cancel": _plain("cancel"),
}
