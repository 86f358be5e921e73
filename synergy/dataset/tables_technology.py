"""What can be made, kept and moved: the tables of processes, facilities, stores and transport."""

from __future__ import annotations

from synergy.dataset.columns import (
    Column,
    Kind,
    Table,
    amount,
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

PER_ACTIVITY = "money/activity"
_PROCESS = part("process", "Process", "工艺", ("processes",))
_COMMODITY_KEY = part("commodity", "Commodity", "物料", ("commodities",))
_SITE = reference("site", "sites", "Site", "厂区")
_PROPERTY = Column(name="property", kind=Kind.LABEL, en="Quality", zh="质量指标", key=True, required=True)
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
