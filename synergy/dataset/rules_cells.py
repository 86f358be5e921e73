"""Rules on single cells: numbers, ids, words, dates."""

from __future__ import annotations

from synergy.dataset.rule import error, warning

_PLAIN = ("write a plain number such as 1234.5", "请写普通数字，如 1234.5")
CELL_RULES = {
    "blank": error("may not be blank", "不能为空", "fill it in", "请填写"),
    "not_number": error("expected a number", "应为数字", *_PLAIN),
    "not_finite": error("expected a finite number", "应为有限数字", *_PLAIN),
    "too_small_number": error("too close to zero for a number", "数值过于接近零", "write 0", "请写 0"),
    "long_number": error("a number of {length} characters", "数字长达 {length} 个字符", *_PLAIN),
    "decimal_comma": error(
        "a comma where a point is expected", "应使用小数点而不是逗号", "write {instead}", "请写 {instead}"
    ),
    "thousands": error("commas have to stand between groups of three", "逗号只能用于千位分组", *_PLAIN),
    "chinese_number": error("a number in words", "数字含中文单位", "{hint}", "{hint}"),
    "percent": error("a percentage", "百分数", "{hint}", "{hint}"),
    "number_with_unit": error("a number with a unit", "数字带有单位", "{hint}", "{hint}"),
    "spreadsheet_error": error(
        "an error of a spreadsheet", "电子表格错误值", "mend the formula and save values", "请修正公式并保存数值"
    ),
    "formula": error(
        "a formula without its value", "未计算的公式", "save values instead of formulas", "请保存数值而非公式"
    ),
    "full_width_number": warning("full-width digits; read as {instead}", "全角数字，按 {instead} 读取", "", ""),
    "blanks_in_number": warning(
        "unusual blanks around a number; read as {instead}", "数字周围有特殊空白，按 {instead} 读取", "", ""
    ),
    "id_trimmed": warning(
        "blanks around an id; read as {instead}", "标识前后有空白，按 {instead} 读取", "remove them", "请删除空白"
    ),
    "id_blanks": warning(
        "invisible or unusual blanks in an id; read as {instead}",
        "标识含不可见或特殊空白，按 {instead} 读取",
        "remove them",
        "请删除空白",
    ),
    "id_letters": error(
        "an id is made of letters, digits and _ - . :",
        "标识只能含字母、数字和 _ - . :",
        "replace {wrong}",
        "请替换 {wrong}",
    ),
    "id_number": error(
        "a long number that a spreadsheet has shortened: its last digits are lost",
        "长数字已被表格软件缩写，末尾数字已丢失",
        "format the column as text, and type or paste the whole id again",
        "请将该列设为文本格式，重新输入或粘贴完整编号",
    ),
    "id_long": error("an id has at most {most} characters", "标识最长 {most} 个字符", "shorten it", "请缩短"),
    "id_mixed": error(
        "an id that mixes {scripts} letters",
        "标识混用 {scripts} 字母",
        "type it again in one alphabet, as {instead}",
        "请用同一种字母重新输入，如 {instead}",
    ),
    "id_wide": warning(
        "full-width letters in an id: another id than {instead}",
        "标识含全角字符，与 {instead} 不同",
        "write {instead}",
        "请写 {instead}",
    ),
    "id_alike": warning(
        "another id differs in case or width alone: {other}",
        "另有仅大小写或全半角不同的标识：{other}",
        "is it the same thing?",
        "是否为同一对象？",
    ),
    "not_choice": error("expected one of {choices}", "应为 {choices} 之一", "{near}", "{near}"),
    "not_flag": error(
        "expected true or false",
        "应为 true 或 false",
        "write true or false, yes or no, 1 or 0, 是 or 否",
        "请写 是 或 否（或 true、false、1、0）",
    ),
    "not_date": error(
        "expected a date such as 2026-03-01, 2026/3/1 or 2026年3月1日",
        "应为日期，如 2026-03-01、2026/3/1 或 2026年3月1日",
        "write year-month-day",
        "请写 年-月-日",
    ),
    "no_such_date": error("there is no such day", "没有这一天", "check the calendar", "请核对日期"),
    "below": error("expected at least {bound}", "应不小于 {bound}", "{hint}", "{hint}"),
    "above": error("expected at most {bound}", "应不大于 {bound}", "{hint}", "{hint}"),
    "not_above": error("expected more than {bound}", "应大于 {bound}", "", ""),
    "zero_amount": warning(
        "a zero: this row can do nothing",
        "数值为零，此行不起作用",
        "remove the row or fill in the amount",
        "请删除该行或填写数值",
    ),
    "tiny_compulsory": error(
        "{flag}, and less than {least}: whether a plan meets it cannot be told",
        "标注了 {flag}，但小于 {least}：无法判断方案是否满足",
        "write 0, or count the commodity in a smaller unit",
        "请写 0，或改用更小的计量单位",
    ),
    "range_order": error(
        "expected low {low} <= value {middle} <= high {high}",
        "应满足 低值 {low} <= 取值 {middle} <= 高值 {high}",
        "low, value and high in this order",
        "低值、取值、高值应依次不减",
    ),
}
