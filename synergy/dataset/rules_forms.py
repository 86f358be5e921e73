"""Rules on declarations in forms: units, plausible figures, what is the enterprise's own."""

from __future__ import annotations

from synergy.dataset.rule import error, warning

FORM_RULES = {
    "form_sheet": error(
        "expected offers, needs or facilities",
        "应为供给、需求或装置",
        "write offers, needs or facilities",
        "请写 供给、需求 或 装置",
    ),
    "form_no_sheet": error(
        "no sheet of offers, needs or facilities",
        "没有供给、需求或装置工作表",
        "use the template of the round",
        "请使用本轮次的模板",
    ),
    "form_no_rows": error(
        "no rows: nothing was declared",
        "没有数据行：未申报任何内容",
        "fill in a row; to withdraw all, say so",
        "请填写数据行；如需全部撤回，请明确说明",
    ),
    "form_withdrawn": error("no declared row has this name", "没有此名称的申报", "{near}", "{near}"),
    "form_which": error(
        "{count} rows of this thing at this place are declared",
        "该厂区此项已有 {count} 行申报",
        "name the one that is meant: {names}",
        "请填写所指行的编号：{names}",
    ),
    "form_site": error("not found among the sites of this enterprise", "本企业没有该厂区", "{near}", "{near}"),
    "form_subject": error("unknown here", "此处不存在", "{near}", "{near}"),
    "form_negative": error("expected at least 0", "应不小于 0", "write it without a sign", "请写不带负号的数值"),
    "form_large": error("a number beyond what can be kept", "数值过大", "check the unit", "请核对单位"),
    "form_beyond": error(
        "more than the {most} that one row may have",
        "超过单行上限 {most}",
        "check the number and its unit",
        "请核对数值与单位",
    ),
    "form_small": error(
        "less than the {least} that a plan can keep",
        "小于方案可保存的最小数量 {least}",
        "write 0 or leave the row out, or check the unit",
        "请填 0 或删除该行，或核对单位",
    ),
    "form_money": error(
        "price times amount is {money}, more than the {most} that one row may move in a year",
        "价格乘以数量为 {money}，超过单行每年上限 {most}",
        "check the price, the amount and their units",
        "请核对价格、数量及其单位",
    ),
    "form_rounded": warning("more than six decimals; read as {instead}", "小数超过六位，按 {instead} 读取", "", ""),
    "form_unit_assumed": warning(
        "no unit given; read in {unit}", "未填单位，按 {unit} 读取", "fill in the unit", "请填写单位"
    ),
    "form_unit_factor": warning(
        "{amount} {unit} is {instead} {target} (times {factor})",
        "{amount} {unit} 即 {instead} {target}（乘以 {factor}）",
        "",
        "",
    ),
    "form_unit": error("an unknown unit", "未知单位", "write {units}", "请写 {units}"),
    "form_unit_rate": error(
        "a rate where an amount {span} is expected",
        "应填{span_zh}数量，而不是速率",
        "if it runs all the year, write {instead} {target}",
        "若全年运行，请写 {instead} {target}",
    ),
    "form_unit_dimension": error(
        "{unit} measures {kind}, {subject} is counted in {target}",
        "{unit} 是{kind_zh}单位，{subject} 按 {target} 计量",
        "write the amount in {units}",
        "请按 {units} 填写",
    ),
    "form_unit_period": error(
        "an amount a year for one period", "单个时段却按年填写", "write the amount in the period", "请填写该时段的数量"
    ),
    "form_money_unit": error(
        "a price without its unit: {one} or {many}, that differs ten thousandfold",
        "价格未填单位：{one} 还是 {many}，相差一万倍",
        "fill in the unit of the price",
        "请填写价格单位",
    ),
    "form_price_basis": error(
        "a price for one of what, beside an amount in {unit}? The dataset counts in {target}",
        "数量按 {unit} 填写，价格是每单位什么？数据按 {target} 计量",
        "write as its unit {own} or {base}",
        "价格单位请写 {own} 或 {base}",
    ),
    "form_amount_range": error(
        "{ratio} times the last figure {last}{guess}",
        "为上次数值 {last} 的 {ratio} 倍{guess_zh}",
        "check the number and its unit; if it is right, mark the row as checked",
        "请核对数值与单位；如确认无误，请在该行标注“已核对”",
    ),
    "form_capacity_range": error(
        "{ratio} times what the facilities of this enterprise can make or use",
        "为本企业装置所能产出或使用量的 {ratio} 倍",
        "check the number and its unit; if it is right, mark the row as checked",
        "请核对数值与单位；如确认无误，请在该行标注“已核对”",
    ),
    "form_price_range": error(
        "{ratio} times what markets outside pay or ask",
        "为区外市场价格的 {ratio} 倍",
        "check the number and its unit; if it is right, mark the row as checked",
        "请核对数值与单位；如确认无误，请在该行标注“已核对”",
    ),
    "form_made_too": warning(
        "{amount} {unit} beside up to {own} {unit} that own facilities at this site make: both are offered",
        "除申报的 {amount} {unit} 外，本厂装置最多还产出 {own} {unit}：两者都会计入供给",
        "leave the row out if it is what the facilities make",
        "如与装置产出为同一物料，请删除该行",
    ),
    "form_used_too": warning(
        "{amount} {unit} beside up to {own} {unit} that own facilities at this site use: both are needed",
        "除申报的 {amount} {unit} 外，本厂装置最多还消耗 {own} {unit}：两者都会计入需求",
        "leave the row out if it is what the facilities use",
        "如与装置消耗为同一物料，请删除该行",
    ),
    "form_checked": warning("far from what was expected, and marked as checked", "偏离预期，已标注核对", "", ""),
    "form_repeated": warning("the same row as {first}; read once", "与 {first} 相同，只读一次", "remove it", "请删除"),
    "form_twice": error(
        "the same as {first}, with other figures",
        "与 {first} 相同但数值不同",
        "keep one of them, or give each a name of its own",
        "请保留其一，或分别命名",
    ),
    "form_too_many": error("more than {most} rows", "超过 {most} 行", "declare what matters", "请只申报主要项目"),
}
