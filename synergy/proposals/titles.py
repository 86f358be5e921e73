"""One clear sentence with figures for each proposal, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synergy.proposals.ends import OUTSIDE
from synergy.proposals.names import Names, amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

SHOWN = 2  # partners named before "and n more"
MAIN = 0.15  # a further product is named where it is worth this part of the first
FOREIGN = 0.5  # an input from others is named before the host's own where it is worth this part of it


@dataclass(frozen=True, slots=True)
class Story:
    """What a title tells of.

    Parameters
    ----------
    flows : pandas.DataFrame
        The proposal's flows with owners, `km` and `worth`.
    build : mapping or None
        ``process``, ``site``, ``capacity`` and ``owner`` of the build; None for a direct exchange.
    opened, right : bool
        Whether it opens a link; whether it moves a right, which has no road.
    periods : int
        Periods in a year.
    """

    flows: pd.DataFrame
    build: dict[str, object] | None
    opened: bool
    right: bool
    periods: int


def title(story: Story, names: Names) -> str:
    """Return the sentence in the language of the names."""
    return _build_title(story, names) if story.build else _deal_title(story, names)


def _deal_title(story: Story, names: Names) -> str:
    """Tell of one commodity between two owners."""
    flows, zh = story.flows, names.lang == "zh"
    first = flows.iloc[0]
    good = str(first["commodity"])
    said = amount(float(flows["quantity"].sum()), names.unit[good], names.lang)
    giver, taker = names.owner[str(first["from_owner"])], names.owner[str(first["to_owner"])]
    if first["from_owner"] == first["to_owner"]:
        giver, taker = (_join(_by_worth(flows, end), names.site, names.lang) for end in ("from_site", "to_site"))
    tail = _distance(story, names.lang) + _season(story, names.lang)
    if zh:
        return f"{names.commodity[good]}：{giver} → {taker}，每年 {said}{tail}"
    return f"{names.commodity[good]} from {giver} to {taker}: {said} a year{tail}"


def _distance(story: Story, lang: str) -> str:
    """Tell how far it goes, and whether the line is new."""
    flows = story.flows
    weight = flows["quantity"].to_numpy(dtype=float)
    km = float(np.average(flows["km"].to_numpy(dtype=float), weights=weight)) if weight.sum() > 0 else 0.0
    if km < 0.05 or story.right:
        return ""
    said = f"{km:.0f}" if km >= 10 else f"{km:.1f}".removesuffix(".0")
    if lang == "zh":
        return f"，{'新建线路 ' if story.opened else ''}{said} km"
    return f" over {said} km{' of new line' if story.opened else ''}"


def _season(story: Story, lang: str) -> str:
    """Tell in how many periods it happens, where not in all."""
    active = int(story.flows["period"].nunique())
    if active >= story.periods:
        return ""
    return f"（{story.periods} 个时段中的 {active} 个）" if lang == "zh" else f" ({active} of {story.periods} periods)"


def _build_title(story: Story, names: Names) -> str:
    """Tell of a new build: what it is, where, what it takes from whom and makes for whom."""
    build, zh = story.build or {}, names.lang == "zh"
    process, capacity = str(build["process"]), float(str(build["capacity"]))
    name, host = names.process[process], names.owner[str(build["owner"])]
    size = amount(capacity, names.activity[process] or ("单位" if zh else "units"), names.lang)
    ident = f"{process}@{build['site']}"
    taken = story.flows[(story.flows["inlet_kind"] == "build") & (story.flows["inlet_id"] == ident)]
    made = story.flows[(story.flows["outlet_kind"] == "build") & (story.flows["outlet_id"] == ident)]
    parts = [*_taken(taken, names), *_made(made, names)]
    if zh:
        return f"{host}新建{name}（{size}/年）" + "".join(f"{'：' if k == 0 else '，'}{p}" for k, p in enumerate(parts))
    return f"New at {host}: {name}, {size} a year" + "".join(f"{'; ' if k else ', '}{p}" for k, p in enumerate(parts))


def _taken(flows: pd.DataFrame, names: Names) -> list[str]:
    """Tell of the input worth most, from whom; one from others goes before the host's own if it matters as much."""
    if flows.empty:
        return []
    worth = flows["worth"].groupby(flows["commodity"]).sum()
    foreign = flows[~flows["outlet_kind"].isin(OUTSIDE) & (flows["from_owner"] != flows["to_owner"])]
    shared = worth[worth.index.isin(foreign["commodity"]) & (worth >= FOREIGN * worth.max())]
    good = str((shared if len(shared) else worth).idxmax())
    chosen = flows[flows["commodity"] == good]
    givers = chosen[~chosen["outlet_kind"].isin(OUTSIDE)]
    said = amount(float(chosen["quantity"].sum()), names.unit[good], names.lang)
    if names.lang == "zh":
        source = f"用{_join(_by_worth(givers, 'from_owner'), names.owner, 'zh')}的" if len(givers) else "外购"
        return [f"{source}{names.commodity[good]} {said}/年"]
    source = _join(_by_worth(givers, "from_owner"), names.owner, "en") if len(givers) else "the market"
    return [f"on {said} a year of {_lower(names.commodity[good])} from {source}"]


def _made(flows: pd.DataFrame, names: Names) -> list[str]:
    """Tell of the products worth most and who takes them."""
    sold = flows[flows["inlet_kind"] != "disposal"]
    worth = sold["worth"].groupby(sold["commodity"]).sum().sort_values(ascending=False, kind="stable")
    parts = []
    for good in worth.index[:2]:
        if worth[good] < MAIN * worth.iloc[0]:
            continue
        chosen = sold[sold["commodity"] == good]
        said = amount(float(chosen["quantity"].sum()), names.unit[good], names.lang)
        outside = float(chosen.loc[chosen["inlet_kind"] == "market", "quantity"].sum())
        near = chosen[chosen["inlet_kind"] != "market"]
        takers = [] if outside > 0.5 * chosen["quantity"].sum() else _by_worth(near, "to_owner")
        if names.lang == "zh":
            use = f"供{_join(takers, names.owner, 'zh')}" if takers else "外销"
            parts.append(f"产{names.commodity[good]} {said}/年，{use}")
        else:
            use = f"for {_join(takers, names.owner, 'en')}" if takers else "for the market"
            parts.append(f"makes {said} of {_lower(names.commodity[good])} {use}")
    return parts


def _by_worth(flows: pd.DataFrame, column: str) -> list[str]:
    """Return the names in a column, those with the most quantity first, ties by name."""
    total = flows["quantity"].groupby(flows[column].astype(str)).sum()
    return [str(name) for name in total.sort_index().sort_values(ascending=False, kind="stable").index]


def _join(ids: Sequence[str], known: object, lang: str) -> str:
    """Return a list of names, cut after a few."""
    said = [known[name] for name in ids]  # type: ignore[index]
    more = len(said) - SHOWN
    if lang == "zh":
        return "、".join(said[:SHOWN]) + (f"等 {len(said)} 家" if more > 0 else "")
    if more > 0:
        return ", ".join(said[:SHOWN]) + f" and {more} more"
    return " and ".join(said)


def _lower(name: str) -> str:
    """Return a name as it stands inside a sentence: acronyms and formulas stay as they are."""
    head = name.split(" ", 1)[0]
    return name if len(head) < 2 or any(c.isupper() or c.isdigit() for c in head[1:]) else name[:1].lower() + name[1:]
