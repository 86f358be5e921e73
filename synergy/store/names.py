"""The words that the store keeps: states of a round, of a match, answers, stages, roles."""

from __future__ import annotations

from enum import StrEnum


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
