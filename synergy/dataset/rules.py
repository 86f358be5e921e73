"""Rules on relations between rows (keys, references, places, links, recipes, settings) and on declaration forms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from synergy.errors import Severity
from synergy.texts import Pair

_NEAR: Pair = ("{near}", "{near}")


@dataclass(frozen=True, slots=True)
class CheckRule:
    """Rule: severity of a violation, texts of the expectation or fault, and hints for a correction.

    The texts are in English and Chinese; names in braces are filled in where the rule is violated.
    """

    severity: Severity
    text: Pair
    hint: Pair = ("", "")


error = partial(CheckRule, Severity.ERROR)  # refuses the dataset
warning = partial(CheckRule, Severity.WARNING)
MEANING_RULES = {
    "same_row": warning(
        ("the same row as line {first}; dropped", "与第 {first} 行相同，已忽略"), ("remove it", "请删除")
    ),
    "double_key": error(
        ("the same key as line {first}, with other values", "主键与第 {first} 行相同但取值不同"),
        ("keep one of lines {first} and {line}", "第 {first} 行与第 {line} 行请保留其一"),
    ),
    "unknown_id": error(("unknown in {tables}", "在 {tables} 中不存在"), _NEAR),
    "ambiguous_holder": error(
        ("names rows of {tables} at once", "同时是 {tables} 中的标识"), ("rename one of them", "请改名其一")
    ),
    "no_effect_holder": warning(
        ("it only {role} the commodity: the row has no effect", "该对象只{role}物料，此行无作用"),
        ("name another holder, or remove the row", "请改用其他对象或删除该行"),
    ),
    "no_effect_limit": warning(
        ("neither minimum nor maximum: the row has no effect", "minimum 与 maximum 均为空，此行无作用"),
        ("fill in one of them, or remove the row", "请填写其一或删除该行"),
    ),
    "no_effect_quality": warning(
        ("the holder does not handle this commodity here: without effect", "该对象此处不涉及此物料，无作用"),
        ("check the commodity", "请核对物料"),
    ),
    "no_weight": error(
        ("all weights are 0: nobody has a part in what is public", "权重全为零，公共资源无法分配"),
        ("give at least one enterprise a weight", "至少一家企业的权重应大于零"),
    ),
    "half_coordinates": error(
        ("a latitude without a longitude, or the other way round", "经纬度只有其一"),
        ("fill in both or none", "请同时填写或同时留空"),
    ),
    "zero_coordinates": warning(
        ("0, 0 lies in the Gulf of Guinea", "坐标 0, 0 位于几内亚湾"),
        ("leave both blank where unknown", "未知时请留空"),
    ),
    "far_site": warning(
        ("{km} km from the middle of all sites", "距全部厂区中心 {km} 公里"),
        ("are latitude and longitude swapped?", "经纬度是否颠倒？"),
    ),
    "same_place": warning(
        ("the same coordinates as {other}: distance 0", "与 {other} 坐标相同，距离为零"),
        ("give each site its own place", "请填写各自的坐标"),
    ),
    "must_run_without_load": error(
        ("never off, yet without a least load", "不得停运却没有最低负荷"), ("fill in min_load", "请填写 min_load")
    ),
    "public_min_load": error(
        (
            "a facility at a public place is shared, so it has no least load unless it must run",
            "公共场所的装置由各方共享，除不得停运外不能有最低负荷",
        ),
        ("set must_run, or min_load to 0", "请设 must_run 或将 min_load 置零"),
    ),
    "not_buildable": error(
        ("the process may not be built new", "该工艺不可新建"),
        ("set buildable of {process} to true, or remove the row", "请将 {process} 的 buildable 设为 true，或删除该行"),
    ),
    "sizes_not_buildable": warning(
        ("steps of scale of a process that may not be built: without effect", "该工艺不可新建，规模档无作用"),
        ("set buildable to true", "请将 buildable 设为 true"),
    ),
    "sizes_in_public": warning(
        ("a process with steps of scale is never built at a public place", "有规模档的工艺不在公共场所新建"),
        ("remove the row", "请删除该行"),
    ),
    "no_greatest_size": error(
        (
            "nothing bounds a new build of this process: no greatest size and no input",
            "该工艺新建规模无上限：无最大规模也无投入",
        ),
        ("fill in max_capacity", "请填写 max_capacity"),
    ),
    "min_over_max": error(
        ("{low} ({lowest}) is greater than {high} ({highest})", "{low}（{lowest}）大于 {high}（{highest}）"),
        ("swap them or mend one", "请对调或修正其一"),
    ),
    "place_too_small": warning(
        (
            "the place allows {highest}, the least size is {lowest}: never built",
            "此处上限 {highest} 小于最小规模 {lowest}，不会新建",
        )
    ),
    "zero_coefficient": warning(
        ("0: neither made nor used", "系数为零，既非产出也非消耗"), ("remove the row", "请删除该行")
    ),
    "wide_range": warning(
        (
            "coefficients from {lowest} to {highest} in one recipe: solvers lose digits",
            "同一配方的系数从 {lowest} 到 {highest}，求解精度受损",
        ),
        ("choose units that bring them closer", "请调整计量单位"),
    ),
    "no_recipe": warning(
        ("a process without a recipe does nothing", "没有配方的工艺不起作用"),
        ("add rows to recipes", "请在 recipes 中添加"),
    ),
    "self_link": warning(
        (
            "a link from a site to itself; dropped: inside a site everything is free",
            "起点与终点相同，已忽略：厂区内交换免费",
        ),
        ("remove it", "请删除"),
    ),
    "zero_km": warning(("0 km between two sites", "两厂区间距离为零"), ("fill in the distance", "请填写里程")),
    "no_km": error(
        (
            "no length: {charged} of mode {mode} counts by km, and {sites} has no coordinates",
            "缺少里程：{mode} 的 {charged} 按公里计，而 {sites} 没有坐标",
        ),
        ("fill in km, or the coordinates", "请填写 km 或坐标"),
    ),
    "unknown_mode": warning(
        ("transport has no such mode: blank cells count as 0", "transport 中没有该方式，空格按零计"), _NEAR
    ),
    "makes_mass": warning(
        ("makes {out} t out of {into} t", "投入 {into} t，产出 {out} t"),
        ("check the coefficients; is an input missing?", "请核对系数，是否缺少投入？"),
    ),
    "makes_energy": warning(
        ("makes {out} GJ out of {into} GJ", "投入 {into} GJ，产出 {out} GJ"),
        ("check the coefficients; is an input missing?", "请核对系数，是否缺少投入？"),
    ),
    "unbalanced": warning(
        (
            "states no {column}, so nobody can tell whether these recipes make some from nothing: {recipes}",
            "未给出 {column}，无法核对这些配方是否平衡：{recipes}",
        ),
        ("fill in {column} (0 where it has none)", "请填写 {column}（没有则填 0）"),
    ),
    "nothing_stated": warning(
        ("no commodity states it: no recipe is checked for it", "所有物料均未给出，配方未作此项平衡核对"),
        ("fill in {column} where it is known", "已知时请填写 {column}"),
    ),
    "free_lunch": error(
        ("processes that run in a loop make {goods} from nothing: {loop}", "循环工艺凭空产出 {goods}：{loop}"),
        ("check the coefficients of these recipes", "请核对这些配方的系数"),
    ),
    "money_loop": error(
        (
            "earns without end ({profit} for each unit of activity, at {site}): {loop}",
            "在 {site} 可无限获利（每单位活动 {profit}）：{loop}",
        ),
        ("give a market a limit, or the process a max_capacity", "请为市场设置 limit，或为工艺设置 max_capacity"),
    ),
    "unknown_setting": error(("no such setting", "没有该设置"), _NEAR),
    "quantity_needed": error(
        ("what is fixed needs a quantity", "fix 须有 quantity"), ("add quantity", "请添加 quantity")
    ),
    "quantity_unused": error(
        ("what is forbidden has no quantity", "forbid 不能有 quantity"),
        ("remove quantity, or use fix", "请删除 quantity 或改用 fix"),
    ),
    "unused_mode": warning(("no link and no transport row uses this mode", "没有任何线路或运输方式使用它"), _NEAR),
    "scenario_key": error(
        ("a row of {table} is found by {key}", "{table} 的行按 {key} 查找"), ("name all of them", "请全部填写")
    ),
    "scenario_new": error(
        (
            "no row of {table} has this key, so it is a new one and needs {column}",
            "{table} 中没有此主键的行，故视为新行，须给出 {column}",
        ),
        _NEAR,
    ),
    "scenario_twice": error(
        ("two rows of the scenario have this key", "方案中有两行主键相同"), ("make one of them", "请合并为一行")
    ),
    "scenario_nothing": warning(
        ("no row matches: nothing is scaled", "没有匹配的行，未作缩放"), ("check where", "请核对 where")
    ),
    "scenario_not_number": error(("not a column of numbers", "不是数字列"), _NEAR),
}


FORM_RULES = {
    "form_sheet": error(
        ("expected offers, needs or facilities", "应为供给、需求或装置"),
        ("write offers, needs or facilities", "请写 供给、需求 或 装置"),
    ),
    "form_no_sheet": error(
        ("no sheet of offers, needs or facilities", "没有供给、需求或装置工作表"),
        ("use the template of the round", "请使用本轮次的模板"),
    ),
    "form_no_rows": error(
        ("no rows: nothing was declared", "没有数据行：未申报任何内容"),
        ("fill in a row; to withdraw all, say so", "请填写数据行；如需全部撤回，请明确说明"),
    ),
    "form_withdrawn": error(("no declared row has this name", "没有此名称的申报"), _NEAR),
    "form_which": error(
        ("{count} rows of this thing at this place are declared", "该厂区此项已有 {count} 行申报"),
        ("name the one that is meant: {names}", "请填写所指行的编号：{names}"),
    ),
    "form_site": error(("not found among the sites of this enterprise", "本企业没有该厂区"), _NEAR),
    "form_subject": error(("unknown here", "此处不存在"), _NEAR),
    "form_negative": error(("expected at least 0", "应不小于 0"), ("write it without a sign", "请写不带负号的数值")),
    "form_large": error(("a number beyond what can be kept", "数值过大"), ("check the unit", "请核对单位")),
    "form_beyond": error(
        ("more than the {most} that one row may have", "超过单行上限 {most}"),
        ("check the number and its unit", "请核对数值与单位"),
    ),
    "form_small": error(
        ("less than the {least} that a plan can keep", "小于方案可保存的最小数量 {least}"),
        ("write 0 or leave the row out, or check the unit", "请填 0 或删除该行，或核对单位"),
    ),
    "form_money": error(
        (
            "price times amount is {money}, more than the {most} that one row may move in a year",
            "价格乘以数量为 {money}，超过单行每年上限 {most}",
        ),
        ("check the price, the amount and their units", "请核对价格、数量及其单位"),
    ),
    "form_rounded": warning(("more than six decimals; read as {instead}", "小数超过六位，按 {instead} 读取")),
    "form_unit_assumed": warning(
        ("no unit given; read in {unit}", "未填单位，按 {unit} 读取"), ("fill in the unit", "请填写单位")
    ),
    "form_unit_factor": warning(
        (
            "{amount} {unit} is {instead} {target} (times {factor})",
            "{amount} {unit} 即 {instead} {target}（乘以 {factor}）",
        )
    ),
    "form_unit": error(("an unknown unit", "未知单位"), ("write {units}", "请写 {units}")),
    "form_unit_rate": error(
        ("a rate where an amount {span} is expected", "应填{span_zh}数量，而不是速率"),
        ("if it runs all the year, write {instead} {target}", "若全年运行，请写 {instead} {target}"),
    ),
    "form_unit_dimension": error(
        (
            "{unit} measures {kind}, {subject} is counted in {target}",
            "{unit} 是{kind_zh}单位，{subject} 按 {target} 计量",
        ),
        ("write the amount in {units}", "请按 {units} 填写"),
    ),
    "form_unit_period": error(
        ("an amount a year for one period", "单个时段却按年填写"),
        ("write the amount in the period", "请填写该时段的数量"),
    ),
    "form_money_unit": error(
        (
            "a price without its unit: {one} or {many}, that differs ten thousandfold",
            "价格未填单位：{one} 还是 {many}，相差一万倍",
        ),
        ("fill in the unit of the price", "请填写价格单位"),
    ),
    "form_price_basis": error(
        (
            "a price for one of what, beside an amount in {unit}? The dataset counts in {target}",
            "数量按 {unit} 填写，价格是每单位什么？数据按 {target} 计量",
        ),
        ("write as its unit {own} or {base}", "价格单位请写 {own} 或 {base}"),
    ),
    "form_amount_range": error(
        ("{ratio} times the last figure {last}{guess}", "为上次数值 {last} 的 {ratio} 倍{guess_zh}"),
        (
            "check the number and its unit; if it is right, mark the row as checked",
            "请核对数值与单位；如确认无误，请在该行标注“已核对”",
        ),
    ),
    "form_capacity_range": error(
        (
            "{ratio} times what the facilities of this enterprise can make or use",
            "为本企业装置所能产出或使用量的 {ratio} 倍",
        ),
        (
            "check the number and its unit; if it is right, mark the row as checked",
            "请核对数值与单位；如确认无误，请在该行标注“已核对”",
        ),
    ),
    "form_price_range": error(
        ("{ratio} times what markets outside pay or ask", "为区外市场价格的 {ratio} 倍"),
        (
            "check the number and its unit; if it is right, mark the row as checked",
            "请核对数值与单位；如确认无误，请在该行标注“已核对”",
        ),
    ),
    "form_made_too": warning(
        (
            "{amount} {unit} beside up to {own} {unit} that own facilities at this site make: both are offered",
            "除申报的 {amount} {unit} 外，本厂装置最多还产出 {own} {unit}：两者都会计入供给",
        ),
        ("leave the row out if it is what the facilities make", "如与装置产出为同一物料，请删除该行"),
    ),
    "form_used_too": warning(
        (
            "{amount} {unit} beside up to {own} {unit} that own facilities at this site use: both are needed",
            "除申报的 {amount} {unit} 外，本厂装置最多还消耗 {own} {unit}：两者都会计入需求",
        ),
        ("leave the row out if it is what the facilities use", "如与装置消耗为同一物料，请删除该行"),
    ),
    "form_checked": warning(("far from what was expected, and marked as checked", "偏离预期，已标注核对")),
    "form_repeated": warning(
        ("the same row as {first}; read once", "与 {first} 相同，只读一次"), ("remove it", "请删除")
    ),
    "form_twice": error(
        ("the same as {first}, with other figures", "与 {first} 相同但数值不同"),
        ("keep one of them, or give each a name of its own", "请保留其一，或分别命名"),
    ),
    "form_too_many": error(("more than {most} rows", "超过 {most} 行"), ("declare what matters", "请只申报主要项目")),
}
