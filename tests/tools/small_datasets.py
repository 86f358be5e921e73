"""Small datasets in a few lines, for cases that are computed by hand."""

from __future__ import annotations

import json
from pathlib import Path

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset


def small(folder: Path, tables: dict[str, str], **settings: object) -> Dataset:
    """Write tables given as text, rows by line and cells by blanks ("-" = blank), and read them as a dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        lines = (",".join("" if cell == "-" else cell for cell in line.split()) for line in rows.strip().splitlines())
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    resources = [{"name": name, "path": f"{name}.csv"} for name in tables]
    package = {"name": folder.name.lower(), "resources": resources, "synergy": settings}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return read(folder)


# X of A goes to a new unit at B or at C, which makes Y for a market: 100 a year capital at B, 110 at C
TWO_HOSTS = {
    "enterprises": "enterprise\nA\nB\nC",
    "sites": "site enterprise\na A\nb B\nc C",
    "commodities": "commodity unit\nX t\nY t",
    "offers": "offer site commodity quantity\nOX a X 100",
    "processes": "process opex buildable max_capacity fixed_capex lifetime_years\nMAKE 1 true 100 2000 20",
    "recipes": "process commodity coefficient\nMAKE X -1\nMAKE Y 1",
    "build_options": "process site capex_factor\nMAKE b 1\nMAKE c 1.1",
    "markets": "market commodity side price\nM Y sell 10",
    "links": "from_site to_site commodity mode km\na b X truck 1\na c X truck 1",
}
# A sells 100 X: 50 to B at 10 and 50 to C at 9; D would pay 8.9
THREE_BUYERS = {
    "enterprises": "enterprise\nA\nB\nC\nD",
    "sites": "site enterprise\na A\nb B\nc C\nd D",
    "commodities": "commodity unit\nX t",
    "offers": "offer site commodity quantity\nOX a X 100",
    "needs": "need site commodity quantity price\nNB b X 50 10\nNC c X 50 9\nND d X 50 8.9",
    "links": "from_site to_site commodity mode km\na b X truck 1\na c X truck 1\na d X truck 1",
}
