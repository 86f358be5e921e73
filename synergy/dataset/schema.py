"""The one source for every table: order, columns, types, units, defaults, references and descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synergy.dataset.columns import (
    Column,
    ColumnType,
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
from synergy.scenario import JSON

PER_ACTIVITY = "money/activity"
_PROCESS = part("process", "Process", "工艺", ("processes",))
_COMMODITY_KEY = part("commodity", "Commodity", "物料", ("commodities",))
_SITE = reference("site", "sites", "Site", "厂区")
_PROPERTY = Column(name="property", kind=ColumnType.LABEL, en="Quality", zh="质量指标", key=True, required=True)
_CAPACITY = (
    number("min_capacity", "activity/a", "Least size of a new build", "新建最小规模", default=0.0, minimum=0.0),
    number("max_capacity", "activity/a", "Greatest size; blank = unlimited", "新建最大规模；空=不限", minimum=0.0),
    number("fixed_capex", "money", "Investment whatever the size", "固定投资", default=0.0, minimum=0.0),
    number("unit_capex", "money/(activity/a)", "Investment per size", "单位规模投资", default=0.0, minimum=0.0),
)

PROCESSES = Table(
    "processes",
    (
        identity("process", "Process", "工艺"),
        *names(),
        text("activity_unit", "Unit of activity", "活动单位"),
        number("opex", PER_ACTIVITY, "Running cost", "运行成本", default=0.0),
        number("co2", "t/activity", "CO2 emitted", "二氧化碳排放", default=0.0),
        flag("buildable", "May be built new", "可新建"),
        *_CAPACITY,
        number("lifetime_years", "a", "Years of service", "寿命", default=20.0, above=0.0),
        number("lead_time_months", "month", "Time to build", "建设周期", minimum=0.0),
        number("policy_min", "activity/a", "Least size that policy allows", "政策最小规模", minimum=0.0),
        text("permit", "Permit it takes", "所需审批"),
    ),
    "A way of turning commodities into others",
    "把物料转化为其他物料的工艺",
)
SIZES = Table(
    "sizes",
    (_PROCESS, part("size", "Step of scale", "规模档"), *_CAPACITY),
    "A step of scale of a buildable process",
    "可新建工艺的规模档",
)
RECIPES = Table(
    "recipes",
    (
        _PROCESS,
        _COMMODITY_KEY,
        number("coefficient", "unit/activity", "> 0 made, < 0 used", ">0 产出，<0 消耗", required=True),
    ),
    "What a unit of activity makes and uses",
    "单位活动的产出与消耗",
)
FACILITIES = Table(
    "facilities",
    (
        identity("facility", "Facility", "装置"),
        _SITE,
        reference("process", "processes", "Process", "工艺"),
        amount("capacity", "activity/a", "Activity a year", "年活动能力", required=True),
        fraction("min_load", "Least load when on", "最低负荷", default=0.0),
        flag("must_run", "Never off", "不得停运"),
        number("opex", PER_ACTIVITY, "Overrides the process's", "运行成本（替代工艺值）"),
        date("start", "Date from which it runs", "投产日期"),
    ),
    "A unit that stands",
    "现有装置",
)
BUILD_OPTIONS = Table(
    "build_options",
    (
        _PROCESS,
        part("site", "Site", "厂区", ("sites",)),
        number("max_capacity", "activity/a", "Greatest size here", "此处最大规模", minimum=0.0),
        number("capex_factor", "1", "Factor on the investment", "投资系数", default=1.0, minimum=0.0),
    ),
    "Where a buildable process may be built",
    "可新建的地点",
)
STORES = Table(
    "stores",
    (
        identity("store", "Store", "储存"),
        _SITE,
        reference("commodity", "commodities", "Commodity", "物料"),
        amount("capacity", "unit", "Most it holds", "库容", required=True),
        number("charge_cost", "money/unit", "Cost of putting in", "入库成本", default=0.0),
        number("hold_cost", "money/unit", "Cost of holding at the end of a period", "期末持有成本", default=0.0),
        fraction("loss", "Part lost from one period to the next", "跨期损失率", default=0.0),
    ),
    "A tank, heap or holder",
    "储罐、堆场或气柜",
)
QUALITIES = Table(
    "qualities",
    (
        part("holder", "Offer, process, store or buying market", "供给、工艺、储存或购入市场"),
        _COMMODITY_KEY,
        _PROPERTY,
        number("value", "", "Value of the quality", "质量数值", required=True),
    ),
    "A quality of what leaves a holder",
    "供出物料的质量",
)
LIMITS = Table(
    "limits",
    (
        part("holder", "Need, process, store or selling market", "需求、工艺、储存或售出市场"),
        _COMMODITY_KEY,
        _PROPERTY,
        number("minimum", "", "Least value of the mix", "混合下限"),
        number("maximum", "", "Greatest value of the mix", "混合上限"),
    ),
    "A limit on the quality of what a holder takes",
    "接收物料的质量要求",
)
TRANSPORT = Table(
    "transport",
    (
        part("mode", "Mode", "运输方式"),
        _COMMODITY_KEY,
        number("max_km", "km", "Farthest it goes", "最远距离", required=True, minimum=0.0),
        number("cost_per_unit", "money/unit", "Cost whatever the distance", "固定运费", default=0.0),
        number("cost_per_unit_km", "money/(unit km)", "Cost by distance", "里程运费", default=0.0),
        fraction("loss_per_km", "Part lost per km", "每公里损失率", default=0.0),
        number("detour", "1", "Road km per great-circle km", "绕行系数", default=1.0, above=0.0),
        number("fixed_capex", "money", "Investment of a link", "线路固定投资", default=0.0, minimum=0.0),
        number("capex_per_km", "money/km", "Investment by distance", "每公里投资", default=0.0, minimum=0.0),
        amount("capacity", "unit/a", "Most a link carries; blank = no limit", "线路能力；空=不限"),
        number("co2_per_unit_km", "t/(unit km)", "CO2 by distance", "里程排放", default=0.0),
        number("lifetime_years", "a", "Years of service", "寿命", default=20.0, above=0.0),
    ),
    "How a commodity moves by a mode",
    "某物料的运输方式",
)
LINKS = Table(
    "links",
    (
        part("from_site", "Site it leaves", "起点厂区", ("sites",)),
        part("to_site", "Site it reaches", "终点厂区", ("sites",)),
        _COMMODITY_KEY,
        part("mode", "Mode", "运输方式"),
        number("km", "km", "Length; blank = computed", "里程；空=按坐标计算", minimum=0.0),
        number("cost_per_unit", "money/unit", "Replaces the computed cost", "替代计算运费"),
        fraction("loss", "Part lost on this link", "线路损失率"),
        amount("capacity", "unit/a", "Most it carries; blank = the mode's", "线路能力；空=同运输方式"),
        number("fixed_capex", "money", "Replaces the computed investment", "替代计算投资", minimum=0.0),
        flag("existing", "Stands already: no investment", "已建成"),
        flag("forbidden", "May not be used", "禁止使用"),
    ),
    "A directed link between two sites",
    "两厂区间的单向线路",
)
AVAILABILITY = Table(
    "availability",
    (
        part("holder", "Facility, process or enterprise", "装置、工艺或企业"),
        part("period", "Period", "时段", ("periods",)),
        fraction("factor", "Part of the capacity that may run", "可用系数", required=True),
    ),
    "What part of a capacity is available in a period",
    "时段可用率",
)


PHASES = ("solid", "liquid", "gas", "heat", "power", "right")
_COUNTY = text("county", "County", "县（市、区）")
_COMMODITY = reference("commodity", "commodities", "Commodity", "物料")
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
        Column(name="indicator", kind=ColumnType.LABEL, en="Indicator", zh="指标", key=True, required=True),
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

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            ENTERPRISES,
            SITES,
            COMMODITIES,
            PERIODS,
            OFFERS,
            NEEDS,
            PROCESSES,
            SIZES,
            RECIPES,
            FACILITIES,
            BUILD_OPTIONS,
            STORES,
            MARKETS,
            QUALITIES,
            LIMITS,
            TRANSPORT,
            LINKS,
            INDICATORS,
            DEALS,
            AVAILABILITY,
        )
    }
)
YEAR = ("year", 8760.0)  # the one period of a dataset without `periods`: name, hours
# tables one of which must know a holder
HOLDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "qualities": ("offers", "processes", "stores", "markets"),
        "limits": ("needs", "processes", "stores", "markets"),
        "availability": ("facilities", "processes", "enterprises"),
    }
)
# of a market only this side counts, and rows of the other table are known but have no effect: what only takes states no
# quality, what only gives sets no limit
MARKET_SIDE: Mapping[str, str] = MappingProxyType({"qualities": "buy", "limits": "sell"})
NO_EFFECT: Mapping[str, str] = MappingProxyType({"qualities": "needs", "limits": "offers"})


def own_column(table: str) -> str:
    """Return the column that holds the ids of a table whose key is one column."""
    return TABLES[table].key[0]


def numeric(table: str, column: str) -> bool:
    """Whether a column holds numbers, `<name>_low` and `<name>_high` of a number included."""
    for suffix in ("", "_low", "_high"):
        found = TABLES[table].column(column.removesuffix(suffix)) if column.endswith(suffix) else None
        if found is not None and found.kind is ColumnType.NUMBER:
            return True
    return False


def schema_record() -> dict[str, JSON]:
    """Return the schema as JSON: ``{"schema": "synergy/dataset/1", "tables": [...]}``, with keys and descriptions."""
    tables = []
    for name, table in TABLES.items():
        holders = {"references": list(HOLDERS[name])} if name in HOLDERS else {}
        columns = [one.record() | (holders if one.name == "holder" else {}) for one in table.columns]
        tables.append(table.record() | {"columns": columns})
    return {"schema": "synergy/dataset/1", "tables": tables}
