"""Files drawn at random: names, cases, headers, separators, signs, encodings, units; read right or refused by name."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from synergy.dataset.read import check
from synergy.dataset.typed import title
from synergy.errors import Severity

ROUNDS = 320
NOBODY = "supply"  # the name of no table, nor a slip of one
SIGNS = ({"decimalChar": ",", "groupChar": "."}, {"groupChar": ","})
BASE = {
    "enterprises": "enterprise\nA\nB\n",
    "sites": "site,enterprise\na,A\nb,B\n",
    "commodities": "commodity,unit,disposal_cost\nCOG,kNm3,1\n",
    "needs": "need,site,commodity,quantity\nn1,b,COG,50\n",
}
VALUES = {
    "offer": "o1",
    "site": "a",
    "commodity": "COG",
    "quantity": "1234567.5",
    "price": "0.25",
    "must_clear": "true",
}
WANTED = ("o1", "a", "COG", 1234567.5, 0.25, True)
ZH = {
    "offer": "供给",
    "site": "厂区",
    "commodity": "物料",
    "quantity": "数量",
    "price": "价格",
    "must_clear": "必须全部外运",
}
ENDINGS = (".csv", ".CSV", ".txt", ".csv.txt", ".tsv", ".xlsx", ".csv.gz", ".json", ".dat", "")
NUMBERS = (
    *(
        "1234567.5",
        "1,234,567.5",
        "1234567,5",
        "1.234.567,5",
        "1 234 567.5",
        "1234567.5 kNm3",
        "123.45675万",
        "123.45675万方",
    ),
    *("1.2345675E6", "１２３４５６７．５", "1'234'567.5", "1234567.5kNm3/a", "≈1234567.5", "+1234567.5", "1234567.50"),
)
FLAGS = ("true", "TRUE", "1", "是", "Y", "yes", "√", "ja", "wahr", "on")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "gb18030")


def _name(draw: random.Random) -> str:
    words = ("offers", "offer", "Offers", "OFFERS", "供给", "my offers", "offers_2026", "ofers", NOBODY, "我们的供给")
    return draw.choice(("", "", "", "data/")) + draw.choice(words) + draw.choice((".csv",) * 6 + ENDINGS)


def _table(draw: random.Random, said: dict[str, Any]) -> str:
    order = draw.sample(list(VALUES), len(VALUES))
    heads = [draw.choice((name, name.upper(), name.replace("_", " "), f" {name}", ZH[name])) for name in order]
    if draw.random() < 0.1:
        place = draw.randrange(len(heads))
        heads[place] = draw.choice((f"{heads[place]} (CNY)", f"x{heads[place]}", heads[place - 1]))
    cells = {**VALUES, "must_clear": draw.choice(FLAGS)}
    cells["quantity"] = draw.choice(NUMBERS if draw.random() < 0.5 else NUMBERS[:1])
    mark = draw.choice((",", ",", ";", "\t", "|", "~", "，"))
    quote = draw.choice(('"', '"', "'"))
    if draw.random() < 0.5:
        said["dialect"] = {"delimiter": mark, "quoteChar": quote}
    if draw.random() < 0.5:
        said["schema"] = {"fields": [{"name": "quantity", **draw.choice(SIGNS)}]}
    quoted = {
        name: f"{quote}{cell}{quote}" if mark in cell or draw.random() < 0.2 else cell for name, cell in cells.items()
    }
    row = [quoted[name] for name in order]
    lines = [mark.join(heads), mark.join(row)]
    if draw.random() < 0.1:
        lines.insert(0, draw.choice(("our offers", "", "# offers, all of them")))
    return draw.choice(("\n", "\r\n")).join(lines) + "\n"


def _dataset(draw: random.Random, folder: Path) -> tuple[Path, str]:
    """Write a dataset; return where it lies and how the file of its offers is called."""
    folder.mkdir()
    for table, text in BASE.items():
        called = draw.choice((table, table, table.capitalize(), title(table, "zh")))
        (folder / f"{called}.csv").write_text(text, "utf-8")
    said: dict[str, Any] = {}
    name, text = _name(draw), _table(draw, said)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode(draw.choice(ENCODINGS)))
    if said or draw.random() < 0.3:
        resource = {"name": draw.choice(("offers", "offers", "Offers", "ofers")), "path": name, **said}
        (folder / "datapackage.json").write_text(json.dumps({"name": "x", "resources": [resource]}), "utf-8")
    if draw.random() < 0.7:
        return folder, name
    packed = folder.with_suffix(".zip")
    inside = draw.choice(("", "one/", "one/two/"))
    with zipfile.ZipFile(packed, "w") as archive:
        for one in folder.rglob("*"):
            if one.is_file():
                archive.write(one, inside + one.relative_to(folder).as_posix())
    return packed, name


@pytest.mark.parametrize("part", range(4))
def test_a_file_is_read_right_or_refused_by_its_name(part: int, tmp_path: Path) -> None:
    read = refused = 0
    for number in range(part, ROUNDS, 4):
        draw = random.Random(number)
        place, name = _dataset(draw, tmp_path / f"set{number}")
        dataset, problems = check(place)
        if dataset is None:
            errors = [one for one in problems if one.severity is Severity.ERROR]
            # by its own name, by the table that it means, or by its entry in the data package
            places = (name, "offers", "datapackage.json")
            assert any(one.table in places or one.value == name for one in errors), (number, name, problems)
            assert all(one.message and one.message_zh for one in errors)
            refused += 1
        else:
            rows = [tuple(row[name] for name in VALUES) for row in dataset["offers"].to_dict("records")]
            strange = NOBODY in name and not rows  # nothing tells what it is: its name is said
            said = {one.value for one in problems if one.code == ("unknown_file" if strange else "unknown_column")}
            assert rows == [WANTED] or said or strange, (number, name, problems)
            assert not strange or name in said or "." not in name
            read += 1
    assert read > 10
    assert refused > 10
