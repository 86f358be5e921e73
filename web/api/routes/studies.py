"""Study endpoints: long-running questions about a plan, answered by a worker and fetched when done."""

from __future__ import annotations

from synergy.web.api.dispatch import paged
from synergy.web.api.models.parts import Given
from synergy.web.api.models.studies import (
    AlternativesGiven,
    ExplanationGiven,
    PathwaysGiven,
    SensitivityGiven,
    Studies,
)
from synergy.web.api.spec import PREFIX, Call, Handler, HandlerResult, Mark, gives, serves

from synergy.records.names import MatchState, StudyKind
from synergy.records.studies import Asked, Study
from synergy.store import studies
from synergy.store.access import Action
from synergy.store.studies import StudyQuestion

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
