"""Units change numbers in one place only, and people read amounts the way they write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synergy.errors import UsageError
from synergy.units import UNITS, amount, convert, counted_in, factor, label, money, round_to, unit_named


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (38_000, "kNm3", "38 M Nm3", "3800 万 Nm3"),
        (380_000, "kNm3", "380 M Nm3", "3.8 亿 Nm3"),
        (6_400_000, "kNm3", "6.4 bn Nm3", "64 亿 Nm3"),
        (1_240_000, "t", "1.24 Mt", "124 万吨"),
        (999.9, "t", "1 kt", "1000 吨"),
        (12, "t", "12 t", "12 吨"),
        (0, "t", "0 t", "0 吨"),
        (0.00123, "t", "0.00123 t", "0.00123 吨"),
        (12_000, "MWh", "12 GWh", "1.2 万 MWh"),
        (1_500, "pallet", "1.5 k pallet", "1500 pallet"),
        (3, "1", "3", "3"),
    ],
)
def test_amounts_are_written_as_people_write_them(value: float, unit: str, en: str, zh: str) -> None:
    assert (amount(value, unit), amount(value, unit, "zh")) == (en, zh)


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (38_200_000, "38.2 M CNY", "3820 万元"),
        (1.234e9, "1.23 bn CNY", "12.3 亿元"),
        (-450, "-450 CNY", "-450 元"),
        (0, "0 CNY", "0 元"),
    ],
)
def test_money_is_written_in_wan_and_yi_in_chinese(value: float, en: str, zh: str) -> None:
    assert (money(value), money(value, lang="zh")) == (en, zh)


def test_another_currency_keeps_its_name() -> None:
    assert money(1_234.5, "EUR") == "1.23 k EUR"
    assert money(12_345, "EUR", "zh") == "1.23 万 EUR"


@pytest.mark.parametrize("name", sorted(UNITS))
def test_no_case_of_letters_turns_a_unit_into_millions(name: str) -> None:
    """`M` is a million, `m` a thousandth: a text in proper case is not read as the other, nor a metric ton as Mt."""
    assert unit_named(name) == name
    if name.startswith("M") and UNITS[name].dimension != "money":
        assert unit_named(f"m{name[1:]}") not in UNITS
        assert unit_named(f"m {name[1:]}") not in UNITS
    for written in (name.lower(), name.upper(), name.swapcase()):
        found = unit_named(written)
        assert found == name or found not in UNITS


@pytest.mark.parametrize("text", ["mt", "MT", "mT", " m t ", "mNm3", "m Nm³", "mWh", "mJ"])
def test_what_may_be_two_units_is_none(text: str) -> None:
    assert unit_named(text) not in UNITS
    assert counted_in(text) not in UNITS
    assert factor(unit_named(text), "t") is None


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.floats(-1e9, 1e9))
def test_there_and_back_again(unit: str, into: str, value: float) -> None:
    if UNITS[unit].dimension != UNITS[into].dimension:
        with pytest.raises(UsageError, match="measures"):
            convert(value, unit, into)
    else:
        assert convert(convert(value, unit, into), into, unit) == pytest.approx(value, rel=1e-12)


def test_known_factors() -> None:
    assert convert(1, "万Nm3", "kNm3") == pytest.approx(10)
    assert convert(1, "MWh", "GJ") == pytest.approx(3.6)
    assert convert(1, "万吨", "t") == pytest.approx(10_000)
    assert convert(2.5, "pallet", "pallet") == 2.5


def test_an_unknown_unit_is_never_converted() -> None:
    with pytest.raises(UsageError, match="pallet"):
        convert(1, "pallet", "t")
    assert label("pallet", "zh") == "pallet"


def test_labels_in_both_languages() -> None:
    assert (label("t"), label("t", "zh"), label("万吨", "zh")) == ("t", "吨", "万吨")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_rounding_stays_within_half_of_the_last_digit(value: float) -> None:
    assert round_to(value) == pytest.approx(value, rel=5.1e-3, abs=1e-300)
