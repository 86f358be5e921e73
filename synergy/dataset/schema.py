"""Schema of a dataset, the one source for every table: columns, types, units, defaults, references, descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict

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


@dataclass(frozen=True, slots=True)
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


class _KeyRules(TypedDict):
    key: bool
    required: bool


class _Bounds(TypedDict, total=False):
    minimum: float
    maximum: float
    amount: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Definition of a table: columns in the order written, description of a row, whether a dataset requires it.

    Computed once: `names` of all columns in order, columns `by_name`, `key` (names of the unique key, empty where rows
    have none), the columns that are `numbers`, and the `numeric` names: these and their ends `<name>_low` and
    `<name>_high`.
    """

    name: str
    en: str
    zh: str
    columns: tuple[Column, ...]
    required: bool = False
    names: tuple[str, ...] = field(init=False)
    by_name: Mapping[str, Column] = field(init=False, compare=False)
    key: tuple[str, ...] = field(init=False)
    numbers: tuple[Column, ...] = field(init=False)
    numeric: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compute the tables of names."""
        numbers = tuple(column for column in self.columns if column.kind is ColumnType.NUMBER)
        derived = {
            "names": tuple(column.name for column in self.columns),
            "by_name": {column.name: column for column in self.columns},
            "key": tuple(column.name for column in self.columns if column.key),
            "numbers": numbers,
            "numeric": frozenset(f"{column.name}{end}" for column in numbers for end in ("", "_low", "_high")),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)


_T = ColumnType
_KEY: _KeyRules = {"key": True, "required": True}
_AMOUNT: _Bounds = {"minimum": 0.0, "amount": True}  # never negative, zero worth a warning
_PART: _Bounds = {"minimum": 0.0, "maximum": 1.0}
_NAMES = (
    Column("name_en", _T.TEXT, "Name in English", "英文名称"),
    Column("name_zh", _T.TEXT, "Name in Chinese", "中文名称"),
)
_PROCESS = Column("process", _T.ID, "Process", "工艺", refs=("processes",), **_KEY)
_COMMODITY_KEY = Column("commodity", _T.ID, "Commodity", "物料", refs=("commodities",), **_KEY)
_SITE = Column("site", _T.ID, "Site", "厂区", refs=("sites",), required=True)
_PROPERTY = Column("property", _T.LABEL, "Quality", "质量指标", **_KEY)
_CAPACITY = (
    Column(
        "min_capacity", _T.NUMBER, "Least size of a new build", "新建最小规模", "activity/a", default=0.0, minimum=0.0
    ),
    Column(
        "max_capacity",
        _T.NUMBER,
        "Greatest size; blank = unlimited",
        "新建最大规模；空=不限",
        "activity/a",
        minimum=0.0,
    ),
    Column("fixed_capex", _T.NUMBER, "Investment whatever the size", "固定投资", "money", default=0.0, minimum=0.0),
    Column(
        "unit_capex", _T.NUMBER, "Investment per size", "单位规模投资", "money/(activity/a)", default=0.0, minimum=0.0
    ),
)
_COUNTY = Column("county", _T.TEXT, "County", "县（市、区）")
_COMMODITY = Column("commodity", _T.ID, "Commodity", "物料", refs=("commodities",), required=True)
_PERIOD = Column("period", _T.ID, "Period; blank = year-round", "时段；空=全年", refs=("periods",))
_QUANTITY = Column(
    "quantity",
    _T.NUMBER,
    "Quantity in the period; year-round: per year",
    "时段数量；全年时为年量",
    "unit",
    required=True,
    **_AMOUNT,
)
_ALL = (
    Table(
        "enterprises",
        "An enterprise that may take part",
        "可参与协同的企业",
        (
            Column("enterprise", _T.ID, "Enterprise", "企业", **_KEY),
            *_NAMES,
            _COUNTY,
            Column("size", _T.CHOICE, "Size class", "规模", choices=("small", "medium", "large")),
            Column(
                "weight", _T.NUMBER, "Its part in what is public", "在公共资源中的权重", "1", default=1.0, minimum=0.0
            ),
        ),
        required=True,
    ),
    Table(
        "sites",
        "A place of an enterprise, or a public place",
        "企业厂区或公共场所",
        (
            Column("site", _T.ID, "Site", "厂区", **_KEY),
            Column("enterprise", _T.ID, "Owner; blank = public place", "所属企业；空=公共场所", refs=("enterprises",)),
            *_NAMES,
            _COUNTY,
            Column("latitude", _T.NUMBER, "Latitude, WGS 84", "纬度（WGS 84）", "deg", minimum=-90.0, maximum=90.0),
            Column("longitude", _T.NUMBER, "Longitude, WGS 84", "经度（WGS 84）", "deg", minimum=-180.0, maximum=180.0),
        ),
        required=True,
    ),
    Table(
        "commodities",
        "A good, an energy carrier or a right",
        "物料、能源或权利",
        (
            Column("commodity", _T.ID, "Commodity", "物料", **_KEY),
            *_NAMES,
            Column("unit", _T.TEXT, "Unit in which it is counted", "计量单位", required=True),
            Column("phase", _T.CHOICE, "Phase", "形态", choices=("solid", "liquid", "gas", "heat", "power", "right")),
            Column("hazard", _T.TEXT, "UN number or hazard class", "危险品编号或类别"),
            Column("mass_t", _T.NUMBER, "Mass per unit", "单位质量", "t/unit", minimum=0.0),
            Column("energy_gj", _T.NUMBER, "Energy per unit", "单位能量", "GJ/unit", minimum=0.0),
            Column("disposal_cost", _T.NUMBER, "Disposal; blank = not allowed", "处置成本；空=不得处置", "money/unit"),
            Column("disposal_co2", _T.NUMBER, "CO2 of disposal", "处置排放", "t/unit", default=0.0),
        ),
        required=True,
    ),
    Table(
        "periods",
        "A part of the year",
        "一年中的一个时段",
        (
            Column("period", _T.ID, "Period", "时段", **_KEY),
            Column("hours", _T.NUMBER, "Length of the period", "时长", "h", required=True, above=0.0),
        ),
    ),
    Table(
        "offers",
        "What a site can give",
        "厂区可供的物料",
        (
            Column("offer", _T.ID, "Offer", "供给", **_KEY),
            _SITE,
            _COMMODITY,
            _PERIOD,
            _QUANTITY,
            Column("price", _T.NUMBER, "Lowest accepted at the gate", "出厂最低价", "money/unit", default=0.0),
            Column("must_clear", _T.BOOLEAN, "All of it has to leave", "必须全部外运", default=False),
            Column(
                "keep",
                _T.NUMBER,
                "Part that has to stay with the enterprise's site",
                "须自留的比例",
                "1",
                default=0.0,
                **_PART,
            ),
        ),
    ),
    Table(
        "needs",
        "What a site wants",
        "厂区所需的物料",
        (
            Column("need", _T.ID, "Need", "需求", **_KEY),
            _SITE,
            _COMMODITY,
            _PERIOD,
            _QUANTITY,
            Column("price", _T.NUMBER, "Highest paid at the gate", "到厂最高价", "money/unit", default=0.0),
            Column("required", _T.BOOLEAN, "Has to be met in full", "必须全部满足", default=False),
        ),
    ),
    Table(
        "processes",
        "A way of turning commodities into others",
        "把物料转化为其他物料的工艺",
        (
            Column("process", _T.ID, "Process", "工艺", **_KEY),
            *_NAMES,
            Column("activity_unit", _T.TEXT, "Unit of activity", "活动单位"),
            Column("opex", _T.NUMBER, "Running cost", "运行成本", "money/activity", default=0.0),
            Column("co2", _T.NUMBER, "CO2 emitted", "二氧化碳排放", "t/activity", default=0.0),
            Column("buildable", _T.BOOLEAN, "May be built new", "可新建", default=False),
            *_CAPACITY,
            Column("lifetime_years", _T.NUMBER, "Years of service", "寿命", "a", default=20.0, above=0.0),
            Column("lead_time_months", _T.NUMBER, "Time to build", "建设周期", "month", minimum=0.0),
            Column("policy_min", _T.NUMBER, "Least size that policy allows", "政策最小规模", "activity/a", minimum=0.0),
            Column("permit", _T.TEXT, "Permit it takes", "所需审批"),
        ),
    ),
    Table(
        "sizes",
        "A step of scale of a buildable process",
        "可新建工艺的规模档",
        (
            _PROCESS,
            Column("size", _T.ID, "Step of scale", "规模档", **_KEY),
            *_CAPACITY,
        ),
    ),
    Table(
        "recipes",
        "What a unit of activity makes and uses",
        "单位活动的产出与消耗",
        (
            _PROCESS,
            _COMMODITY_KEY,
            Column("coefficient", _T.NUMBER, "> 0 made, < 0 used", ">0 产出，<0 消耗", "unit/activity", required=True),
        ),
    ),
    Table(
        "facilities",
        "A unit that stands",
        "现有装置",
        (
            Column("facility", _T.ID, "Facility", "装置", **_KEY),
            _SITE,
            Column("process", _T.ID, "Process", "工艺", refs=("processes",), required=True),
            Column("capacity", _T.NUMBER, "Activity a year", "年活动能力", "activity/a", required=True, **_AMOUNT),
            Column("min_load", _T.NUMBER, "Least load when on", "最低负荷", "1", default=0.0, **_PART),
            Column("must_run", _T.BOOLEAN, "Never off", "不得停运", default=False),
            Column("opex", _T.NUMBER, "Overrides the process's", "运行成本（替代工艺值）", "money/activity"),
            Column("start", _T.DATE, "Date from which it runs", "投产日期"),
        ),
    ),
    Table(
        "build_options",
        "Where a buildable process may be built",
        "可新建的地点",
        (
            _PROCESS,
            Column("site", _T.ID, "Site", "厂区", refs=("sites",), **_KEY),
            Column("max_capacity", _T.NUMBER, "Greatest size here", "此处最大规模", "activity/a", minimum=0.0),
            Column("capex_factor", _T.NUMBER, "Factor on the investment", "投资系数", "1", default=1.0, minimum=0.0),
        ),
    ),
    Table(
        "stores",
        "A tank, heap or holder",
        "储罐、堆场或气柜",
        (
            Column("store", _T.ID, "Store", "储存", **_KEY),
            _SITE,
            Column("commodity", _T.ID, "Commodity", "物料", refs=("commodities",), required=True),
            Column("capacity", _T.NUMBER, "Most it holds", "库容", "unit", required=True, **_AMOUNT),
            Column("charge_cost", _T.NUMBER, "Cost of putting in", "入库成本", "money/unit", default=0.0),
            Column(
                "hold_cost",
                _T.NUMBER,
                "Cost of holding at the end of a period",
                "期末持有成本",
                "money/unit",
                default=0.0,
            ),
            Column("loss", _T.NUMBER, "Part lost from one period to the next", "跨期损失率", "1", default=0.0, **_PART),
        ),
    ),
    Table(
        "markets",
        "A market outside the region",
        "区外市场",
        (
            Column("market", _T.ID, "Market", "市场", **_KEY),
            _COMMODITY,
            Column(
                "side",
                _T.CHOICE,
                "buy: we buy there; sell: we sell there",
                "buy=购入，sell=售出",
                choices=("buy", "sell"),
                required=True,
            ),
            Column("price", _T.NUMBER, "Price", "价格", "money/unit", required=True),
            Column("period", _T.ID, "Period; blank = every period", "时段；空=各时段", refs=("periods",)),
            Column(
                "limit",
                _T.NUMBER,
                "Most of each enterprise; blank = no limit",
                "每企业上限；空=不限",
                "unit",
                **_AMOUNT,
            ),
            Column("site", _T.ID, "Place of the market; blank = every site", "市场所在；空=各厂区", refs=("sites",)),
        ),
    ),
    Table(
        "qualities",
        "A quality of what leaves a holder",
        "供出物料的质量",
        (
            Column("holder", _T.ID, "Offer, process, store or buying market", "供给、工艺、储存或购入市场", **_KEY),
            _COMMODITY_KEY,
            _PROPERTY,
            Column("value", _T.NUMBER, "Value of the quality", "质量数值", "", required=True),
        ),
    ),
    Table(
        "limits",
        "A limit on the quality of what a holder takes",
        "接收物料的质量要求",
        (
            Column("holder", _T.ID, "Need, process, store or selling market", "需求、工艺、储存或售出市场", **_KEY),
            _COMMODITY_KEY,
            _PROPERTY,
            Column("minimum", _T.NUMBER, "Least value of the mix", "混合下限", ""),
            Column("maximum", _T.NUMBER, "Greatest value of the mix", "混合上限", ""),
        ),
    ),
    Table(
        "transport",
        "How a commodity moves by a mode",
        "某物料的运输方式",
        (
            Column("mode", _T.ID, "Mode", "运输方式", **_KEY),
            _COMMODITY_KEY,
            Column("max_km", _T.NUMBER, "Farthest it goes", "最远距离", "km", required=True, minimum=0.0),
            Column("cost_per_unit", _T.NUMBER, "Cost whatever the distance", "固定运费", "money/unit", default=0.0),
            Column("cost_per_unit_km", _T.NUMBER, "Cost by distance", "里程运费", "money/(unit km)", default=0.0),
            Column("loss_per_km", _T.NUMBER, "Part lost per km", "每公里损失率", "1", default=0.0, **_PART),
            Column("detour", _T.NUMBER, "Road km per great-circle km", "绕行系数", "1", default=1.0, above=0.0),
            Column("fixed_capex", _T.NUMBER, "Investment of a link", "线路固定投资", "money", default=0.0, minimum=0.0),
            Column(
                "capex_per_km", _T.NUMBER, "Investment by distance", "每公里投资", "money/km", default=0.0, minimum=0.0
            ),
            Column(
                "capacity", _T.NUMBER, "Most a link carries; blank = no limit", "线路能力；空=不限", "unit/a", **_AMOUNT
            ),
            Column("co2_per_unit_km", _T.NUMBER, "CO2 by distance", "里程排放", "t/(unit km)", default=0.0),
            Column("lifetime_years", _T.NUMBER, "Years of service", "寿命", "a", default=20.0, above=0.0),
        ),
    ),
    Table(
        "links",
        "A directed link between two sites",
        "两厂区间的单向线路",
        (
            Column("from_site", _T.ID, "Site it leaves", "起点厂区", refs=("sites",), **_KEY),
            Column("to_site", _T.ID, "Site it reaches", "终点厂区", refs=("sites",), **_KEY),
            _COMMODITY_KEY,
            Column("mode", _T.ID, "Mode", "运输方式", **_KEY),
            Column("km", _T.NUMBER, "Length; blank = computed", "里程；空=按坐标计算", "km", minimum=0.0),
            Column("cost_per_unit", _T.NUMBER, "Replaces the computed cost", "替代计算运费", "money/unit"),
            Column("loss", _T.NUMBER, "Part lost on this link", "线路损失率", "1", **_PART),
            Column(
                "capacity",
                _T.NUMBER,
                "Most it carries; blank = the mode's",
                "线路能力；空=同运输方式",
                "unit/a",
                **_AMOUNT,
            ),
            Column("fixed_capex", _T.NUMBER, "Replaces the computed investment", "替代计算投资", "money", minimum=0.0),
            Column("existing", _T.BOOLEAN, "Stands already: no investment", "已建成", default=False),
            Column("forbidden", _T.BOOLEAN, "May not be used", "禁止使用", default=False),
        ),
    ),
    Table(
        "indicators",
        "What an evaluation compares beside the flows",
        "评价所用指标",
        (
            Column("enterprise", _T.ID, "Enterprise", "企业", refs=("enterprises",), **_KEY),
            Column("indicator", _T.LABEL, "Indicator", "指标", **_KEY),
            Column("value", _T.NUMBER, "Value", "数值", "", required=True),
            Column("unit", _T.TEXT, "Unit of the value", "单位"),
        ),
    ),
    Table(
        "deals",
        "What is traded between enterprises today",
        "现有交易",
        (
            Column("from_site", _T.ID, "Site that delivers", "供方厂区", refs=("sites",), required=True),
            Column("to_site", _T.ID, "Site that receives", "需方厂区", refs=("sites",), required=True),
            _COMMODITY,
            Column("quantity", _T.NUMBER, "Quantity a year", "年量", "unit/a", required=True, **_AMOUNT),
            Column("price", _T.NUMBER, "Price", "价格", "money/unit"),
            Column("until", _T.DATE, "Runs until", "到期日"),
        ),
    ),
    Table(
        "availability",
        "What part of a capacity is available in a period",
        "时段可用率",
        (
            Column("holder", _T.ID, "Facility, process or enterprise", "装置、工艺或企业", **_KEY),
            Column("period", _T.ID, "Period", "时段", refs=("periods",), **_KEY),
            Column("factor", _T.NUMBER, "Part of the capacity that may run", "可用系数", "1", required=True, **_PART),
        ),
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


def schema_record() -> dict[str, JSON]:
    """Return the schema as JSON: ``{"schema": "synergy/dataset/1", "tables": [...]}``, with keys and descriptions."""
    tables = []
    for name, table in TABLES.items():
        holders = {"references": list(HOLDERS[name])} if name in HOLDERS else {}
        record: dict[str, JSON] = {"name": name, "required": table.required, "key": list(table.key)}
        columns = [one.record() | (holders if one.name == "holder" else {}) for one in table.columns]
        tables.append(record | {"description": table.en, "description_zh": table.zh, "columns": columns})
    return {"schema": "synergy/dataset/1", "tables": tables}
