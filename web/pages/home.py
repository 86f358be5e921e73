"""Entry pages: redirections by language and role; proposals to an enterprise, and process chains for its goods."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from synergy.web.access import actor, public, rule, store, visitor
from synergy.web.planning.proposal_view import CLOSED, Own, by_gain, own_proposal, passed, standing
from synergy.web.register import HOMES
from synergy.web.render import LANGUAGE_PATH, language, once, page
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError
from synergy.records.documents import Document
from synergy.records.figures import bare
from synergy.records.names import Answer, Seat, Stage, State
from synergy.records.proposals import OwnProposal, Partnership
from synergy.records.rounds import Good, Round
from synergy.store import answers, declarations, queries
from synergy.store.access import Action, Actor
from synergy.store.queries import SHOWN
from synergy.texts import figure, say, unit
from synergy.units import amount, label

room = Blueprint("home", __name__)
MOST = 20  # chains shown
DEALS = 10  # partnerships shown


@room.get("/")
@public
def start() -> Response:
    """Redirect to the home page in the language preferred by the browser."""
    answer = redirect(url_for("home.enter", lang=language()))
    answer.vary.add("Accept-Language")
    return answer


@room.get(f"{LANGUAGE_PATH}/")
@public
def enter(lang: str) -> Response:
    """Redirect to the home page of the role, or to the sign-in page."""
    who = visitor()
    if who is None:
        return redirect(url_for("account.sign_in", lang=lang))
    return redirect(url_for(HOMES.get(who.role, "account.account"), lang=lang))


@room.get(f"{LANGUAGE_PATH}/home")
@rule(Action.SEE_PROPOSAL)
def home(lang: str) -> str | Response:
    """Show the proposals of an enterprise, ordered by its own gain, and its open tasks."""
    who = actor()
    if who.enterprise is None:
        return redirect(url_for("home.enter", lang=lang))
    return once("firm/home.html", lang, lambda: _shown(who, lang))


def _shown(who: Actor, lang: str) -> dict[str, object]:
    """Return the template fields of the home page."""
    rounds = queries.list_rounds(store(), who)
    round_, found = latest(who, rounds, lang)
    settled = next((one.record.settlement for one in found if one.record.settlement), None)
    return {
        "round": round_,
        "groups": _grouped(found),
        "offers": found,
        "settled": settled,
        "lump": bare(settled.lump_sum) if settled else None,
        "declare": _declarable(who, rounds),
        "deals": _deals(who, rounds, found, lang),
    }


def latest(who: Actor, rounds: list[Round], lang: str) -> tuple[Round | None, list[Own]]:
    """Return the latest round with proposals for the enterprise, and these proposals by its own gain."""
    shown = [one for one in rounds if one.state in SHOWN]
    for one in shown:
        listed = [each for each in queries.list_proposals(store(), who, one.round) if isinstance(each, OwnProposal)]
        if listed:
            state = standing(one, store().now())
            return one, by_gain(Own(record, state, str(who.enterprise), lang) for record in listed)
    return (shown[0] if shown else None), []


def _grouped(found: list[Own]) -> dict[str, list[Own]]:
    """Group the proposals into open, answered and closed ones."""
    groups: dict[str, list[Own]] = {"open": [], "done": [], "other": []}
    for one in found:
        if one.record.answer is not Answer.NONE:
            groups["done"].append(one)
        else:
            groups["other" if one.record.standing in CLOSED else "open"].append(one)
    return groups


def _declarable(who: Actor, rounds: list[Round]) -> list[Round]:
    """Return the rounds that wait for a declaration of the enterprise."""
    found = []
    for one in rounds:
        if one.state is State.DECLARING and not passed(one.deadline, store().now()):
            try:
                told = declarations.declaration(store(), who, Seat(one.round, str(who.enterprise)))
            except NotFoundError:
                continue
            if not told.submitted:
                found.append(one)
    return found


def _deals(who: Actor, rounds: list[Round], found: list[Own], lang: str) -> list[tuple[Partnership, Own]]:
    """Return the active partnerships with their proposals, newest first."""
    state = {one.round: one.state for one in rounds}
    known = {one.code: one for one in found}  # most are of the latest round
    live = [one for one in reversed(answers.followed(store(), who)) if one.stage is not Stage.ENDED]

    def own(deal: Partnership) -> Own:
        return Own(own_proposal(store(), who, deal.proposal), state[deal.round], str(who.enterprise), lang)

    return [(one, known.get(one.proposal) or own(one)) for one in live[:DEALS]]


@room.get(f"{LANGUAGE_PATH}/pathways")
@rule(Action.SEE_DECLARATION)
def pathways(lang: str) -> str | Response:
    """Show the process chains for a good of an enterprise."""
    who = actor()
    if who.enterprise is None:
        return redirect(url_for("home.enter", lang=lang))
    place, goods = seat_of(who)
    wanted = request.args.get("commodity", goods[0].commodity if goods else "")
    fields: dict[str, object] = {"goods": goods, "wanted": wanted, "chains": [], "found": None}
    if place is not None and wanted:
        found, ended, per = chains_of(who, place, wanted, lang)
        measure = found["unit"]
        fields |= {
            "found": found,
            "have": amount(found["there"], measure, lang),
            "per": per,
            "chains": [_chain(one, (measure, found["currency"]), lang) for one in ended],
            "name": next((say((one.name_en, one.name_zh), lang) for one in goods if one.commodity == wanted), wanted),
        }
    return page("firm/pathways.html", lang, **fields)


def seat_of(who: Actor) -> tuple[Seat | None, list[Good]]:
    """Return the latest round that the enterprise is part of, and its goods there."""
    for one in queries.list_rounds(store(), who):
        seat = Seat(one.round, str(who.enterprise))
        try:
            return seat, declarations.goods(store(), who, seat)
        except NotFoundError:
            continue
    return None, []


def chains_of(who: Actor, seat: Seat, commodity: str, lang: str) -> tuple[Document, list[Document], str]:
    """Return the answer of the store on a good, its first complete chains, and the unit of their margins."""
    found = declarations.chains(store(), who, seat, commodity)
    ended = [one for one in found["chains"] if one["ends"]][:MOST]
    return found, ended, f"{label(found['currency'], lang)}/{label(found['unit'], lang)}"


def _chain(one: Document, measured: tuple[str, str], lang: str) -> dict[str, str]:
    """Return the texts of a process chain for the page."""
    measure, currency = measured
    best = next((scale for scale in one["scales"] if scale["quantity"] == one["quantity"]), None)
    capex = 0.0 if best is None else best["capex"]
    lacking = one["lacking"]
    enough = word("paths.lack", lang, amount=amount(lacking, measure, lang)) if lacking else word("paths.enough", lang)
    return {
        "title": one[f"title_{lang}"],
        **{level: f"{one['margin'][level]:,.0f}" for level in ("low", "middle", "high")},
        "capex": f"{figure(capex, 'money', lang)} {unit('money', lang, currency)}" if capex else "–",
        "least": amount(one["least"], measure, lang) if one["least"] else "–",
        "remark": word("paths.minor", lang) if one["minor"] else enough,
    }
