"""Options of a round, as passed on by every front end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synergy.errors import UsageError
from synergy.model.solve_params import Control, SolveParams
from synergy.settlement import DEFAULT


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a round.

    Parameters
    ----------
    gap : float
        Relative gap that suffices.
    time_limit : float
        Seconds for the plan of all, and once more for its settlement; the others are small.
    settlement : str
        ``none`` (the plan alone), ``standalone`` (the plan, what each could do alone, and the gain), or the method by
        which `synergy.round.run` shares the gain: a key of `synergy.settlement.rules.RULES`.
    base : str
        Base of the method ``proportional``: ``weight``, ``standalone``, or an indicator of the dataset.
    price_step : float
        Prices of exchanges are multiples of it, where their bands allow; money per unit.
    prices : sequence of mapping
        What is asked of prices: ``{from_site, to_site, commodity, least, most, agreed}``, money per unit, each figure
        may be missing. The settlement keeps to it within the bands, to what is agreed always, and says what it refused.
    workers : int
        Processes for parallel tasks.
    threads : int
        Threads of one solver.
    seed : int
        Of all that is random.
    proof : float
        Part of the work of the search that the search for a proof may take where no processor is free to do it beside;
        of the time limit where the clock ended the search.
    """

    gap: float = 1e-4
    time_limit: float = 300.0
    settlement: str = DEFAULT
    base: str = "weight"
    price_step: float = 0.01
    prices: Sequence[Mapping[str, Any]] = ()
    workers: int = 1
    threads: int = 1
    seed: int = 0
    proof: float = 0.02

    def __post_init__(self) -> None:
        """Refuse options that no solver accepts."""
        for name in ("gap", "time_limit", "workers", "threads", "seed", "price_step", "proof"):
            value = getattr(self, name)
            if not value >= 0:
                raise UsageError(f"Options: {name} is {value!r}; expected a number of at least 0")


def params_of(options: Options, control: Control, spent: float = 0.0) -> SolveParams:
    """Return how hard the plan of all is searched for, less the seconds that were spent before."""
    return SolveParams(
        options.gap,
        options.time_limit - spent,
        options.threads,
        options.seed,
        control.listen,
        control.stop,
        options.workers,
        control.memory,
    )
