"""Aims: the budget, the carbon cap, shares of modes, fixed exchanges and the number of partners."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.accounts.keys import texts
from synergy.verify.findings import Book, Rows, always
from synergy.verify.view import View, matching


def check_aims(book: Book, view: View) -> None:
    """The plan keeps what the settings of the round ask for."""
    settings = view.dataset.settings
    if settings.capex_budget is not None:
        _one(book, "capex_budget", view.ledger.capex, settings.capex_budget)
    if settings.co2_cap is not None:
        emitted = float(view.ledger.flows["co2"].abs().sum() + view.ledger.runs["co2"].abs().sum())
        _one(book, "co2_cap", view.ledger.co2, settings.co2_cap, emitted)
    if not settings.allow_builds:
        count = len(view.decisions.builds)
        book.flag("allow_builds", np.ones(count, bool), lambda row: f"builds[{row}]", "new processes are not allowed")
    _mode_shares(book, view)
    _fixed(book, view)
    _partners(book, view)


def _one(book: Book, code: str, left: float, right: float, scale: float = 0.0) -> None:
    size = np.array([max(abs(left), scale)])
    book.at_most(code, Rows(np.array([left]), np.array([right]), size, size, lambda _: code))


def _mode_shares(book: Book, view: View) -> None:
    flows = view.decisions.flows
    commodity, mode = texts(flows["commodity"]), texts(flows["mode"])
    for index, rule in enumerate(view.dataset.settings.mode_share):
        moved = view.moves & (commodity == rule.commodity)
        total = float(view.quantity[moved].sum())
        part = float(view.quantity[moved & np.isin(mode, list(rule.modes))].sum())
        size = np.array([total])
        rows = Rows(np.array([part]), np.array([rule.minimum * total]), size, size, always(f"mode_share {index}"))
        book.at_least("mode_share", rows)


def _fixed(book: Book, view: View) -> None:
    for index, pattern in enumerate(view.dataset.settings.fix):
        hit = matching(view, pattern, view.decisions.flows) & view.moves
        moved = np.array([float(view.quantity[hit].sum())])
        wanted = np.array([float(pattern.quantity or 0.0)])
        book.equal("fix", Rows(moved, wanted, moved, wanted, always(f"fix {index}")))


def _partners(book: Book, view: View) -> None:
    most = view.dataset.settings.max_partners
    if most is None:
        return
    deal = view.partnership & (view.quantity > 0)
    pairs = pd.DataFrame({"firm": view.giver[deal], "other": view.taker[deal]})
    both = pd.concat([pairs, pairs.rename(columns={"firm": "other", "other": "firm"})]).drop_duplicates()
    count = both.groupby("firm")["other"].count()
    names = [str(name) for name in count.index]
    left = np.asarray(count.to_numpy(), dtype=np.float64)
    book.at_most("max_partners", Rows(left, np.full(len(left), float(most)), left, 0.0, names.__getitem__))
