"""Who is there and what is traded: the tables of members, goods, offers, needs, markets and deals."""

from __future__ import annotations

from synergy.dataset.columns import (
    Column,
    Kind,
    Table,
    amount,
    choice,
    date,
    flag,
    fraction,
    identity,
    names,
    number,
    part,
    reference,
    text,
)

PHASES = ("solid", "liquid", "gas", "heat", "power", "right")
_COUNTY = text("county", "County", "县（市、区）")
_COMMODITY = reference("commodity", "commodities", "Commodity", "物料")
_SITE = reference("site", "sites", "Site", "厂区")
_PERIOD = reference("period", "periods", "Period; blank = year-round", "时段；空=全年", required=False)
_QUANTITY = amount(
    "quantity", "unit", "Quantity in the period; year-round: per year", "时段数量；全年时为年量", required=True
)

ENTERPRISES = Table(
    "enterprises",
    (
        identity("enterprise", "Enterprise", "企业"),
        *names(),
        _COUNTY,
        choice("size", "Size class", "规模", ("small", "medium", "large")),
        number("weight", "1", "Its part in what is public", "在公共资源中的权重", default=1.0, minimum=0.0),
    ),
    "An enterprise that may take part",
    "可参与协同的企业",
    required=True,
)
SITES = Table(
    "sites",
    (
        identity("site", "Site", "厂区"),
        reference("enterprise", "enterprises", "Owner; blank = public place", "所属企业；空=公共场所", required=False),
        *names(),
        _COUNTY,
        number("latitude", "deg", "Latitude, WGS 84", "纬度（WGS 84）", minimum=-90.0, maximum=90.0),
        number("longitude", "deg", "Longitude, WGS 84", "经度（WGS 84）", minimum=-180.0, maximum=180.0),
    ),
    "A place of an enterprise, or a public place",
    "企业厂区或公共场所",
    required=True,
)
COMMODITIES = Table(
    "commodities",
    (
        identity("commodity", "Commodity", "物料"),
        *names(),
        text("unit", "Unit in which it is counted", "计量单位", required=True),
        choice("phase", "Phase", "形态", PHASES),
        text("hazard", "UN number or hazard class", "危险品编号或类别"),
        number("mass_t", "t/unit", "Mass per unit", "单位质量", minimum=0.0),
        number("energy_gj", "GJ/unit", "Energy per unit", "单位能量", minimum=0.0),
        number("disposal_cost", "money/unit", "Disposal; blank = not allowed", "处置成本；空=不得处置"),
        number("disposal_co2", "t/unit", "CO2 of disposal", "处置排放", default=0.0),
    ),
    "A good, an energy carrier or a right",
    "物料、能源或权利",
    required=True,
)
PERIODS = Table(
    "periods",
    (
        identity("period", "Period", "时段"),
        number("hours", "h", "Length of the period", "时长", required=True, above=0.0),
    ),
    "A part of the year",
    "一年中的一个时段",
)
OFFERS = Table(
    "offers",
    (
        identity("offer", "Offer", "供给"),
        _SITE,
        _COMMODITY,
        _PERIOD,
        _QUANTITY,
        number("price", "money/unit", "Lowest accepted at the gate", "出厂最低价", default=0.0),
        flag("must_clear", "All of it has to leave", "必须全部外运"),
        fraction("keep", "Part that has to stay with the enterprise's site", "须自留的比例", default=0.0),
    ),
    "What a site can give",
    "厂区可供的物料",
)
NEEDS = Table(
    "needs",
    (
        identity("need", "Need", "需求"),
        _SITE,
        _COMMODITY,
        _PERIOD,
        _QUANTITY,
        number("price", "money/unit", "Highest paid at the gate", "到厂最高价", default=0.0),
        flag("required", "Has to be met in full", "必须全部满足"),
    ),
    "What a site wants",
    "厂区所需的物料",
)
MARKETS = Table(
    "markets",
    (
        identity("market", "Market", "市场"),
        _COMMODITY,
        choice("side", "buy: we buy there; sell: we sell there", "buy=购入，sell=售出", ("buy", "sell"), required=True),
        number("price", "money/unit", "Price", "价格", required=True),
        reference("period", "periods", "Period; blank = every period", "时段；空=各时段", required=False),
        amount("limit", "unit", "Most of each enterprise; blank = no limit", "每企业上限；空=不限"),
        reference("site", "sites", "Place of the market; blank = every site", "市场所在；空=各厂区", required=False),
    ),
    "A market outside the region",
    "区外市场",
)
INDICATORS = Table(
    "indicators",
    (
        part("enterprise", "Enterprise", "企业", ("enterprises",)),
        Column(name="indicator", kind=Kind.LABEL, en="Indicator", zh="指标", key=True, required=True),
        number("value", "", "Value", "数值", required=True),
        text("unit", "Unit of the value", "单位"),
    ),
    "What an evaluation compares beside the flows",
    "评价所用指标",
)
DEALS = Table(
    "deals",
    (
        reference("from_site", "sites", "Site that delivers", "供方厂区"),
        reference("to_site", "sites", "Site that receives", "需方厂区"),
        _COMMODITY,
        amount("quantity", "unit/a", "Quantity a year", "年量", required=True),
        number("price", "money/unit", "Price", "价格"),
        date("until", "Runs until", "到期日"),
    ),
    "What is traded between enterprises today",
    "现有交易",
)
