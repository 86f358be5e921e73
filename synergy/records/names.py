"""Enumerations of the store: states, answers, stages, kinds and roles."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Seat(NamedTuple):
    """Participation of an enterprise in a round."""

    round: int
    enterprise: str


class State(StrEnum):
    """State of a round."""

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
    """State of a matching run or a study."""

    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Wanted(StrEnum):
    """Request of a planner to a run in progress."""

    CANCEL = "cancel"
    HALT = "halt"


class Sheet(StrEnum):
    """Dataset tables that an enterprise declares."""

    OFFERS = "offers"
    NEEDS = "needs"
    FACILITIES = "facilities"


class Answer(StrEnum):
    """Answer of an enterprise to a proposal."""

    NONE = "none"
    INTERESTED = "interested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"


class Stage(StrEnum):
    """Implementation stage of an accepted proposal."""

    AGREED = "agreed"
    PERMITS = "permits"
    FINANCING = "financing"
    BUILDING = "building"
    RUNNING = "running"
    ENDED = "ended"


class StudyKind(StrEnum):
    """Kind of a study of a round."""

    EXPLANATION = "explanation"
    PATHWAYS = "pathways"
    SENSITIVITY = "sensitivity"
    ALTERNATIVES = "alternatives"


class Sending(StrEnum):
    """State of a webhook delivery."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Role(StrEnum):
    """Role of an account."""

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
