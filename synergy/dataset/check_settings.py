"""What the settings name has to be in the tables."""

from __future__ import annotations

from collections.abc import Mapping

from synergy.dataset.check_references import unknown
from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import near, suggestion
from synergy.dataset.schema import own_column
from synergy.dataset.sheet import Sheet
from synergy.scenario import Pattern, Settings

_TABLE = {
    "from_enterprise": "enterprises",
    "to_enterprise": "enterprises",
    "from_site": "sites",
    "to_site": "sites",
    "commodity": "commodities",
}


def check_settings(
    settings: Settings, places: Mapping[str, Where], sheets: Mapping[str, Sheet], findings: Findings
) -> None:
    """Check the ids in `forbid`, `fix` and `mode_share`.

    Parameters
    ----------
    settings : Settings
        The settings in force.
    places : mapping of str to Where
        Where each of them was said.
    sheets : mapping of str to Sheet
        All tables.
    findings : Findings
        Takes unknown ids, located in the document that names them.
    """

    def known(table: str, word: str, where: Where) -> None:
        if word not in set(sheets[table].words(own_column(table)).words):
            findings.add("unknown_id", where, word, **unknown(word, sheets, [table]))

    patterns: dict[str, tuple[Pattern, ...]] = {"forbid": settings.forbid, "fix": settings.fix}
    for name, listed in patterns.items():
        for place, pattern in enumerate(listed):
            for key, table in _TABLE.items():
                word = getattr(pattern, key)
                if word is not None:
                    known(table, word, _inside(places[name], f"{place}/{key}"))
    modes = sorted(set(sheets["transport"].words("mode").words) | set(sheets["links"].words("mode").words))
    for place, share in enumerate(settings.mode_share):
        where = places["mode_share"]
        known("commodities", share.commodity, _inside(where, f"{place}/commodity"))
        for number, mode in enumerate(share.modes):
            if mode not in modes:
                hints = suggestion(near(mode, modes))
                findings.add("unused_mode", _inside(where, f"{place}/modes/{number}"), mode, **hints)


def _inside(where: Where, pointer: str) -> Where:
    return where._replace(column=f"{where.column}/{pointer}")
