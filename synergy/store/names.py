"""The words that the store keeps: states of a round, of a match, answers, stages, roles."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Seat(NamedTuple):
    """An enterprise in a round.

    Parameters
    ----------
    round : int
        Key of the round.
    enterprise : str
        Code of the enterprise.
    """

    round: int
    enterprise: str


class State(StrEnum):
    """Where a round stands."""

    DRAFT = "draft"
    DECLARING = "declaring"
    FROZEN = "frozen"
    MATCHING = "matching"
    REVIEW = "review"
    PUBLISHED = "published"
    RESPONDING = "responding"
    CONCLUDED = "concluded"
    CANCELLED = "cancelled"


class MatchState(StrEnum):
    """Where a matching run stands."""

    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Wanted(StrEnum):
    """What a planner wants of a run that is under way."""

    CANCEL = "cancel"
    HALT = "halt"


class Sheet(StrEnum):
    """The tables of a dataset that an enterprise declares."""

    OFFERS = "offers"
    NEEDS = "needs"
    FACILITIES = "facilities"


class Answer(StrEnum):
    """What an enterprise says to a proposal that it is part of."""

    NONE = "none"
    INTERESTED = "interested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"


class Stage(StrEnum):
    """How far an accepted proposal has come."""

    AGREED = "agreed"
    PERMITS = "permits"
    FINANCING = "financing"
    BUILDING = "building"
    RUNNING = "running"
    ENDED = "ended"


class StudyKind(StrEnum):
    """What is asked about a round."""

    EXPLANATION = "explanation"
    PATHWAYS = "pathways"
    SENSITIVITY = "sensitivity"
    ALTERNATIVES = "alternatives"


class Sending(StrEnum):
    """How far a call to another machine has come."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Role(StrEnum):
    """What an account is for."""

    PLANNER = "planner"
    EDITOR = "editor"
    READER = "reader"
    AUDITOR = "auditor"
    CLIENT = "client"
    ADMINISTRATOR = "administrator"
    WORKER = "worker"


OF_AN_ENTERPRISE = frozenset({Role.EDITOR, Role.READER})

# what the events of a store are called
ACTIONS = (
    "answer",
    "backup.make",
    "dataset.add",
    "declare",
    "enterprise.depart",
    "enterprise.readmit",
    "follow",
    "match.cancel",
    "match.cancelled",
    "match.done",
    "match.failed",
    "match.halt",
    "round.cancel",
    "round.collect",
    "round.conclude",
    "round.create",
    "round.extend",
    "round.freeze",
    "round.match",
    "round.open",
    "round.publish",
    "round.remind",
    "round.reopen",
    "round.rule",
    "study.ask",
    "token.add",
    "token.revoke",
    "user.add",
    "user.change",
    "user.tried",
    "webhook.add",
    "webhook.end",
    "why",
)
GROUPS = tuple(sorted({f"{name.partition('.')[0]}." for name in ACTIONS if "." in name}))
