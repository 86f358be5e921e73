"""Study endpoints: long-running questions about a plan, answered by a worker and fetched when done."""

from __future__ import annotations

from synergy.web.api.dispatch import Page, paged
from synergy.web.api.models.records import Given
from synergy.web.api.models.studies import (
    AlternativesGiven,
    Asked,
    ExplanationGiven,
    PathwaysGiven,
    SensitivityGiven,
    Studies,
    Study,
)
from synergy.web.api.spec import PREFIX, Call, Handler, HandlerResult, Mark, Spec, serves

from synergy.store import studies
from synergy.store.access import Action
from synergy.store.names import StudyKind
from synergy.store.studies import StudyQuestion

_BUSY = ("requested", "running")


def _asks(kind: StudyKind, path: str, summary: tuple[str, str], body: type[Given], about: str) -> Handler:
    """Register the operation that requests a study of one kind."""

    def handler(call: Call) -> HandlerResult:
        question = StudyQuestion(kind, call.body.model_dump(mode="json"))
        told = studies.ask(call.store, call.actor, call.path["round"], question, call.asked.key)
        return HandlerResult(told, headers={"Location": f"{PREFIX}/studies/{told['study']}", "Retry-After": "2"})

    handler.__name__, handler.__doc__ = f"ask_{path}", about
    spec = Spec(
        "POST",
        f"/rounds/{{round}}/{path}",
        Action.STUDY,
        summary,
        Asked,
        202,
        body=body,
        marks=frozenset({Mark.KEY}),
        problems=("step", "conflict"),
    )
    return serves(spec)(handler)


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


@serves(
    Spec(
        "GET",
        "/rounds/{round}/studies",
        Action.SEE_STUDIES,
        ("List studies", "列出分析"),
        Studies,
        query=Page,
        marks=frozenset({Mark.PAGED}),
    )
)
def list_studies(call: Call) -> HandlerResult:
    """Return the studies of a round without their results, newest first; an enterprise sees its own."""
    number = call.path["round"]
    rows = studies.list_studies(call.store, call.actor, number)
    return paged(rows, "study", call.query, f"{PREFIX}/rounds/{number}/studies")


@serves(Spec("GET", "/studies/{study}", Action.SEE_STUDIES, ("See a study", "查看分析"), Study))
def see_study(call: Call) -> HandlerResult:
    """Return a study, with its result once done; while it is in progress, `Retry-After` is the polling interval."""
    told = studies.see_study(call.store, call.actor, call.path["study"])
    return HandlerResult(told, headers={"Retry-After": "2"} if told["state"] in _BUSY else {})
