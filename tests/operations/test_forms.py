"""Declarations in files: the same rows as CSV, workbook and JSON, read whole or refused whole, every fault located."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from catalogue import cases, covers
from form_files import HEAT, OFFER, as_csv, as_json, as_xlsx, judged
from stores import begun, editor

from synergy.errors import DatasetError, NotFoundError, Problem, Severity
from synergy.forms.submitting import declare_judged, judge_file
from synergy.forms.writing import declaration_workbook
from synergy.records.names import Seat
from synergy.store import declarations
from synergy.store.rounds import StepOptions
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.texts import LANGUAGES

WAYS = ("csv", "xlsx", "json")


@dataclass(frozen=True, slots=True)
class Given:
    """A declaration and what is said of it.

    Parameters
    ----------
    rows : tuple of dict
        Cells by key.
    code : str
        Rule that is named; "" where nothing is.
    column : str
        Where.
    said : str
        What the message or its hint tells.
    ways : tuple of str
        How it arrives.
    """

    rows: tuple[dict[str, Any], ...]
    code: str = ""
    column: str = ""
    said: str = ""
    ways: tuple[str, ...] = WAYS
    entry: dict[str, Any] = field(default_factory=dict)


def one(code: str, column: str, said: str = "", *, of: dict[str, Any] = HEAT, **cells: Any) -> Given:
    """Return a declaration of one row in which some cells differ."""
    return Given(({**of, **cells},), code, column, said)


def amount(text: str, code: str, said: str = "") -> Given:
    """Return a declaration with another amount."""
    return one(code, "amount", said, amount=text)


GAS = {"value": "60000", "unit": "kNm3"}
PRICE, NOTHING = ({"amount": amount, "currency": "CNY"} for amount in ("950", "0"))
ACCEPTED: dict[str, Given] = {
    "26 numbers as texts": Given((HEAT,), entry={"amount": GAS, "price": PRICE}),
    "29 groups of three": Given(({**HEAT, "amount": "60,000"},), entry={"amount": GAS}),
    "39 a negative zero": Given(({**OFFER, "price": "-0", "price_unit": "元/t"},), entry={"price": NOTHING}),
    "65 texts are data": Given(({**OFFER, "ident": "a.b:c-d_e"},), entry={"ident": "a.b:c-d_e"}),
}
WARNED: dict[str, Given] = {
    "27 blanks in codes": one("id_blanks", "subject", subject="COG\u00a0"),
    "27 blanks nobody sees": one("id_blanks", "site", site="GLASS\u200b-1"),
    "28 full-width digits": amount("６００００", "full_width_number", "60000"),
    "32 ten thousands of a ton": one("form_unit_factor", "unit", "5,000", of=OFFER, amount="0.5", unit="万吨/年"),
    "32 kilograms": one("form_unit_factor", "unit", "0.001", of=OFFER, amount="500000", unit="kg"),
    "33 ten thousands of Nm3": one("form_unit_factor", "unit", "60,000", amount="6000", unit="万Nm3"),
    "36 ten thousands of yuan": one("form_unit_factor", "price_unit", "950", price="0.095", price_unit="万元/kNm3"),
    "42 a need of zero": amount("0", "zero_amount"),
    "43 the same row twice": Given((HEAT, HEAT), "form_repeated", "subject"),
    "34 far away, and checked": one("form_checked", "amount", amount="60000000", checked="true"),
}
REFUSED: dict[str, Given] = {
    "25 a day that is none": Given(
        ({"sheet": "facilities", "site": "GLASS-1", "subject": "TAR_DIST", "amount": "5", "start": "2026-02-30"},),
        "no_such_date",
        "start",
        ways=("csv", "xlsx"),
    ),
    "25 a day that is none, by a program": Given(
        (
            {
                "sheet": "facilities",
                "site": "GLASS-1",
                "subject": "TAR_DIST",
                "amount": "5",
                "other": {"start": "2026-02-30"},
            },
        ),
        "no_such_date",
        "start",
        ways=("json",),
    ),
    "29 groups of two": amount("1,23,4", "thousands"),
    "30 a decimal comma": amount("1,5", "decimal_comma", "1.5"),
    "31 ten thousands in words": amount("5万", "chinese_number", "50000"),
    "31 words alone": amount("三万", "chinese_number", "30000"),
    "32 tons where ten thousands of tons are": one("form_unit", "unit", "万吨", of=OFFER, unit="万顿"),
    "33 a rate": one("form_unit_rate", "unit", "87,600", amount="10000", unit="Nm3/h"),
    "34 a day for a year": one("form_unit_rate", "unit", "182,500", of=OFFER, unit="t/d"),
    "34 a thousand times the last figure": one("form_amount_range", "amount", "Nm3", amount="60000000"),
    "34 a thousandth of the last figure": one("form_amount_range", "amount", "0.001", amount="60"),
    "35 energy for gas": one("form_unit_dimension", "unit", "energy", unit="GJ"),
    "35 coal equivalent for tar": one("form_unit_dimension", "unit", "energy", of=OFFER, unit="tce"),
    "35 power for tar": one("form_unit_dimension", "unit", "energy", of=OFFER, unit="kWh/a"),
    "36 a price without its unit": Given(
        ({**HEAT, "price_unit": ""},), "form_money_unit", "price_unit", "10 k CNY", ways=("csv", "xlsx")
    ),
    "36 yuan where ten thousands are": one("form_amount_range", "price", "10,000", price="950", price_unit="万元/kNm3"),
    "36 ten thousands where yuan are": one("form_price_range", "price", "", of=OFFER, price="0.3", price_unit="元/t"),
    "38 a negative amount": amount("-5", "form_negative"),
    "39 too near to zero": amount("1e-320", "too_small_number"),
    "40 not a number": amount("NaN", "not_finite"),
    "40 infinite": amount("inf", "not_finite"),
    "40 beyond doubles": amount("1e400", "not_finite"),
    "40 underscores": amount("1_000", "not_number"),
    "44 other figures for the same": Given((HEAT, {**HEAT, "amount": "50000"}), "form_twice", "subject"),
    "49 an unknown commodity": one("form_subject", "subject", "COG", subject="COGG"),
    "49 a name for an id": one("form_subject", "subject", "COG", subject="焦炉煤气"),
    "50 look-alikes": one("id_mixed", "subject", "COG", subject="СOG"),
    "51 another way to write gas": one("form_subject", "subject", "COG", subject="焦爐煤氣"),
    "52 other case": one("form_subject", "subject", "COG", subject="cog"),
    "52 full width": one("form_subject", "subject", "COG", subject="ＣＯＧ"),
    "53 another's site": one("form_site", "site", "not found", site="EAST-1"),
    "53 no site at all": one("form_site", "site", "not found", site="NOWHERE"),
    "65 a command": one("id_letters", "ident", ident="=cmd|' /C calc'!A0"),
    "65 a place above": one("id_letters", "ident", ident=".."),
    "65 a path": one("id_letters", "ident", ident="../../x"),
    "65 a script": one("id_letters", "ident", ident="<script>alert(1)</script>"),
}
BY_TABLE: dict[str, Given] = {
    "37 a percentage for a part": one("above", "keep", of=OFFER, keep="95"),
    "41 a load above its whole": Given(
        ({"sheet": "facilities", "site": "GLASS-1", "subject": "TAR_DIST", "amount": "5", "min_load": "1.5"},),
        "above",
        "min_load",
    ),
}
REFUSED |= {name: Given(given.rows, given.code, given.column, ways=("csv", "xlsx")) for name, given in BY_TABLE.items()}
REFUSED |= {
    f"{name} by a program": Given(
        tuple(
            {key: value for key, value in row.items() if key not in ("keep", "min_load")}
            | {"other": {key: float(row[key]) for key in ("keep", "min_load") if key in row}}
            for row in given.rows
        ),
        given.code,
        given.column,
        ways=("json",),
    )
    for name, given in BY_TABLE.items()
}
REFUSED["41 least above most"] = Given(
    ({**HEAT, "other": {"limits": {"h2s": {"minimum": 5, "maximum": 2}}}},), "", "", ways=("json",)
)
for _cases in (ACCEPTED, WARNED, REFUSED):
    for _name, _given in _cases.items():
        cases([_name], *_given.ways)


def _pairs(table: dict[str, Given]) -> list[tuple[str, str]]:
    return [(name, way) for name, given in table.items() for way in given.ways]


def _errors(problems: tuple[Problem, ...]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


@pytest.mark.parametrize(("name", "way"), _pairs(ACCEPTED))
def test_accepted(name: str, way: str, declared: tuple[Store, int]) -> None:
    given = ACCEPTED[name]
    found = judged(declared, given.rows, way)
    assert [problem.line() for problem in found.problems] == []
    assert found.changes is not None
    assert found.changes.removed == []
    assert found.changes.same + len(found.changes.added) + len(found.changes.changed) == len(found.entries)
    told = found.changes.entries[-1].document()
    for key, value in given.entry.items():
        assert told[key] == value


@pytest.mark.parametrize(("name", "way"), _pairs(WARNED))
def test_accepted_with_a_warning(name: str, way: str, declared: tuple[Store, int]) -> None:
    given = WARNED[name]
    found = judged(declared, given.rows, way)
    assert _errors(found.problems) == []
    assert found.entries
    hits = [problem for problem in found.problems if problem.code == given.code]
    assert hits, [problem.line() for problem in found.problems]
    assert hits[0].column == given.column
    assert given.said in hits[0].message


@pytest.mark.parametrize(("name", "way"), _pairs(REFUSED))
def test_refused(name: str, way: str, declared: tuple[Store, int]) -> None:
    given = REFUSED[name]
    found = judged(declared, given.rows, way)
    errors = _errors(found.problems)
    assert found.refused
    hits = [problem for problem in errors if given.code in ("", problem.code)]
    assert hits, [problem.line() for problem in found.problems]
    assert given.column in ("", hits[0].column)
    assert given.said in hits[0].message + hits[0].hint
    assert all(problem.message_zh for problem in errors)
    assert all(len(problem.value) <= 60 and problem.value.isprintable() for problem in errors)
    if given.column:
        place = {"csv": "", "xlsx": f"{given.rows[0]['sheet']}!", "json": f"/{len(given.rows) - 1}"}[way]
        assert hits[0].cell.startswith(place)
        assert hits[0].row == (1 if way == "json" else 2) + len(given.rows) - 1
    store, ident = declared
    with pytest.raises(DatasetError) as raised:
        declare_judged(store, editor("GLASS"), Seat(ident, "GLASS"), found)
    assert raised.value.problems == found.problems
    assert not declarations.ground(store, editor("GLASS"), Seat(ident, "GLASS")).submitted


@covers(53, *WAYS)
def test_53_another_s_site_and_none_at_all_are_told_alike(declared: tuple[Store, int]) -> None:
    for way in WAYS:
        said = {
            problem.message
            for name in ("53 another's site", "53 no site at all")
            for problem in _errors(judged(declared, REFUSED[name].rows, way).problems)
        }
        assert len(said) == 1


def test_all_faults_are_told_at_once(declared: tuple[Store, int]) -> None:
    rows = (
        {**HEAT, "site": "NOWHERE", "amount": "x", "unit": "GJ", "price": "y"},
        {**OFFER, "keep": "7"},
        {**HEAT, "subject": "nothing", "amount": "-1"},
    )
    found = {(problem.table, problem.row, problem.column) for problem in judged(declared, as_csv(rows), "csv").problems}
    assert found >= {
        ("needs", 2, "site"),
        ("needs", 2, "amount"),
        ("needs", 2, "price"),
        ("offers", 3, "keep"),
        ("needs", 4, "subject"),
        ("needs", 4, "amount"),
    }


@covers(16, "xlsx")
def test_16_too_many_rows_are_refused_before_they_are_read(declared: tuple[Store, int]) -> None:
    rows = tuple({**OFFER, "ident": f"o{number}"} for number in range(2001))
    for way in WAYS:
        assert [problem.code for problem in judged(declared, rows, way).problems] == ["form_too_many"]


DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "01 empty": (b"", "document"),
    "08 cut in a character": ('[{"sheet": "甲'.encode()[:-1], "document"),
    "18 a workbook": (as_xlsx(()), "document"),
    "40 a constant": (b'[{"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": NaN}]', "document"),
    "46 a name twice": (b'[{"sheet": "needs", "sheet": "offers"}]', "double_name"),
    "47 nested": (b"[" * 100_000 + b"]" * 100_000, "document"),
    "47 ten megabytes": (b'["' + b"x" * 10_000_000 + b'"]', "document"),
    "47 digits": (b'[{"amount": ' + b"9" * 4000 + b"}]", "document"),
    "48 a number for a site": (b'[{"sheet": "needs", "site": 5, "subject": "COG", "amount": 1}]', "wrong_kind"),
    "48 a list for an amount": (
        b'[{"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": [1]}]',
        "wrong_kind",
    ),
    "48 no entry": (b"[5]", "wrong_kind"),
    "48 no list": (b'{"entries": {}}', "wrong_kind"),
    "48 an unknown name": (b'[{"sheet": "needs", "colour": "red"}]', "unknown_name"),
}
cases(DOCUMENTS, "json")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(name: str, declared: tuple[Store, int]) -> None:
    data, code = DOCUMENTS[name]
    found = judged(declared, data, "json")
    assert code in {problem.code for problem in _errors(found.problems)}
    pointers = {"a number for a site": "/0/site", "a list for an amount": "/0/amount", "no entry": "/0"}
    if name[3:] in pointers:
        assert _errors(found.problems)[0].column == pointers[name[3:]]


@covers(3, "json")
def test_03_a_document_may_begin_with_a_mark(declared: tuple[Store, int]) -> None:
    assert judged(declared, b"\xef\xbb\xbf" + as_json((HEAT,)), "json").problems == ()


FILES: dict[str, tuple[str, bytes, str]] = {
    "01 an empty table": ("csv", b"", "empty_file"),
    "01 an empty workbook": ("xlsx", b"", "empty_file"),
    "18 a workbook as CSV": ("csv", as_xlsx(()), "wrong_type"),
    "18 CSV as a workbook": ("xlsx", as_csv((HEAT,)), "wrong_type"),
    "18 a program": ("exe", b"MZ", "wrong_type"),
    "23 two headers": ("csv", b"sheet,site,subject,amount\n\xe8\xa1\xa8,site,commodity,amount\n", "two_row_header"),
    "66 a path for a name": ("csv/../../x", b"x", "wrong_type"),
}
cases(FILES, "csv", "xlsx")
cases(["66"], "json")


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, declared: tuple[Store, int]) -> None:
    way, data, code = FILES[name]
    assert code in {problem.code for problem in _errors(judged(declared, data, way).problems)}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("enterprise", ["EAST", "GLASS", "TARCO"])
def test_the_template_holds_the_last_figures_and_changes_nothing(
    enterprise: str, lang: str, declared: tuple[Store, int]
) -> None:
    store, ident = declared
    known = declarations.ground(store, editor(enterprise), Seat(ident, enterprise))
    found = judged(declared, declaration_workbook(known, lang), "xlsx", enterprise)
    assert [problem.line() for problem in found.problems] == []
    assert found.changes is not None
    assert (found.changes.added, found.changes.removed, found.changes.changed) == ([], [], [])
    assert found.changes.same == len(known.entries)
    kept = {(entry.sheet, entry.ident): entry.other.get("kept") for entry in found.entries}
    assert all(kept.values())  # qualities and limits stay as the association has them


def test_nothing_of_others_is_in_a_template(declared: tuple[Store, int]) -> None:
    store, ident = declared
    data = declaration_workbook(declarations.ground(store, editor("GLASS"), Seat(ident, "GLASS")), "en")
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        whole = b"".join(packed.read(name) for name in packed.namelist())
    assert b"GLASS-HEAT" in whole
    assert not any(name in whole for name in (b"EAST-1", b"WEST", b"1500000", b"ALUMINA-HYDRATE"))
    with pytest.raises(NotFoundError):
        declarations.ground(store, editor("EAST"), Seat(ident, "GLASS"))
    with pytest.raises(NotFoundError):
        judge_file(store, editor("EAST"), Seat(ident, "GLASS"), (b"", "x.xlsx"))


def test_a_dry_run_shows_what_would_change(declared: tuple[Store, int]) -> None:
    given = ({**HEAT, "amount": "6500", "unit": "万Nm3/年"}, OFFER)
    found = judged(declared, given, "csv")
    assert found.changes is not None
    assert [one.document() for one in found.changes.changed] == [
        {"sheet": "needs", "ident": "GLASS-HEAT", "site": "GLASS-1", "fields": {"amount": ["60000", "65000"]}}
    ]
    assert [(one.sheet, one.subject) for one in found.changes.added] == [("offers", "TAR")]
    assert {said.column for said in found.changes.added[0].assumed} >= {"price", "keep"}
    store, ident = declared
    assert declarations.declaration(store, editor("GLASS"), Seat(ident, "GLASS")).submitted is False


@pytest.mark.parametrize("way", WAYS)
@covers(45, *WAYS)
def test_45_sent_again_it_is_declared_once(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    ident = begun(store)
    told = []
    for _ in range(2):
        found = judged((store, ident), (HEAT, OFFER), way)
        told.append(declare_judged(store, editor("GLASS"), Seat(ident, "GLASS"), found, StepOptions(key="once")))
    assert told[0].version == told[1].version == 2
    assert len(told[0].entries) == 2
    found = judged((store, ident), (HEAT, OFFER), way)
    assert found.changes is not None
    assert found.changes.same == 2
    # a refused file leaves what was declared
    with pytest.raises(DatasetError):
        declare_judged(
            store,
            editor("GLASS"),
            Seat(ident, "GLASS"),
            judged((store, ident), REFUSED["30 a decimal comma"].rows, way),
        )
    assert declarations.declaration(store, editor("GLASS"), Seat(ident, "GLASS")).version == 2
    store.close()
