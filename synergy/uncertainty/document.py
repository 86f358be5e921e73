"""Uncertain figures in words of both languages, and as a plain JSON record."""

from __future__ import annotations

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.proposals.names import Names, names
from synergy.records.plain import plain
from synergy.scenario import JSON
from synergy.texts import LANGUAGES, Catalogue
from synergy.uncertainty.figures import Figure, Origin
from synergy.uncertainty.sensitivity import Sensitivity, Uncertain

SCHEMA = "synergy/sensitivity/1"
# English, Chinese
SAID = Catalogue(
    {
        "markets": ("market price of {commodity} (markets: {count})", "{commodity}的市场价格（{count} 个市场）"),
        "quality": ("{name} of {commodity} from {holder}", "{holder}所供{commodity}的{name}"),
        "cell": ("{column}: {row} ({about})", "{column}：{row}（{about}）"),
        Origin.DECLARED: ("declared", "申报区间"),
        Origin.DEFAULT: ("at its default", "取默认值"),
        Origin.UNSTATED: ("not stated", "未申报"),
    }
)


def subject(dataset: Dataset, figure: Figure, lang: str) -> str:
    """Return the description of a figure in words."""
    said, row = names(dataset, lang), figure.rows[0]
    if figure.origin is Origin.UNSTATED:
        holder, commodity, name = row.key
        called = {"name": name, "commodity": said.commodity[commodity], "holder": _called(dataset, said, holder)}
        return SAID.say("quality", lang, **called)
    cells = dataset[figure.table].iloc[row.place]
    if figure.table == "markets" and figure.column == "price":
        return SAID.say("markets", lang, commodity=said.commodity[str(cells["commodity"])], count=len(figure.rows))
    column = TABLES[figure.table].column(figure.column)
    assert column is not None
    kinds = (("commodity", said.commodity), ("process", said.process), ("site", said.site), ("enterprise", said.owner))
    about = [of.get(str(cells[name]), str(cells[name])) for name, of in kinds if name in cells.index and cells[name]]
    joined = ("、" if lang == "zh" else ", ").join(about) or figure.table
    title = column.zh if lang == "zh" else column.en
    return SAID.say("cell", lang, column=title, row=" / ".join(row.key), about=joined)


def _called(dataset: Dataset, said: Names, holder: str) -> str:
    """Return the name of the holder of a quality: the process, or the site of an offer or store."""
    if holder in said.process:
        return said.process[holder]
    for table, key in (("offers", "offer"), ("stores", "store")):
        rows = dataset[table]
        here = rows.loc[rows[key] == holder, "site"]
        if len(here):
            return said.site[str(here.iloc[0])]
    return holder


def sensitivity_record(dataset: Dataset, found: Sensitivity) -> dict[str, JSON]:
    """Return uncertain figures as a plain JSON record, by rank; money a year in the dataset's currency."""
    return {
        "schema": SCHEMA,
        "dataset": {"name": dataset.name, "digest": dataset.digest},
        "value": found.value,
        "better": found.better,
        "uncertain": found.known,
        "yearly": found.yearly,
        "stopped": found.stopped,
        "figures": [_record(dataset, place, one) for place, one in enumerate(found.found, 1)],
    }


def _record(dataset: Dataset, place: int, one: Uncertain) -> dict[str, JSON]:
    figure = one.figure
    rows = [
        {name: plain(getattr(row, name)) for name in ("line", "key", "low", "value", "high")} for row in figure.rows
    ]
    return {
        "rank": place,
        **{f"title_{lang}": subject(dataset, figure, lang) for lang in LANGUAGES},
        "table": figure.table,
        "column": figure.column,
        "origin": str(figure.origin),
        "rows": rows,
        "ends": [{name: plain(getattr(end, name)) for name in type(end).__slots__} for end in one.ends],
        "regret_worst": one.worst,
        "regret_expected": one.expected,
        "plan_changes": one.changes,
        "searched": one.searched,
    }
