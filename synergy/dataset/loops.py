"""Loops that make goods or money from nothing, found in the tables before anything is solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from synergy.dataset.findings import Findings, Where
from synergy.dataset.money import money_loops
from synergy.dataset.sheet import Floats, Sheet
from synergy.scenario import Settings

LOOPS = frozenset({"free_lunch", "money_loop"})  # rules that `LoopError` stands for
TOLERANCE = 1e-6  # of what the loop turns over
_SUPPORT = 1e-9
_MOST = 60  # processes of a loop that are tried one by one
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Recipes:
    """All recipes as one sparse array.

    Parameters
    ----------
    processes, commodities : numpy.ndarray of object
        Ids of columns and rows.
    matrix : scipy.sparse.csc_array
        Units of a commodity (row) per unit of activity of a process (column): > 0 made, < 0 used.
    """

    processes: NDArray[np.object_]
    commodities: NDArray[np.object_]
    matrix: csc_array

    def arrow(self, process: int) -> str:
        """Return a process as text: what it uses, its id, what it makes."""
        column = self.matrix[:, [process]].toarray()[:, 0]
        uses, makes = (" + ".join(self.commodities[rows]) for rows in (column < 0, column > 0))
        return f"{uses} -> [{self.processes[process]}] -> {makes}"


def check_loops(sheets: Mapping[str, Sheet], settings: Settings, findings: Findings) -> None:
    """Name every group of recipes that makes goods from nothing, else every chain that earns without end.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables, without errors.
    settings : Settings
        The settings in force.
    findings : Findings
        Takes the loops.

    Notes
    -----
    Goods: for each strongly connected component of the graph commodity -> process -> commodity, the linear program
    max 1'Ay, Ay >= 0, 1'y <= 1, y >= 0 over its processes, A being their scaled recipes over all commodities: what
    comes from outside the component counts as used up, so only true loops have a value above 0.
    """
    recipes = recipes_of(sheets)
    for members in _components(recipes):
        activity, made = _free_lunch(recipes.matrix[:, members])
        if len(activity):
            _say(recipes, members[activity], recipes.commodities[made], (sheets["recipes"], findings))
    if not findings.refused:
        for loop in money_loops(sheets, settings, recipes.matrix):
            fields: dict[str, object] = {"profit": f"{loop.profit:.6g}", "site": loop.site, "loop": loop.text}
            fields["loop_zh"] = loop.text_zh
            findings.add("money_loop", Where("markets", None, "price"), loop.text, **fields)


def recipes_of(sheets: Mapping[str, Sheet]) -> Recipes:
    """Return the recipes as an array over all processes and commodities.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables, references known.

    Returns
    -------
    Recipes
    """
    rows = sheets["recipes"]
    processes, commodities = sheets["processes"].words("process"), sheets["commodities"].words("commodity")
    places = rows.words("commodity").places_in(commodities), rows.words("process").places_in(processes)
    shape = len(commodities.words), len(processes.words)
    matrix = csc_array((rows.numbers("coefficient"), places), shape=shape)
    return Recipes(processes.words, commodities.words, matrix)


def _components(recipes: Recipes) -> list[Places]:
    """Return the processes of each strongly connected component that holds any together with a commodity."""
    goods, size = recipes.matrix.shape
    cells = coo_array(recipes.matrix)
    used = cells.data < 0
    start, end = np.where(used, cells.row, cells.col + goods), np.where(used, cells.col + goods, cells.row)
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(goods + size, goods + size))
    count, label = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(label, minlength=count)
    members = np.flatnonzero(sizes[label[goods:]] > 1)
    order = members[np.argsort(label[goods:][members], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[goods:][order])) + 1
    return [part for part in np.split(order, cuts) if len(part)]


def _free_lunch(matrix: csc_array) -> tuple[Places, Places]:
    """Return the processes of a smallest loop that makes goods from nothing, and the goods; none for no loop."""
    cells = coo_array(matrix)
    scaled = np.abs(cells.data)
    column, row = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[0])
    np.maximum.at(column, cells.col, scaled)
    scaled = scaled / column[cells.col]
    np.maximum.at(row, cells.row, scaled)
    even = csc_array((np.sign(cells.data) * scaled / row[cells.row], (cells.row, cells.col)), shape=matrix.shape)
    members: Places = np.arange(matrix.shape[1])
    value, activity = _solve(even)
    if value <= TOLERANCE:
        return members[:0], members[:0]
    members = members[activity > _SUPPORT]
    for one in members.tolist() if len(members) <= _MOST else []:
        fewer = members[members != one]
        if len(fewer) and _solve(even[:, fewer])[0] > TOLERANCE:
            members = fewer
    activity = _solve(even[:, members])[1]
    return members, np.flatnonzero(even[:, members] @ activity > TOLERANCE)


def _solve(matrix: csc_array) -> tuple[float, Floats]:
    size = matrix.shape[1]
    upper = vstack([-matrix, csr_array(np.ones((1, size)))], format="csr")
    limits = np.append(np.zeros(matrix.shape[0]), 1.0)
    from scipy.optimize import linprog  # half a second of loading that most commands do without

    answer = linprog(-np.asarray(matrix.sum(axis=0)).ravel(), A_ub=upper, b_ub=limits, method="highs")
    if answer.status != 0 or answer.fun is None:
        return 0.0, np.zeros(size)
    return -float(answer.fun), np.asarray(answer.x, dtype=np.float64)


def _say(
    recipes: Recipes,
    running: Places,
    goods: NDArray[np.object_],
    context: tuple[Sheet, Findings],
) -> None:
    sheet, findings = context
    names = recipes.processes[running].tolist()
    words = sheet.words("process")
    lines = sheet.lines[words.among(np.isin(words.words, names))]
    loop = "; ".join(recipes.arrow(one) for one in running.tolist())
    fields: dict[str, object] = {"goods": ", ".join(goods), "loop": loop}
    findings.add("free_lunch", Where("recipes", int(lines.min()), "coefficient"), ", ".join(names), **fields)
