"""Models of studies and webhooks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from synergy.web.api.models.parts import Given, Items, Name

from synergy.records.figures import example
from synergy.records.names import ACTIONS, GROUPS
from synergy.records.notices import Delivery, Webhook
from synergy.records.studies import StudyHead

EventAction = Literal[(*GROUPS, *ACTIONS)]  # type: ignore[valid-type]


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


class Studies(Items[StudyHead]):
    """One page of studies, newest first."""


class NewWebhook(Given):
    """URL of a webhook, and the events that it subscribes to."""

    model_config = Given.model_config | example({"url": "https://erp.example/synergy", "actions": ["round."]})
    url: str = Field(min_length=8, max_length=500, pattern="^https?://")
    actions: list[EventAction] = Field(
        default_factory=list,
        max_length=len(ACTIONS),
        description="Actions, or groups of them (with a dot at their end); all where none is named.",
    )


class Webhooks(Items[Webhook]):
    """One page of webhooks."""


class Deliveries(Items[Delivery]):
    """One page of webhook calls, newest first."""
