"""Access control: role-based rules for every action, deny by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import Connection, ScalarSelect, select

from synergy.records.names import Answer, MatchState, Role
from synergy.store.messages import refusal
from synergy.store.store import Store
from synergy.store.tables import declarations, departures, matches, parties, proposals

_P, _E, _R, _A, _C, _D, _W = Role


class Action(StrEnum):
    """Action on a store that is subject to access control."""

    CREATE_ROUND = "create_round"
    RUN_ROUND = "run_round"  # open, remind, freeze, match, cancel, review, publish, conclude
    SEE_ROUNDS = "see_rounds"  # public facts: names, states, deadlines, who takes part
    SEE_PLANS = "see_plans"  # whole plans, progress, comparisons, replays
    SEE_AGGREGATES = "see_aggregates"
    DECLARE = "declare"
    SEE_DECLARATION = "see_declaration"
    SEE_PROPOSAL = "see_proposal"  # the enterprise's part of it
    ANSWER = "answer"
    FOLLOW = "follow"  # move a partnership on
    SEE_PARTNERSHIP = "see_partnership"
    SEE_EVENTS = "see_events"
    VERIFY_CHAIN = "verify_chain"
    MANAGE_USERS = "manage_users"
    SEE_USERS = "see_users"
    REMOVE_ENTERPRISE = "remove_enterprise"
    SEE_NOTICES = "see_notices"
    MARK_NOTICES = "mark_notices"
    OWN_ACCOUNT = "own_account"  # password and tokens of oneself
    SEE_STUDIES = "see_studies"
    STUDY = "study"  # ask about a plan: why, where to, what else; it is counted
    SEE_HOOKS = "see_hooks"
    HOOK = "hook"  # have other machines told of events
    WORK = "work"  # claim, renew, checkpoint, publish


class Reach(StrEnum):
    """Scope of a permission: all objects, or only the actor's own."""

    ALL = "all"
    OWN = "own"  # what the actor's enterprise, or the actor, is part of


@dataclass(frozen=True, slots=True)
class Actor:
    """Account or process on whose behalf a call is made.

    `enterprise` is the one that the account belongs to, `user` its row. `scopes` are those of its token; None: no
    token, all permissions of the role.
    """

    name: str
    role: Role
    enterprise: str | None = None
    scopes: frozenset[str] | None = None
    user: int | None = None


class Caller(NamedTuple):
    """Actor together with the store that it acts on."""

    store: Store
    actor: Actor


@dataclass(frozen=True, slots=True)
class Resource:
    """Object of an access check: its noun in errors, the enterprises it belongs to, and the account that owns it."""

    what: str
    enterprises: frozenset[str] = frozenset()
    owner: str | None = None


WORKER = Actor("worker", Role.WORKER)
_ALL, _OWN = Reach.ALL, Reach.OWN
# action: the scope a token needs, and how far each role reaches; a role that is not named may not
RULES: Mapping[Action, tuple[str, Mapping[Role, Reach]]] = MappingProxyType(
    {
        Action.CREATE_ROUND: ("plan", {_P: _ALL}),
        Action.RUN_ROUND: ("plan", {_P: _ALL}),
        Action.SEE_ROUNDS: ("read", {_P: _ALL, _E: _ALL, _R: _ALL, _A: _ALL, _C: _ALL, _D: _ALL}),
        Action.SEE_PLANS: ("plan", {_P: _ALL, _A: _ALL}),
        Action.SEE_AGGREGATES: ("read", {_P: _ALL, _E: _ALL, _R: _ALL, _A: _ALL, _C: _ALL}),
        Action.DECLARE: ("declare", {_P: _ALL, _E: _OWN, _C: _OWN}),
        Action.SEE_DECLARATION: ("read", {_P: _ALL, _E: _OWN, _R: _OWN, _A: _ALL, _C: _OWN}),
        Action.SEE_PROPOSAL: ("read", {_P: _ALL, _E: _OWN, _R: _OWN, _A: _ALL, _C: _OWN}),
        Action.ANSWER: ("respond", {_E: _OWN, _C: _OWN}),
        Action.FOLLOW: ("respond", {_P: _ALL, _E: _OWN, _C: _OWN}),
        Action.SEE_PARTNERSHIP: ("read", {_P: _ALL, _E: _OWN, _R: _OWN, _A: _ALL, _C: _OWN}),
        Action.SEE_EVENTS: ("audit", {_P: _ALL, _A: _ALL}),
        Action.VERIFY_CHAIN: ("audit", {_P: _ALL, _A: _ALL, _D: _ALL}),
        Action.MANAGE_USERS: ("manage", {_D: _ALL}),
        Action.SEE_USERS: ("manage", {_D: _ALL, _A: _ALL}),
        Action.REMOVE_ENTERPRISE: ("manage", {_D: _ALL}),
        Action.SEE_NOTICES: ("read", {_P: _ALL, _E: _OWN, _R: _OWN, _C: _OWN}),
        Action.OWN_ACCOUNT: ("account", {_P: _OWN, _E: _OWN, _R: _OWN, _A: _OWN, _C: _OWN, _D: _ALL}),
        Action.MARK_NOTICES: ("ask", {_P: _ALL, _E: _OWN, _R: _OWN, _C: _OWN}),
        Action.SEE_STUDIES: ("read", {_P: _ALL, _E: _OWN, _R: _OWN, _A: _ALL, _C: _OWN}),
        Action.STUDY: ("ask", {_P: _ALL, _E: _OWN, _R: _OWN, _A: _ALL, _C: _OWN}),
        Action.SEE_HOOKS: ("read", {_P: _OWN, _E: _OWN, _A: _OWN, _C: _OWN}),
        Action.HOOK: ("ask", {_P: _OWN, _E: _OWN, _A: _OWN, _C: _OWN}),
        Action.WORK: ("work", {_W: _ALL}),
    }
)
SCOPES = tuple(sorted({scope for scope, _ in RULES.values()} - {"work", "account"}))


def reach(actor: Actor, action: Action) -> Reach | None:
    """Return the reach of an actor for an action, None where the action is denied."""
    scope, roles = RULES.get(action, ("", {}))
    if actor.scopes is not None and scope not in actor.scopes:
        return None
    return roles.get(actor.role)


def allowed(actor: Actor, action: Action, resource: Resource) -> bool:
    """Return whether an actor may perform an action on a resource; the single point of decision."""
    far = reach(actor, action)
    if far is Reach.OWN:
        mine = actor.enterprise is not None and actor.enterprise in resource.enterprises
        return mine or (resource.owner is not None and resource.owner == actor.name)
    return far is Reach.ALL


def require(actor: Actor, action: Action, resource: Resource) -> None:
    """Raise an error unless an actor may perform an action on a resource.

    Raises
    ------
    DeniedError
        The actor may not perform the action on any resource.
    NotFoundError
        It belongs to others; its existence is not disclosed.
    """
    if allowed(actor, action, resource):
        return
    if reach(actor, action) is None:
        raise refusal("denied", role=str(actor.role), action=str(action))
    raise refusal("not_found", what=resource.what)


def only_own(actor: Actor, action: Action, what: str) -> bool:
    """Return whether an actor may perform an action with its enterprise's own alone; refuse where with nothing."""
    own = reach(actor, action) is Reach.OWN
    require(actor, action, Resource(what, frozenset({actor.enterprise} if own and actor.enterprise else ())))
    return own


def latest_run(round_id: int) -> ScalarSelect[int]:
    """Return a subquery for the latest finished run of a round that has a plan."""
    done = (matches.c.round == round_id) & (matches.c.state == MatchState.DONE) & matches.c.plan.is_not(None)
    return select(matches.c.id).where(done).order_by(matches.c.number.desc()).limit(1).scalar_subquery()


def members(connection: Connection, round_id: int, *, late: bool = False) -> list[str]:
    """Return the enterprises that take part in a round; with `late`, only those that have not declared."""
    wanted = select(declarations.c.enterprise).where(declarations.c.round == round_id)
    if late:
        wanted = wanted.where(declarations.c.submitted.is_(False))
    return list(connection.execute(wanted.order_by(declarations.c.enterprise)).scalars())


def involved(connection: Connection, round_id: int, *, silent: bool = False) -> list[str]:
    """Return the parties to proposals of the latest run of a round; with `silent`, only those still to answer."""
    wanted = select(parties.c.enterprise).join(proposals, proposals.c.id == parties.c.proposal)
    wanted = wanted.where(proposals.c.match == latest_run(round_id))
    if silent:
        wanted = wanted.where(parties.c.answer == Answer.NONE, proposals.c.answer != Answer.DECLINED)
    return list(connection.execute(wanted.distinct().order_by(parties.c.enterprise)).scalars())


def departed(connection: Connection, names: Iterable[str]) -> set[str]:
    """Return those of the given enterprises that have left."""
    wanted = select(departures.c.enterprise).where(departures.c.enterprise.in_(list(names)))
    return set(connection.execute(wanted).scalars())
