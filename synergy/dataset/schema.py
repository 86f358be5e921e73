"""Schema of a dataset, the one source for every table: columns, types, units, defaults, references, descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict, Unpack

from synergy.scenario import JSON


class ColumnType(StrEnum):
    """Data type of the cells of a column."""

    ID = "id"  # a name made of letters, digits and _ - . :
    LABEL = "label"  # a key that is free text, as the name of a quality
    TEXT = "text"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Definition of a column: type, unit, default, bounds, reference and description in English and Chinese.

    Parameters
    ----------
    unit : str
        Unit of the number; "" for pure numbers and text.
    key, required : bool
        Part of the table's key; may not be blank.
    default : float, bool, str or None
        Value of a blank cell; None where blank stays blank (NaN or "").
    refs, choices : tuple of str
        Tables one of which must know the id; words allowed for a `ColumnType.CHOICE`.
    minimum, maximum, above : float or None
        Least and greatest number allowed; the number has to be greater than `above`.
    amount : bool
        A quantity or capacity: a zero is worth a warning.
    """

    name: str
    kind: ColumnType
    en: str
    zh: str
    unit: str = ""
    key: bool = False
    required: bool = False
    default: float | bool | str | None = None
    refs: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    amount: bool = False

    @property
    def textual(self) -> bool:
        """Whether cells are text ("" when blank)."""
        return self.kind not in (ColumnType.NUMBER, ColumnType.BOOLEAN)

    def record(self) -> dict[str, JSON]:
        """Return the column as a plain JSON record."""
        record: dict[str, JSON] = {"name": self.name, "type": str(self.kind), "description": self.en}
        record |= {"description_zh": self.zh, "key": self.key, "required": self.required}
        optional = {
            "unit": self.unit,
            "default": self.default,
            "references": list(self.refs),
            "choices": list(self.choices),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "greater_than": self.above,
        }
        return record | {name: value for name, value in optional.items() if value not in (None, "", [])}


class _Rules(TypedDict, total=False):
    required: bool
    default: float
    minimum: float
    maximum: float
    above: float
    amount: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Definition of a table: columns in the order written, description of a row, whether a dataset requires it."""

    name: str
    columns: tuple[Column, ...]
    en: str
    zh: str
    required: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of the unique key; empty where rows have no key."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        """Return the column of that name; None where the table has none."""
        return next((column for column in self.columns if column.name == name), None)

    def of_kind(self, *kinds: ColumnType) -> tuple[Column, ...]:
        """Return the columns of some kinds, in order."""
        return tuple(column for column in self.columns if column.kind in kinds)


def _table(name: str, en: str, zh: str, *columns: Column, required: bool = False) -> Table:
    return Table(name, columns, en, zh, required)


def _key(name: str, en: str, zh: str, refs: tuple[str, ...] = ()) -> Column:
    """Return a column of ids that is the key of a table or part of it."""
    return Column(name=name, kind=ColumnType.ID, en=en, zh=zh, key=True, required=True, refs=refs)


def _reference(name: str, table: str, en: str, zh: str, *, required: bool = True) -> Column:
    """Return a reference column: the id of a row of another table."""
    return Column(name=name, kind=ColumnType.ID, en=en, zh=zh, required=required, refs=(table,))


def _text(name: str, en: str, zh: str, *, required: bool = False) -> Column:
    return Column(name=name, kind=ColumnType.TEXT, en=en, zh=zh, required=required)


def _choice(name: str, en: str, zh: str, choices: tuple[str, ...], *, required: bool = False) -> Column:
    return Column(name=name, kind=ColumnType.CHOICE, en=en, zh=zh, choices=choices, required=required)


def _flag(name: str, en: str, zh: str) -> Column:
    """Return a true/false column, false when blank."""
    return Column(name=name, kind=ColumnType.BOOLEAN, en=en, zh=zh, default=False)


def _number(name: str, unit: str, en: str, zh: str, **rules: Unpack[_Rules]) -> Column:
    """Return a column of numbers; `rules` are fields of `Column`."""
    return Column(name=name, kind=ColumnType.NUMBER, en=en, zh=zh, unit=unit, **rules)


def _amount(name: str, unit: str, en: str, zh: str, *, required: bool = False) -> Column:
    """Return a column of quantities or capacities: never negative, zero worth a warning."""
    return _number(name, unit, en, zh, required=required, minimum=0.0, amount=True)


def _fraction(name: str, en: str, zh: str, **rules: Unpack[_Rules]) -> Column:
    """Return a column of parts between 0 and 1."""
    bounded: _Rules = {"minimum": 0.0, "maximum": 1.0, **rules}
    return _number(name, "1", en, zh, **bounded)


_NAMES = (_text("name_en", "Name in English", "英文名称"), _text("name_zh", "Name in Chinese", "中文名称"))
_PROCESS = _key("process", "Process", "工艺", ("processes",))
_COMMODITY_KEY = _key("commodity", "Commodity", "物料", ("commodities",))
_SITE = _reference("site", "sites", "Site", "厂区")
_PROPERTY = Column(name="property", kind=ColumnType.LABEL, en="Quality", zh="质量指标", key=True, required=True)
_CAPACITY = (
    _number("min_capacity", "activity/a", "Least size of a new build", "新建最小规模", default=0.0, minimum=0.0),
    _number("max_capacity", "activity/a", "Greatest size; blank = unlimited", "新建最大规模；空=不限", minimum=0.0),
    _number("fixed_capex", "money", "Investment whatever the size", "固定投资", default=0.0, minimum=0.0),
    _number("unit_capex", "money/(activity/a)", "Investment per size", "单位规模投资", default=0.0, minimum=0.0),
)

_COUNTY = _text("county", "County", "县（市、区）")
_COMMODITY = _reference("commodity", "commodities", "Commodity", "物料")
_PERIOD = _reference("period", "periods", "Period; blank = year-round", "时段；空=全年", required=False)
_QUANTITY = _amount(
    "quantity", "unit", "Quantity in the period; year-round: per year", "时段数量；全年时为年量", required=True
)

_ALL = (
    _table(
        "enterprises",
        "An enterprise that may take part",
        "可参与协同的企业",
        _key("enterprise", "Enterprise", "企业"),
        *_NAMES,
        _COUNTY,
        _choice("size", "Size class", "规模", ("small", "medium", "large")),
        _number("weight", "1", "Its part in what is public", "在公共资源中的权重", default=1.0, minimum=0.0),
        required=True,
    ),
    _table(
        "sites",
        "A place of an enterprise, or a public place",
        "企业厂区或公共场所",
        _key("site", "Site", "厂区"),
        _reference("enterprise", "enterprises", "Owner; blank = public place", "所属企业；空=公共场所", required=False),
        *_NAMES,
        _COUNTY,
        _number("latitude", "deg", "Latitude, WGS 84", "纬度（WGS 84）", minimum=-90.0, maximum=90.0),
        _number("longitude", "deg", "Longitude, WGS 84", "经度（WGS 84）", minimum=-180.0, maximum=180.0),
        required=True,
    ),
    _table(
        "commodities",
        "A good, an energy carrier or a right",
        "物料、能源或权利",
        _key("commodity", "Commodity", "物料"),
        *_NAMES,
        _text("unit", "Unit in which it is counted", "计量单位", required=True),
        _choice("phase", "Phase", "形态", ("solid", "liquid", "gas", "heat", "power", "right")),
        _text("hazard", "UN number or hazard class", "危险品编号或类别"),
        _number("mass_t", "t/unit", "Mass per unit", "单位质量", minimum=0.0),
        _number("energy_gj", "GJ/unit", "Energy per unit", "单位能量", minimum=0.0),
        _number("disposal_cost", "money/unit", "Disposal; blank = not allowed", "处置成本；空=不得处置"),
        _number("disposal_co2", "t/unit", "CO2 of disposal", "处置排放", default=0.0),
        required=True,
    ),
    _table(
        "periods",
        "A part of the year",
        "一年中的一个时段",
        _key("period", "Period", "时段"),
        _number("hours", "h", "Length of the period", "时长", required=True, above=0.0),
    ),
    _table(
        "offers",
        "What a site can give",
        "厂区可供的物料",
        _key("offer", "Offer", "供给"),
        _SITE,
        _COMMODITY,
        _PERIOD,
        _QUANTITY,
        _number("price", "money/unit", "Lowest accepted at the gate", "出厂最低价", default=0.0),
        _flag("must_clear", "All of it has to leave", "必须全部外运"),
        _fraction("keep", "Part that has to stay with the enterprise's site", "须自留的比例", default=0.0),
    ),
    _table(
        "needs",
        "What a site wants",
        "厂区所需的物料",
        _key("need", "Need", "需求"),
        _SITE,
        _COMMODITY,
        _PERIOD,
        _QUANTITY,
        _number("price", "money/unit", "Highest paid at the gate", "到厂最高价", default=0.0),
        _flag("required", "Has to be met in full", "必须全部满足"),
    ),
    _table(
        "processes",
        "A way of turning commodities into others",
        "把物料转化为其他物料的工艺",
        _key("process", "Process", "工艺"),
        *_NAMES,
        _text("activity_unit", "Unit of activity", "活动单位"),
        _number("opex", "money/activity", "Running cost", "运行成本", default=0.0),
        _number("co2", "t/activity", "CO2 emitted", "二氧化碳排放", default=0.0),
        _flag("buildable", "May be built new", "可新建"),
        *_CAPACITY,
        _number("lifetime_years", "a", "Years of service", "寿命", default=20.0, above=0.0),
        _number("lead_time_months", "month", "Time to build", "建设周期", minimum=0.0),
        _number("policy_min", "activity/a", "Least size that policy allows", "政策最小规模", minimum=0.0),
        _text("permit", "Permit it takes", "所需审批"),
    ),
    _table(
        "sizes",
        "A step of scale of a buildable process",
        "可新建工艺的规模档",
        _PROCESS,
        _key("size", "Step of scale", "规模档"),
        *_CAPACITY,
    ),
    _table(
        "recipes",
        "What a unit of activity makes and uses",
        "单位活动的产出与消耗",
        _PROCESS,
        _COMMODITY_KEY,
        _number("coefficient", "unit/activity", "> 0 made, < 0 used", ">0 产出，<0 消耗", required=True),
    ),
    _table(
        "facilities",
        "A unit that stands",
        "现有装置",
        _key("facility", "Facility", "装置"),
        _SITE,
        _reference("process", "processes", "Process", "工艺"),
        _amount("capacity", "activity/a", "Activity a year", "年活动能力", required=True),
        _fraction("min_load", "Least load when on", "最低负荷", default=0.0),
        _flag("must_run", "Never off", "不得停运"),
        _number("opex", "money/activity", "Overrides the process's", "运行成本（替代工艺值）"),
        Column(name="start", kind=ColumnType.DATE, en="Date from which it runs", zh="投产日期"),
    ),
    _table(
        "build_options",
        "Where a buildable process may be built",
        "可新建的地点",
        _PROCESS,
        _key("site", "Site", "厂区", ("sites",)),
        _number("max_capacity", "activity/a", "Greatest size here", "此处最大规模", minimum=0.0),
        _number("capex_factor", "1", "Factor on the investment", "投资系数", default=1.0, minimum=0.0),
    ),
    _table(
        "stores",
        "A tank, heap or holder",
        "储罐、堆场或气柜",
        _key("store", "Store", "储存"),
        _SITE,
        _reference("commodity", "commodities", "Commodity", "物料"),
        _amount("capacity", "unit", "Most it holds", "库容", required=True),
        _number("charge_cost", "money/unit", "Cost of putting in", "入库成本", default=0.0),
        _number("hold_cost", "money/unit", "Cost of holding at the end of a period", "期末持有成本", default=0.0),
        _fraction("loss", "Part lost from one period to the next", "跨期损失率", default=0.0),
    ),
    _table(
        "markets",
        "A market outside the region",
        "区外市场",
        _key("market", "Market", "市场"),
        _COMMODITY,
        _choice(
            "side", "buy: we buy there; sell: we sell there", "buy=购入，sell=售出", ("buy", "sell"), required=True
        ),
        _number("price", "money/unit", "Price", "价格", required=True),
        _reference("period", "periods", "Period; blank = every period", "时段；空=各时段", required=False),
        _amount("limit", "unit", "Most of each enterprise; blank = no limit", "每企业上限；空=不限"),
        _reference("site", "sites", "Place of the market; blank = every site", "市场所在；空=各厂区", required=False),
    ),
    _table(
        "qualities",
        "A quality of what leaves a holder",
        "供出物料的质量",
        _key("holder", "Offer, process, store or buying market", "供给、工艺、储存或购入市场"),
        _COMMODITY_KEY,
        _PROPERTY,
        _number("value", "", "Value of the quality", "质量数值", required=True),
    ),
    _table(
        "limits",
        "A limit on the quality of what a holder takes",
        "接收物料的质量要求",
        _key("holder", "Need, process, store or selling market", "需求、工艺、储存或售出市场"),
        _COMMODITY_KEY,
        _PROPERTY,
        _number("minimum", "", "Least value of the mix", "混合下限"),
        _number("maximum", "", "Greatest value of the mix", "混合上限"),
    ),
    _table(
        "transport",
        "How a commodity moves by a mode",
        "某物料的运输方式",
        _key("mode", "Mode", "运输方式"),
        _COMMODITY_KEY,
        _number("max_km", "km", "Farthest it goes", "最远距离", required=True, minimum=0.0),
        _number("cost_per_unit", "money/unit", "Cost whatever the distance", "固定运费", default=0.0),
        _number("cost_per_unit_km", "money/(unit km)", "Cost by distance", "里程运费", default=0.0),
        _fraction("loss_per_km", "Part lost per km", "每公里损失率", default=0.0),
        _number("detour", "1", "Road km per great-circle km", "绕行系数", default=1.0, above=0.0),
        _number("fixed_capex", "money", "Investment of a link", "线路固定投资", default=0.0, minimum=0.0),
        _number("capex_per_km", "money/km", "Investment by distance", "每公里投资", default=0.0, minimum=0.0),
        _amount("capacity", "unit/a", "Most a link carries; blank = no limit", "线路能力；空=不限"),
        _number("co2_per_unit_km", "t/(unit km)", "CO2 by distance", "里程排放", default=0.0),
        _number("lifetime_years", "a", "Years of service", "寿命", default=20.0, above=0.0),
    ),
    _table(
        "links",
        "A directed link between two sites",
        "两厂区间的单向线路",
        _key("from_site", "Site it leaves", "起点厂区", ("sites",)),
        _key("to_site", "Site it reaches", "终点厂区", ("sites",)),
        _COMMODITY_KEY,
        _key("mode", "Mode", "运输方式"),
        _number("km", "km", "Length; blank = computed", "里程；空=按坐标计算", minimum=0.0),
        _number("cost_per_unit", "money/unit", "Replaces the computed cost", "替代计算运费"),
        _fraction("loss", "Part lost on this link", "线路损失率"),
        _amount("capacity", "unit/a", "Most it carries; blank = the mode's", "线路能力；空=同运输方式"),
        _number("fixed_capex", "money", "Replaces the computed investment", "替代计算投资", minimum=0.0),
        _flag("existing", "Stands already: no investment", "已建成"),
        _flag("forbidden", "May not be used", "禁止使用"),
    ),
    _table(
        "indicators",
        "What an evaluation compares beside the flows",
        "评价所用指标",
        _key("enterprise", "Enterprise", "企业", ("enterprises",)),
        Column(name="indicator", kind=ColumnType.LABEL, en="Indicator", zh="指标", key=True, required=True),
        _number("value", "", "Value", "数值", required=True),
        _text("unit", "Unit of the value", "单位"),
    ),
    _table(
        "deals",
        "What is traded between enterprises today",
        "现有交易",
        _reference("from_site", "sites", "Site that delivers", "供方厂区"),
        _reference("to_site", "sites", "Site that receives", "需方厂区"),
        _COMMODITY,
        _amount("quantity", "unit/a", "Quantity a year", "年量", required=True),
        _number("price", "money/unit", "Price", "价格"),
        Column(name="until", kind=ColumnType.DATE, en="Runs until", zh="到期日"),
    ),
    _table(
        "availability",
        "What part of a capacity is available in a period",
        "时段可用率",
        _key("holder", "Facility, process or enterprise", "装置、工艺或企业"),
        _key("period", "Period", "时段", ("periods",)),
        _fraction("factor", "Part of the capacity that may run", "可用系数", required=True),
    ),
)
TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _ALL})
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
        record: dict[str, JSON] = {"name": name, "required": table.required, "key": list(table.key)}
        columns = [one.record() | (holders if one.name == "holder" else {}) for one in table.columns]
        tables.append(record | {"description": table.en, "description_zh": table.zh, "columns": columns})
    return {"schema": "synergy/dataset/1", "tables": tables}
