"""Policy apart from data: the settings of a round, and a scenario that changes settings and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | float | bool | None  # of a table
JSON = Cell | Sequence["JSON"] | Mapping[str, "JSON"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Pattern of exchanges between sites; None matches anything.

    Parameters
    ----------
    from_enterprise, from_site, to_enterprise, to_site, commodity : str or None
        Required ends and commodity.
    quantity : float or None
        Yearly sum leaving, in units of the commodity: for `Settings.fix` alone.
    """

    from_enterprise: str | None = None
    from_site: str | None = None
    to_enterprise: str | None = None
    to_site: str | None = None
    commodity: str | None = None
    quantity: float | None = None

    def record(self) -> dict[str, Cell]:
        """Return the pattern as a plain JSON record without its blanks."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class ModeShare:
    """Minimum share of some modes in the movements of a commodity between sites.

    Parameters
    ----------
    commodity : str
        Whose movements count, by quantity leaving.
    modes : tuple of str
        Modes that count towards the part.
    minimum : float
        Least part, 0..1.
    """

    commodity: str
    modes: tuple[str, ...]
    minimum: float

    def record(self) -> dict[str, JSON]:
        """Return the rule as a plain JSON record."""
        return {"commodity": self.commodity, "modes": list(self.modes), "minimum": self.minimum}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a round decides that is not a fact about a member.

    Parameters
    ----------
    currency : str
        Unit of money of the dataset.
    discount_rate : float
        Rate of the annuities, per year.
    carbon_price : float
        Money per t CO2.
    capex_budget, co2_cap : float or None
        Greatest sum of undiscounted capex (money); greatest emission (t CO2 a year).
    mode_share : tuple of ModeShare
        Least parts of transport that have to use some modes.
    allow_builds : bool
        False stops new processes; links may still open.
    max_partners : int or None
        Enterprises that one enterprise may exchange with.
    forbid, fix : tuple of Pattern
        Exchanges between sites that may not be; that have to be in a given yearly quantity.
    """

    currency: str = "CNY"
    discount_rate: float = 0.08
    carbon_price: float = 0.0
    capex_budget: float | None = None
    co2_cap: float | None = None
    mode_share: tuple[ModeShare, ...] = ()
    allow_builds: bool = True
    max_partners: int | None = None
    forbid: tuple[Pattern, ...] = ()
    fix: tuple[Pattern, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return all settings as a plain JSON record, lists as lists of records."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("mode_share", "forbid", "fix"):
            plain[name] = [item.record() for item in plain[name]]
        return plain


@dataclass(frozen=True, slots=True)
class Scenario:
    """Changes by a planner before a round: settings, rows of tables, factors on columns.

    Parameters
    ----------
    name : str
        Shown in reports; "base" where nothing was asked for.
    settings : mapping of str to object
        Names and raw values of `Settings` that replace the dataset's.
    tables : mapping of str to sequence of mapping
        Rows by table: by their key they replace the columns they name, or are added.
    scale : sequence of mapping
        ``{table, column, where, factor}``: numbers multiplied where the named columns match.
    """

    name: str = "base"
    settings: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    scale: tuple[Mapping[str, Any], ...] = ()
