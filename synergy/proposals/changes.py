"""What a plan changes against other plans: one line for every flow, run and level of either side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synergy.proposals.ends import stacked

if TYPE_CHECKING:
    import pandas as pd

    from synergy.proposals.booked import Booked

FLOW_KEY = (
    "from_site",
    "to_site",
    "commodity",
    "mode",
    "period",
    "outlet_kind",
    "outlet_id",
    "inlet_kind",
    "inlet_id",
)
RUN_KEY = ("kind", "id", "period")
LEVEL_KEY = ("store", "period")


@dataclass(frozen=True, slots=True)
class Changes:
    """Plan minus what it is compared with, by key.

    Parameters
    ----------
    flows : pandas.DataFrame
        `FLOW_KEY`, the changes of `quantity`, `arrived`, `value` and `co2`, and `size`, the sum of both sides'
        quantities.
    runs : pandas.DataFrame
        `RUN_KEY`, the changes of `activity`, `value` and `co2`, and `size`.
    levels : pandas.DataFrame
        `LEVEL_KEY`, the changes of `level`, `value` and `co2`, and `size`.
    """

    flows: pd.DataFrame
    runs: pd.DataFrame
    levels: pd.DataFrame


def changes(plan: Booked, other: Booked) -> Changes:
    """Return what a plan does more or less than another, line by line.

    Parameters
    ----------
    plan, other : Booked
        The plan and what it is compared with, with the value of each line; lines of the same key add up.
    """
    return Changes(
        flows=_difference(plan.flows, other.flows, FLOW_KEY, ("quantity", "arrived")),
        runs=_difference(plan.runs, other.runs, RUN_KEY, ("activity",)),
        levels=_difference(plan.levels, other.levels, LEVEL_KEY, ("level",)),
    )


def _difference(
    plan: pd.DataFrame, other: pd.DataFrame, key: tuple[str, ...], amounts: tuple[str, ...]
) -> pd.DataFrame:
    """Return one frame minus the other, summed by key in order of appearance."""
    columns = [*amounts, "value", "co2"]
    plus, minus = (side[[*key, *columns]].assign(size=side[amounts[0]].abs()) for side in (plan, other))
    minus[columns] = -minus[columns]
    every = stacked([plus, minus])
    return every.groupby(list(key), sort=False, as_index=False)[[*columns, "size"]].sum()
