"""Trade: markets, limits, qualities, offers, needs, deals and stores."""

from __future__ import annotations

from synergy.datasets.lvliang.make.region import Region
from synergy.datasets.lvliang.make.season import HOURS, month
from synergy.datasets.lvliang.make.sources import Row, by, number, parts, rules, table


def markets() -> list[Row]:
    """Return the `markets` table: steps of price and limit, at low, middle and high prices."""
    prices = by("commodities", "code")
    rows = []
    for step in table("market_steps"):
        price = prices[step["commodity"]]
        row: Row = {"commodity": step["commodity"], "side": step["side"]}
        for suffix, level in (("", "mid"), ("_low", "lo"), ("_high", "hi")):
            row[f"price{suffix}"] = _price(step, float(price[f"price_{level}"]), float(price["price_mid"]))
        row |= {"limit": number(step["limit"]) or None, "source": step["source"]}
        for place in parts(step["places"]) or [""]:
            name = step["market"] + (f"-{place.split('-')[0]}" if place and ";" in step["places"] else "")
            for number_of_month in parts(step["months"]) or [""]:
                when = month(number_of_month) if number_of_month else None
                rows.append(
                    {"market": name + (f"-{when}" if when else ""), "period": when, "site": place or None} | row
                )
    return rows


def _price(step: dict[str, str], price: float, middle: float) -> float:
    """Return the price of a step; the offset grows and shrinks with the price."""
    return round(price * number(step["factor"], 1) + number(step["offset"]) * price / middle, 2)


def grades() -> list[Row]:
    """Return the `limits` table: the strength that buyers of first-grade coke ask for."""
    rows = []
    for step in table("market_steps"):
        for place in parts(step["places"]) if step["first_grade"] else []:
            name = step["market"] + (f"-{place.split('-')[0]}" if ";" in step["places"] else "")
            row: Row = {"holder": name, "commodity": step["commodity"], "property": "CSR"}
            rows.append(row | {"minimum": float(step["first_grade"]), "maximum": None})
    return rows


def qualities() -> list[Row]:
    """Return the `qualities` table: strength of the coke of each process and yard."""
    keys = ("holder", "commodity", "property")
    rows = [{key: row[key] for key in keys} | {"value": float(row["value"])} for row in table("qualities")]
    yards = [row for row in table("stores") if row["quality"]]
    named = [{"holder": row["store"], "commodity": row["commodity"], "property": "CSR"} for row in yards]
    return rows + [row | {"value": float(yard["quality"])} for row, yard in zip(named, yards, strict=True)]


def offers() -> list[Row]:
    """Return the offers of the source table (rights of firms come apart)."""
    rows = []
    for row in table("givers"):
        cell: Row = {"offer": row["offer"], "site": row["site"], "commodity": row["commodity"], "period": None}
        cell |= {"quantity": number(row["quantity"]), "price": number(row["price"]), "keep": number(row["keep"])}
        rows.append(cell | {"evidence": row["evidence"], "source": row["source"]})
    return rows


def needs() -> list[Row]:
    """Return the `needs` table; a need of some months has a row for each of them."""
    rows = []
    for row in table("wants"):
        cell: Row = {"site": row["site"], "commodity": row["commodity"], "price": number(row["price"])}
        cell |= {"required": row["required"] == "true", "evidence": row["evidence"], "source": row["source"]}
        quantity, months = number(row["quantity"]), [month(item) for item in parts(row["months"])]
        hours = sum(HOURS[name] for name in months)
        for name in months:
            part: Row = {
                "need": f"{row['need']}-{name}",
                "period": name,
                "quantity": round(quantity * HOURS[name] / hours, 1),
            }
            rows.append(part | cell)
        if not months:
            rows.append({"need": row["need"], "period": None, "quantity": quantity} | cell)
    return rows


def deals(region: Region) -> list[Row]:
    """Return the `deals` table: those of the source table, and fuel gas from the nearest ovens by rule."""
    rows: list[Row] = []
    for row in table("deals"):
        cell: Row = {key: row[key] for key in ("from_site", "to_site", "commodity", "until", "source")}
        rows.append(cell | {"quantity": number(row["quantity"]), "price": number(row["price"])})
    for row in table("gas_users"):
        ends: Row = {"from_site": region.nearest_ovens(row["site"]), "to_site": row["site"], "commodity": "COG"}
        terms: Row = {"quantity": number(row["quantity"]), "price": number(row["price"]), "until": "2027-12-31"}
        rows.append({**ends, **terms, "source": row["source"]})
    return rows + _coal_deals(region)


def _coal_deals(region: Region) -> list[Row]:
    """Return today's coal washing deals: a coking site without a washing plant of its firm asks the nearest one."""
    recipe = {(row["process"], row["commodity"]): float(row["coefficient"]) for row in table("process_recipe")}
    washed = {
        row["site"]: number(row["capacity"]) * recipe["WASH", "COAL_HS"]
        for row in table("units")
        if row["process"] == "WASH"
    }
    per_coke = recipe["BLEND", "COAL_HS"] * recipe["COKE_STAMP_CDQ", "COAL_BLEND"]
    price = float(by("commodities", "code")["COAL_HS"]["price_mid"]) - rules()["coal_price_off"]
    washers = {region.owned[site]["enterprise"] for site in washed}
    rows: list[Row] = []
    for site, capacity in region.oven_sites.items():
        if region.owned[site]["enterprise"] in washers:
            continue
        wanted = per_coke * rules()["base_output"] * capacity
        for giver in sorted(washed, key=lambda name: (region.km(name, site), name)):
            amount = round(min(wanted, washed[giver]), -3)
            if amount > 0:
                ends: Row = {"from_site": giver, "to_site": site, "commodity": "COAL_HS", "until": "2026-12-31"}
                rows.append(ends | {"quantity": amount, "price": price, "source": "rule: the nearest washing plant"})
                washed[giver] -= amount
                wanted -= amount
    return rows


def stores() -> list[Row]:
    """Return the `stores` table."""
    numbers = ("capacity", "charge_cost", "hold_cost", "loss")
    rows = []
    for row in table("stores"):
        cell: Row = {key: row[key] for key in ("store", "site", "commodity", "evidence", "source")}
        rows.append(cell | {key: number(row[key]) for key in numbers})
    return rows
