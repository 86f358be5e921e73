"""The picture of README: who delivers what to whom in datasets/tiny, drawn as on the pages; run it to draw it anew."""

from __future__ import annotations

import re

from roots import ROOT
from synergy.web.figures.sankey import SankeyNames, Stream, sankey
from synergy.web.figures.svg import Naming

from synergy.dataset.read import read
from synergy.options import Options
from synergy.round import run
from synergy.units import label

PICTURE = ROOT / "web" / "manual" / "exchanges.svg"
PUBLIC = "#"  # who gives and takes at sites without an enterprise
_USED = ("--ink", "--soft", "--card")


def drawn() -> str:
    """SVG of the exchanges between enterprises in the best plan of datasets/tiny, with the style that it needs."""
    dataset = read(ROOT / "datasets" / "tiny")
    plan = run(dataset, Options(settlement="none")).plan
    assert plan is not None
    owner = dict(zip(dataset["sites"]["site"], dataset["sites"]["enterprise"].replace("", PUBLIC), strict=True))
    sums: dict[tuple[str, str, str], float] = {}
    for one in plan.decisions.flows.itertuples():
        key = (owner[one.from_site], one.commodity, owner[one.to_site])
        if key[0] != key[2]:
            sums[key] = sums.get(key, 0.0) + float(one.quantity)
    firms, goods = (dataset[table].set_index(table[:-1].replace("ie", "y")) for table in ("enterprises", "commodities"))
    names = SankeyNames(
        firm=firms["name_en"].to_dict() | {PUBLIC: "public place"},
        commodity=goods["name_en"].to_dict(),
        amount=lambda quantity, good: f"{quantity:,.0f} {label(goods['unit'][good], 'en')}",
        heads=("Supplier", "Commodity", "User"),
        others="others",
    )
    naming = Naming(
        "exchanges", "Who delivers what to whom", "Suppliers, commodities and users in datasets/tiny, a year."
    )
    figure = str(sankey([Stream(*key, quantity) for key, quantity in sorted(sums.items())], names, naming))
    return figure.replace("<title", f"<style>{_style(figure)}</style><title", 1) + "\n"


def _style(figure: str) -> str:
    """Rules of the style sheet for the classes of a figure, and the colours they use."""
    sheet = (ROOT / "web" / "static" / "style.css").read_text("utf-8")
    classes = {name for found in re.findall(r'class="([^"]+)"', figure) for name in found.split()}
    rules = [f".drawn{{font:12px sans-serif;fill:none;{_colours(sheet, 0)}}}"]
    rules += [f"@media (prefers-color-scheme:dark){{.drawn{{{_colours(sheet, 1)}}}}}"]
    for chosen, body in re.findall(r"^(\.drawn [^{}@:]*) \{ ([^}]*) \}$", sheet, flags=re.M):
        if set(re.findall(r"\.([a-z0-9]+)", chosen)) <= classes:
            rules.append(f"{chosen}{{{body}}}")
    coloured = {name for name in classes if re.fullmatch(r"c\d", name)}
    rules += [f".drawn .{name}{{stroke:var(--{name})}}" for name in sorted(coloured)]
    return "".join(rules)


def _colours(sheet: str, mode: int) -> str:
    """Colours of the style sheet, light (0) or dark (1), as declarations."""
    names = (*_USED, *(f"--c{place}" for place in range(8)))
    return "".join(f"{name}:{re.findall(rf'{name}: ([^;]+);', sheet)[mode]};" for name in names)


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
