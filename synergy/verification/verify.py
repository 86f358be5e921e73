"""Entry point of the verification: a plan against the literal model, in shape, constraints, totals and proof."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.errors import Severity, VerificationError
from synergy.literal.build import ROW_COLUMNS, blocks, build
from synergy.literal.certificate import exactly_proven, proven
from synergy.literal.parts import annuities, capex
from synergy.literal.scope import Ints, Variant, positions
from synergy.plan import (
    BUILD_COLUMNS,
    FLOW_COLUMNS,
    FLOW_ENDS,
    LEVEL_COLUMNS,
    LINK_COLUMNS,
    RUN_COLUMNS,
    Decisions,
    Plan,
)
from synergy.verification.books import LINK_KEY, MONEY, NOISE, ROW, Book, Books, Finding, row_name, texts
from synergy.verification.claims import check_proposals, check_settlement

MANY = 12  # enterprises beyond which only today is judged here: each takes 0.2 s, and `deep` solves them again
PROVEN = 1e-9  # part of the value by which an exact bound may miss the claimed one
_BELOW = {"offer": "must_clear", "need": "required"}  # codes of rows that fall short of their lower bound
# columns, amounts of 0 or more and unique key of each frame
_FRAMES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "flows": (FLOW_COLUMNS + FLOW_ENDS, ("quantity", "arrived"), ()),
    "runs": (RUN_COLUMNS, ("activity",), ("kind", "id", "period")),
    "levels": (LEVEL_COLUMNS, ("level",), ("store", "period")),
    "builds": (BUILD_COLUMNS, ("capacity", "capex", "annual_cost"), ("process", "site")),
    "links": (LINK_COLUMNS, ("capex", "annual_cost"), LINK_KEY),
}


def verify(dataset: Dataset, plan: Plan) -> tuple[Finding, ...]:
    """Recompute a plan from the dataset, without the engine's model.

    Parameters
    ----------
    dataset : Dataset
        Dataset named in the plan, with the plan's scenario applied.
    plan : Plan
        The plan.

    Returns
    -------
    tuple of Finding
        All claims that fail; warnings for claims that cannot be checked here.

    Notes
    -----
    Tolerances are those of `synergy.verification.books`.
    """
    book = Book()
    books = _recomputed(book, dataset, plan.decisions)
    if books is not None:
        _check_source(book, books, plan)
        _check_totals(book, books, plan)
        _check_proof(book, books, plan)
        _check_standalone(book, books, plan)
        check_settlement(book, books, plan)
        check_proposals(book, books, plan)
    return tuple(book.found)


def assert_valid(
    dataset: Dataset, plan: Plan, alone: Mapping[str, Decisions] | None = None, today: Decisions | None = None
) -> None:
    """Raise `VerificationError` if a plan does not follow from its dataset.

    `alone` and `today` are the plans behind `standalone` and `today`, as far as they are known: the plan document does
    not hold them. Those of `alone` are not checked if they are more than `MANY`.

    Raises
    ------
    VerificationError
        With every finding.
    """
    found = [*verify(dataset, plan)]
    alone = alone or {}
    for name, decisions in alone.items() if len(alone) <= MANY else ():
        value = (plan.standalone or {}).get(name)
        found += _judged(f"standalone.{name}", dataset, (decisions, {"value": value}), ({name}, Variant.ROUND))
    if today is not None:
        stated = {"value": plan.today, "co2": plan.emissions.get("baseline_co2")}
        found += _judged("today", dataset, (today, stated), (None, Variant.TODAY))
    wrong = [finding.line() for finding in found if finding.refuses]
    if wrong:
        raise VerificationError(wrong)


def _judged(
    subject: str,
    dataset: Dataset,
    claim: tuple[Decisions, Mapping[str, float | None]],
    problem: tuple[Collection[str] | None, Variant],
) -> Iterator[Finding]:
    """Yield findings on one plan and on its claimed value and CO2, each prefixed with the name of the claim."""
    book, (decisions, stated) = Book(), claim
    books = _recomputed(book, dataset, decisions, *problem)
    if books is not None:
        for code, claimed in stated.items():
            amounts = books.money if code == "value" else books.co2
            book.one(code, claimed, float(amounts.sum()), float(np.abs(amounts).sum()) + 1.0)
    yield from (replace(finding, subject=f"{subject} {finding.subject}") for finding in book.found)


def _recomputed(
    book: Book,
    dataset: Dataset,
    decisions: Decisions,
    members: Collection[str] | None = None,
    variant: Variant = Variant.ROUND,
) -> Books | None:
    """Check the rows of a plan; return its books, None where it has no shape that they could be made of."""
    _check_shape(book, decisions)
    if book.found:
        return None
    books = Books(dataset, decisions, members, variant)
    check_strays(book, books)
    check_rows(book, books)
    _check_amounts(book, books)
    return books


def _check_shape(book: Book, decisions: Decisions) -> None:
    """Check that columns exist, amounts are finite and non-negative, and keys are unique."""
    for name, (columns, amounts, key) in _FRAMES.items():
        frame: pd.DataFrame = getattr(decisions, name)
        missing = [column for column in columns if column not in frame]
        if missing:
            book.add("frame", name, f"columns are missing: {', '.join(missing)}")
            continue
        for column in amounts:
            amount = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
            bad = ~(np.isfinite(amount) & (amount >= 0))
            book.flag("amount", bad, row_name(name, column), "is no amount of 0 or more")
        if key:
            again = frame.duplicated(list(key)).to_numpy()
            book.flag("twice", again, row_name(name), "the same key stands above")


def check_strays(book: Book, books: Books) -> None:
    """Check that every row of the plan is a variable of the model: known ids, and a valid exchange, build or link."""
    for stray in books.point.strays:
        plain = stray.frame == "flows" and not stray.column
        name = books.named if plain else row_name(stray.frame, stray.column)
        book.flag(stray.code, stray.rows, name, stray.text)
    if not books.dataset.settings.allow_builds:
        count = len(books.decisions.builds)
        book.flag("allow_builds", np.ones(count, bool), row_name("builds"), "new processes are not allowed")


def check_rows(book: Book, books: Books) -> None:
    """Check that the plan satisfies every constraint of the model contract, within tolerance."""
    x, peak = books.point.x, np.append(books.peak, 0.0)  # the last is of rows without a commodity
    for block in blocks(books.point.parts):
        more, less = np.zeros(len(block)), np.zeros(len(block))  # sums of positive and of negative terms, without sign
        for entries in block.entries:
            row, column, value = np.broadcast_arrays(entries.row, entries.column, entries.value)
            term = value * x[column]
            more += np.bincount(row, np.maximum(term, 0.0), len(block))
            less += np.bincount(row, np.maximum(-term, 0.0), len(block))
        code = block.constraint.removesuffix("_min").removesuffix("_max")
        for sign, bound, word, called in (
            (1.0, block.upper, "is more than", code),
            (-1.0, block.lower, "is less than", _BELOW.get(code, code)),
        ):
            finite = np.where(np.isfinite(bound), bound, 0.0)
            over = np.where(np.isfinite(bound), sign * (more - less - finite), -1.0)
            slack = ROW * np.maximum(np.maximum(more, less), np.abs(finite))
            which = np.flatnonzero(~(over <= slack))
            if not len(which):
                continue
            at = positions(books.dataset["commodities"]["commodity"], block.said("commodity")[which])
            which = which[~(over[which] <= slack[which] + NOISE * peak[at])]
            said: list[Any] = [block.said(name)[which] for name in ROW_COLUMNS[1:]]
            names = [" ".join(part for part in row if part) or block.constraint for row in zip(*said, strict=True)]
            book.compared(called, names, (more[which], less[which] + bound[which]), word)


def _check_amounts(book: Book, books: Books) -> None:
    """Check received quantities, lengths, capex and annual costs against the tables."""
    point, decisions = books.point, books.decisions
    parts, spent, yearly = point.parts, capex(point.parts), annuities(point.parts)
    flow, build, link = (np.flatnonzero(at >= 0) for at in (point.flow, point.build, point.link))
    arrived = books.quantity[flow] * parts.exchanges.arrival[point.flow[flow]]
    book.claimed("arrived", books.arrived[flow], arrived, books.quantity[flow] + 1e-12, _among(books.named, flow))
    size, opened = point.build[build], point.link[link]
    built = size - parts.first["size"] + parts.first["built"]
    paid = spent[built] + spent[size] * decisions.builds["capacity"].to_numpy(float)[build]
    km = parts.routes["km"].to_numpy(float)[parts.opened][opened - parts.first["open"]]
    for frame, rows, column, found in (
        ("builds", build, "capex", paid),
        ("builds", build, "annual_cost", paid * yearly[size]),
        ("links", link, "km", km),
        ("links", link, "capex", spent[opened]),
        ("links", link, "annual_cost", spent[opened] * yearly[opened]),
    ):
        claim = getattr(decisions, frame)[column].to_numpy(float)[rows]
        book.claimed(column, claim, found, np.abs(found), _among(row_name(frame, column), rows))


def _among(name: Callable[[int], str], rows: Ints) -> Callable[[int], str]:
    """Return a function that names the rows of a selection."""
    return lambda row: name(int(rows[row]))


def _check_source(book: Book, books: Books, plan: Plan) -> None:
    """Check that the plan is based on this dataset and on these settings."""
    if plan.dataset.get("digest") != books.dataset.digest:
        book.add("digest", "dataset", "the plan was made from other tables")
    if plan.dataset.get("name") != books.dataset.name:
        book.add("dataset", "dataset.name", f"is {plan.dataset.get('name')!r}, the dataset is {books.dataset.name!r}")
    for key, value in books.dataset.scenario_record().items():
        if _plain(plan.scenario.get(key)) != _plain(value):
            book.add("scenario", f"scenario.{key}", f"is {plan.scenario.get(key)!r}, in force is {value!r}")


def _plain(value: object) -> object:
    """Return a setting in a form in which tuples equal lists and integers equal floats."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _check_totals(book: Book, books: Books, plan: Plan) -> None:
    """Check value, bound, gap, status and emissions against the rows."""
    book.one("value", plan.value, float(books.money.sum()), books.turnover)
    if not plan.bound >= plan.value - MONEY * max(1.0, books.turnover):
        book.add("bound", "bound", f"{plan.bound:.12g} is less than the value {plan.value:.12g}")
    gap = _gap(plan, plan.bound)
    if not abs(gap - plan.gap) <= 1e-9 * max(1.0, gap):
        book.add("gap", "gap", f"claimed {plan.gap:.9g}, found {gap:.9g}")
    if plan.status not in ("optimal", "feasible"):
        book.add("status", "status", f"{plan.status!r} is no status of a plan")
    asked = plan.solver.get("gap_asked")
    if asked is not None and (plan.status == "optimal") != (plan.gap <= float(asked) + 1e-12):
        book.add("status", "status", f"{plan.status!r} with a gap of {plan.gap:.3g} where {asked} was asked for")
    book.one("co2", plan.emissions.get("co2"), float(books.co2.sum()), float(np.abs(books.co2).sum()) + 1.0)


def _gap(plan: Plan, bound: float) -> float:
    """Return the relative gap between a plan and a bound."""
    return abs(bound - plan.value) / max(1.0, abs(plan.value))


def _check_proof(book: Book, books: Books, plan: Plan) -> None:
    """Check that the duals prove the claimed bound; warn where the bound is only the solver's claim."""
    proof = plan.proof
    claims = [float(proof[name]) for name in ("dual", "solver") if proof.get(name) is not None]
    room = PROVEN * max(1.0, abs(plan.value))
    if not claims or not abs(min(claims) - plan.bound) <= room:
        book.add("bound", "bound", f"{plan.bound:.12g} is not the least of the bounds in the proof")
    if proof.get("dual") is None:
        book.add("bound_claim", "bound", "the bound is the solver's claim", Severity.WARNING)
        if _linear(books):
            book.add("no_duals", "proof", "nothing here is a yes or no, yet no duals prove the bound", Severity.WARNING)
        return
    bound, dual = _proven(book, books, proof), float(proof["dual"])
    if bound is None or bound > dual + room:
        found = "no bound" if bound is None else f"{bound:.12g}"
        book.add("duals", "proof", f"its duals prove {found}, the plan claims {dual:.12g}")
    if plan.bound < dual - room:
        text = f"proven to {_gap(plan, dual):.2g}, by the solver's claim {plan.gap:.2g}"
        book.add("bound_claim", "bound", text, Severity.WARNING)
    if proof.get("duals") is not None and not proof.get("columns"):
        keys = (*ROW_COLUMNS, "value")
        known = {tuple(row[name] for name in keys) for row in proof["duals"]}
        stray = np.array([tuple(row[name] for name in keys) not in known for row in plan.shadow_prices])
        book.flag("shadow_prices", stray, row_name("shadow_prices"), "is none of the duals")


def _proven(book: Book, books: Books, proof: Mapping[str, Any]) -> float | None:
    """Return the bound proven by the duals of a proof, None if they prove none."""
    if proof.get("columns") or proof.get("rows"):
        try:
            return proven(build(books.dataset), proof)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            book.add("duals", "proof", f"cannot be evaluated: {error}")
            return None
    frame = pd.DataFrame(list(proof["duals"]), columns=[*ROW_COLUMNS, "value"])
    bad = ~np.isfinite(frame["value"].to_numpy(float))
    book.flag("duals", bad, row_name("proof.duals", "value"), "is no number")
    exact = None if bad.any() else exactly_proven(build(books.dataset), frame)
    return None if exact is None else float(exact)


def _linear(books: Books) -> bool:
    """Return whether the tables imply no binary decision: no builds, link capex, minimum loads or partner limit."""
    dataset, settings = books.dataset, books.dataset.settings
    loads = dataset["facilities"]
    switched = bool(((loads["min_load"] > 0) & ~loads["must_run"].astype(bool)).any())
    built = settings.allow_builds and bool(dataset["processes"]["buildable"].any())
    laid = bool((dataset["links"]["fixed_capex"] > 0).any())
    laid |= bool((dataset["transport"][["fixed_capex", "capex_per_km"]] > 0).to_numpy().any())
    return not (switched or built or laid or settings.max_partners is not None)


def _aims(books: Books) -> bool:
    """Return whether a constraint binds only the joint plan: a scenario aim, or a duty at a public place."""
    settings, sites = books.dataset.settings, books.dataset["sites"]
    if any(aim is not None for aim in (settings.capex_budget, settings.co2_cap, *settings.mode_share, *settings.fix)):
        return True
    public = sites.loc[sites["enterprise"] == "", "site"]
    duties = (("offers", "must_clear"), ("needs", "required"))
    return any(
        bool((books.dataset[table][flag] & books.dataset[table]["site"].isin(public)).any()) for table, flag in duties
    )


def _check_standalone(book: Book, books: Books, plan: Plan) -> None:
    """Check the gain against the standalone values, and that these do not exceed the value unless an aim binds."""
    if plan.standalone is None:
        for name in ("gain", "status_quo", "today", "remainder"):
            if getattr(plan, name) is not None:
                book.add(name, name, "stands without standalone values")
        return
    known = set(texts(books.dataset["enterprises"]["enterprise"]))
    if set(plan.standalone) != known:
        book.add("standalone", "standalone", "the enterprises are not those of the dataset")
    values = list(plan.standalone.values())
    alone = [value for value in values if value is not None]
    scale = abs(plan.value) + sum(abs(value) for value in alone)
    gain = plan.value - sum(alone) if len(alone) == len(values) else None
    book.one("gain", plan.gain, gain, scale)
    if gain is not None and not _aims(books) and gain < -(plan.bound - plan.value) - 1e-6 * scale:
        book.add("standalone", "standalone", f"alone they reach {-gain:.6g} more than together, though no aim binds")
    for name in ("today", "status_quo"):
        value = getattr(plan, name)
        if value is not None and not np.isfinite(value):
            book.add(name, name, f"{value} is no amount of money")
