"""Models of studies and webhooks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field
from synergy.web.api.models.records import Given, Ident, Name, Time, Told, example

from synergy.store.names import ACTIONS, GROUPS, MatchState, Sending, StudyKind

_AT = "2026-03-01T08:00:00+00:00"
EventName = Literal[ACTIONS]  # type: ignore[valid-type]
EventAction = Literal[(*GROUPS, *ACTIONS)]  # type: ignore[valid-type]
_STUDY = {
    "study": 2,
    "round": 1,
    "match": 7,
    "kind": "explanation",
    "asked": {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"},
    "actor": "anna",
    "state": "done",
    "fault": None,
    "requested": _AT,
    "finished": _AT,
}


class ExplanationGiven(Given):
    """The exchange to explain; an enterprise can only ask about its own exchanges."""

    model_config = Given.model_config | example({"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"})
    from_site: Name
    to_site: Name
    commodity: Name
    period: str = Field("", max_length=64)
    mode: str = Field("", max_length=64)


class PathwaysGiven(Given):
    """The commodity to find process chains for."""

    model_config = Given.model_config | example({"commodity": "COG", "depth": 3})
    commodity: Name
    depth: int = Field(4, ge=1, le=8, description="Most processes in a chain.")


class SensitivityGiven(Given):
    """Time limit of a sensitivity study; the body may be omitted."""

    model_config = Given.model_config | example({"time_limit": 120})
    time_limit: float = Field(180.0, gt=0, le=600, description="Seconds.")


class AlternativesGiven(Given):
    """Value that alternative plans may give up, and the time limit; the body may be omitted."""

    model_config = Given.model_config | example({"within": 0.02, "time_limit": 120})
    within: float = Field(0.02, ge=0, le=1, description="Part of the plan's value.")
    time_limit: float = Field(120.0, gt=0, le=600, description="Seconds.")


class Asked(Told):
    """A requested study."""

    model_config = example({"study": 2, "state": "requested"})
    study: Ident
    state: MatchState


class StudyHead(Told):
    """A study without its result."""

    model_config = example(_STUDY)
    study: Ident
    round: Ident
    match: Ident | None
    kind: StudyKind
    asked: dict[str, Any]
    actor: str
    state: MatchState
    fault: str | None
    requested: Time
    finished: Time | None


class Study(StudyHead):
    """A study; its result is the document that the command line prints with `--json`."""

    model_config = example({**_STUDY, "result": {"schema": "synergy/explanation/1", "in_plan": True, "reasons": []}})
    result: dict[str, Any] | None


class Studies(Told):
    """One page of studies, newest first."""

    items: list[StudyHead]
    next: str | None


class NewWebhook(Given):
    """URL of a webhook, and the events that it subscribes to."""

    model_config = Given.model_config | example({"url": "https://erp.example/synergy", "actions": ["round."]})
    url: str = Field(min_length=8, max_length=500, pattern="^https?://")
    actions: list[EventAction] = Field(
        default_factory=list,
        max_length=len(ACTIONS),
        description="Actions, or groups of them (with a dot at their end); all where none is named.",
    )


class EventTold(Told):
    """Payload of a webhook call: identifies one event; the changed data is read through the API with a token."""

    model_config = example({"event": 17, "at": _AT, "action": "round.publish", "subject": "round:3", "round": 3})
    event: Ident
    at: Time
    action: EventName
    subject: str = Field(description="What it is about: `round:3`, `proposal:P0f3a9c1b2d4e5f607182:GLASS`.")
    round: int | None


class Webhook(Told):
    """A registered webhook."""

    model_config = example(
        {"webhook": 1, "url": "https://erp.example/synergy", "actions": ["round."], "version": 1, "created": _AT}
    )
    webhook: Ident
    url: str
    actions: list[str]
    version: int
    created: Time | None = None


class WebhookMade(Webhook):
    """A registered webhook with the secret that signs its calls."""

    model_config = example(
        {
            "webhook": 1,
            "url": "https://erp.example/synergy",
            "actions": ["round."],
            "version": 1,
            "secret": "whsec_" + "4c" * 32,
        }
    )
    secret: str


class Webhooks(Told):
    """One page of webhooks."""

    items: list[Webhook]
    next: str | None


class Delivery(Told):
    """One call of a webhook."""

    model_config = example(
        {
            "delivery": 9,
            "event": 41,
            "state": "sent",
            "attempts": 1,
            "due": _AT,
            "status": 204,
            "said": "No Content",
            "at": _AT,
        }
    )
    delivery: Ident
    event: int
    state: Sending
    attempts: int
    due: Time
    status: int | None
    said: str | None
    at: Time | None


class Deliveries(Told):
    """One page of webhook calls, newest first."""

    items: list[Delivery]
    next: str | None
