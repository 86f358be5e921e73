"""Study endpoints: long-running questions about a plan, answered by a worker and fetched when done."""

from __future__ import annotations

from pydantic import Field
from synergy.web.api.dispatch import paged
from synergy.web.api.models import Given, Items, Name
from synergy.web.api.spec import PREFIX, Call, Handler, HandlerResult, Mark, gives, serves

from synergy.records.figures import example
from synergy.records.names import MatchState, StudyKind
from synergy.records.runs import Asked, Study, StudyHead
from synergy.store import studies
from synergy.store.access import Action
from synergy.store.studies import StudyQuestion


class ExplanationGiven(Given):
    """The exchange to explain; an enterprise can only ask about its own exchanges."""

    model_config = example({"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"})
    from_site: Name
    to_site: Name
    commodity: Name
    period: str = Field("", max_length=64)
    mode: str = Field("", max_length=64)


class PathwaysGiven(Given):
    """The commodity to find process chains for."""

    model_config = example({"commodity": "COG", "depth": 3})
    commodity: Name
    depth: int = Field(4, ge=1, le=8, description="Most processes in a chain.")


class SensitivityGiven(Given):
    """Time limit of a sensitivity study; the body may be omitted."""

    model_config = example({"time_limit": 120})
    time_limit: float = Field(180.0, gt=0, le=600, description="Seconds.")


class AlternativesGiven(Given):
    """Value that alternative plans may give up, and the time limit; the body may be omitted."""

    model_config = example({"within": 0.02, "time_limit": 120})
    within: float = Field(0.02, ge=0, le=1, description="Part of the plan's value.")
    time_limit: float = Field(120.0, gt=0, le=600, description="Seconds.")


class Studies(Items[StudyHead]):
    """One page of studies, newest first."""


_BUSY = (MatchState.REQUESTED, MatchState.RUNNING)


def _asks(kind: StudyKind, path: str, summary: tuple[str, str], body: type[Given], about: str) -> Handler:
    """Register the operation that requests a study of one kind."""

    def handler(call: Call) -> HandlerResult:
        question = StudyQuestion(kind, call.body.model_dump(mode="json"))
        told = studies.ask(*call.caller, call.path["round"], question, call.asked.key)
        return HandlerResult(told, headers={"Location": f"{PREFIX}/studies/{told.study}", "Retry-After": "2"})

    handler.__name__, handler.__doc__ = f"ask_{path}", about
    made = gives(Asked, Mark.KEY, status=202, body=body, problems=("step", "conflict"))(handler)
    return serves(f"POST /rounds/{{round}}/{path}", Action.STUDY, summary)(made)


_asks(
    StudyKind.EXPLANATION,
    "explanations",
    ("Ask why, or why not", "询问原因"),
    ExplanationGiven,
    "Ask why an exchange is in the plan or not, and what would change that.",
)
_asks(
    StudyKind.PATHWAYS,
    "pathways",
    ("Ask what could be made of something", "询问物料去向"),
    PathwaysGiven,
    "Ask for every chain that a commodity can take; an enterprise's has what it has itself and what is public.",
)
_asks(
    StudyKind.SENSITIVITY,
    "sensitivities",
    ("Ask which figure matters most", "询问敏感数据"),
    SensitivityGiven,
    "Ask which uncertain figure would change the plan most; planners and auditors.",
)
_asks(
    StudyKind.ALTERNATIVES,
    "alternatives",
    ("Ask for plans nearly as good", "询问备选方案"),
    AlternativesGiven,
    "Ask for near-optimal plans that differ in meaning; planners and auditors.",
)


@serves("GET /rounds/{round}/studies", Action.SEE_STUDIES, ("List studies", "列出分析"))
@gives(Studies, Mark.PAGED)
def list_studies(call: Call) -> HandlerResult:
    """Return the studies of a round without their results, newest first; an enterprise sees its own."""
    return paged(studies.list_studies(*call.caller, call.path["round"]), "study", call.query)


@serves("GET /studies/{study}", Action.SEE_STUDIES, ("See a study", "查看分析"))
@gives(Study)
def see_study(call: Call) -> HandlerResult:
    """Return a study, with its result once done; while it is in progress, `Retry-After` is the polling interval."""
    told = studies.see_study(*call.caller, call.path["study"])
    return HandlerResult(told, headers={"Retry-After": "2"} if told.state in _BUSY else {})
