"""Findings: the rules on files and cells, and what breaks a rule, with its place and value; repeats are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.rules import FORM_RULES, MEANING_RULES, CheckRule, error, warning
from synergy.dataset.sheet import Flags, Lines, TableData
from synergy.errors import SHOWN, Problem, Severity

SHORT = 60  # characters of a value that are shown
LONG = 240  # characters of a hint that is computed


class Where(NamedTuple):
    """Location in the input: table or file, line (the header is line 1) and column."""

    table: str
    row: int | None = None
    column: str = ""


def shown(value: object, most: int = SHORT) -> str:
    """Return a value for display: at most `most` characters, none that a terminal or a page would interpret."""
    text = "" if value is None else f"{value:.15g}" if isinstance(value, float | np.floating) else str(value)
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


@dataclass(eq=False)
class Findings:
    """All findings so far, in order; `refused` where any of them is an error.

    At most `synergy.errors.SHOWN` problems of one rule in one column are kept; the others are counted.
    """

    refused: bool = False
    _problems: list[Problem] = field(default_factory=list)
    _seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, code: str, where: Where, value: object = "", **fields: object) -> None:
        """Add one problem; `code` is a key of `synergy.dataset.findings.RULES`, `fields` are those of its texts."""
        group = (code, where.table, where.column)
        self._seen[group] += 1
        if self._seen[group] <= SHOWN:
            self.extend([problem_of(code, where, value, fields)])

    def add_expected(self, code: str, where: Where, value: object, en: str, zh: str) -> None:
        """Add one problem of a rule that says what is expected, in English and Chinese."""
        self.add(code, where, value, expected=en, expected_zh=zh, hint="")

    def add_rows(
        self, code: str, where: Where, rows: Lines, values: Sequence[object] | NDArray[np.generic], **fields: object
    ) -> None:
        """Add the same problem for many lines, with one value for each; a list in `fields` holds one entry per line."""
        for position in range(min(len(rows), SHOWN)):
            one = {key: item[position] if isinstance(item, list) else item for key, item in fields.items()}
            self.add(code, where._replace(row=int(rows[position])), values[position], **one)
        self._seen[(code, where.table, where.column)] += max(0, len(rows) - SHOWN)

    def add_where(
        self, code: str, sheet: TableData, column: str, wrong: Flags, values: NDArray[np.generic], **fields: object
    ) -> None:
        """Add the same problem for the flagged rows of a column, with its value in each row of the table."""
        self.add_rows(code, Where(sheet.table, None, column), sheet.lines[wrong], values[wrong], **fields)

    def add_word(self, code: str, sheet: TableData, column: str, place: int, **fields: object) -> None:
        """Add the same problem for all rows that hold one of the distinct words of a column."""
        cells = sheet.words(column)
        lines = sheet.lines[cells.codes == place]
        self.add_rows(code, Where(sheet.table, None, column), lines, [cells.words[place]] * len(lines), **fields)

    def extend(self, problems: Sequence[Problem]) -> None:
        """Add problems that were made elsewhere."""
        self._problems.extend(problems)
        self.refused |= any(problem.severity is Severity.ERROR for problem in problems)

    def problems(self, relocate: Callable[[Problem], Problem] = lambda problem: problem) -> tuple[Problem, ...]:
        """Return all problems, errors first, with a line for those that were only counted.

        `relocate` moves a problem to the place of its cause.
        """
        counted = [
            problem_of("more", Where(table, None, column), "", {"count": count - SHOWN}, RULES[code].severity)
            for (code, table, column), count in self._seen.items()
            if count > SHOWN
        ]
        found = [relocate(problem) for problem in self._problems] + counted
        return tuple(sorted(found, key=lambda problem: problem.severity is not Severity.ERROR))


def problem_of(
    code: str, where: Where, value: object, fields: Mapping[str, object], severity: Severity | None = None
) -> Problem:
    """Return the problem that a rule makes of a place and a value.

    Of a pair ``x`` and ``x_zh`` in `fields` the second is for the Chinese texts; `severity` overrides the rule's.
    """
    rule: CheckRule = RULES[code]
    room = {"hint": LONG, "hint_zh": LONG}
    safe = {key: shown(item, room.get(key, SHORT)) if isinstance(item, str) else item for key, item in fields.items()}
    chinese = safe | {key.removesuffix("_zh"): item for key, item in safe.items() if key.endswith("_zh")}
    en, hint = rule.text[0].format(**safe), rule.hint[0].format(**safe)
    zh, hint_zh = rule.text[1].format(**chinese), rule.hint[1].format(**chinese)
    place = (where.table, where.row, where.column, shown(value))
    return Problem(*place, en, hint, severity or rule.severity, code, zh, hint_zh)


_PLAIN = ("write a plain number such as 1234.5", "请写普通数字，如 1234.5")
_RULES = {
    # workbooks
    "workbook_size": error(
        ("a workbook of {size} bytes, most is {most}", "工作簿 {size} 字节，上限 {most}"), ("split it", "请拆分")
    ),
    "workbook_password": error(
        ("the workbook is protected by a password", "工作簿有密码保护"),
        ("save it without one (File, Info, Protect Workbook)", "请在“文件-信息-保护工作簿”中取消密码后保存"),
    ),
    "workbook_entities": error(
        (
            "a part of the workbook declares a document type, as no spreadsheet program writes it",
            "工作簿内含文档类型声明，非表格软件所写",
        ),
        ("save it again with a spreadsheet program", "请用表格软件重新保存"),
    ),
    "workbook_broken": error(
        ("the workbook cannot be read: {reason}", "无法读取工作簿：{reason}"),
        ("open it in a spreadsheet program and save it again as .xlsx", "请用表格软件打开并重新另存为 .xlsx"),
    ),
    "workbook_memory": error(
        ("reading the workbook takes more than {memory} MB of memory", "读取工作簿所需内存超过 {memory} MB"),
        ("delete empty rows and columns that hold formats alone, or split it", "请删除仅含格式的空行空列，或拆分"),
    ),
    "workbook_time": error(
        ("reading the workbook takes more than {seconds} s", "读取工作簿超过 {seconds} 秒"), ("split it", "请拆分")
    ),
    "workbook_cells": error(
        ("a sheet of {size} cells", "工作表有 {size} 个单元格"),
        ("delete what lies far from the table", "请删除远离表格的内容"),
    ),
    "workbook_macros": warning(
        ("macros; not read and not run", "含宏，未读取也未运行"), ("a workbook without macros does", "无需宏")
    ),
    "workbook_links": warning(
        (
            "links to other files; not followed, the values saved last are read",
            "含外部链接，未打开，按最后保存的值读取",
        ),
        ("paste values instead", "建议粘贴为数值"),
    ),
    "workbook_named": error(
        ("this is an .xlsx workbook, named otherwise", "这是 .xlsx 工作簿，但文件名不符"),
        ("give it the ending .xlsx", "请将扩展名改为 .xlsx"),
    ),
    "unknown_sheet": warning(("no table has this name; not read", "没有此名称的表，未读取"), ("{near}", "{near}")),
    "double_sheet": error(("two sheets for the table {table}", "表 {table} 有两个工作表"), ("keep one", "请保留一个")),
    "hidden_sheet": warning(("a hidden sheet; read all the same", "隐藏的工作表，已照常读取")),
    "hidden_row": warning(("a hidden row; read all the same", "隐藏的行，已照常读取")),
    "hidden_column": warning(("a hidden column; read all the same", "隐藏的列，已照常读取")),
    "merged_cells": error(
        (
            "merged cells ({range}): which row or column a value belongs to cannot be told",
            "合并单元格（{range}）：无法判断数值属于哪一行或列",
        ),
        ("unmerge them; the header is one row, the first", "请取消合并；表头只占第一行"),
    ),
    "serial_date": warning(
        ("a serial number where a date is expected; read as {instead}", "日期处为序列号，按 {instead} 读取"),
        ("format the cell as a date", "请将单元格设为日期格式"),
    ),
    "cell_date": warning(
        ("the spreadsheet made a date of this; read as {instead}", "表格软件已将其变为日期，按 {instead} 读取"),
        ("format the cell as text and type it again", "请将单元格设为文本格式后重新输入"),
    ),
    # cells
    "blank": error(("may not be blank", "不能为空"), ("fill it in", "请填写")),
    "not_number": error(("expected a number", "应为数字"), _PLAIN),
    "not_finite": error(("expected a finite number", "应为有限数字"), _PLAIN),
    "too_small_number": error(("too close to zero for a number", "数值过于接近零"), ("write 0", "请写 0")),
    "long_number": error(("a number of {length} characters", "数字长达 {length} 个字符"), _PLAIN),
    "decimal_comma": error(
        ("a comma where a point is expected", "应使用小数点而不是逗号"), ("write {instead}", "请写 {instead}")
    ),
    "thousands": error(("commas have to stand between groups of three", "逗号只能用于千位分组"), _PLAIN),
    "chinese_number": error(("a number in words", "数字含中文单位"), ("{hint}", "{hint}")),
    "percent": error(("a percentage", "百分数"), ("{hint}", "{hint}")),
    "number_with_unit": error(("a number with a unit", "数字带有单位"), ("{hint}", "{hint}")),
    "spreadsheet_error": error(
        ("an error of a spreadsheet", "电子表格错误值"), ("mend the formula and save values", "请修正公式并保存数值")
    ),
    "formula": error(
        ("a formula without its value", "未计算的公式"), ("save values instead of formulas", "请保存数值而非公式")
    ),
    "full_width_number": warning(("full-width digits; read as {instead}", "全角数字，按 {instead} 读取")),
    "blanks_in_number": warning(
        ("unusual blanks around a number; read as {instead}", "数字周围有特殊空白，按 {instead} 读取")
    ),
    "id_trimmed": warning(
        ("blanks around an id; read as {instead}", "标识前后有空白，按 {instead} 读取"), ("remove them", "请删除空白")
    ),
    "id_blanks": warning(
        ("invisible or unusual blanks in an id; read as {instead}", "标识含不可见或特殊空白，按 {instead} 读取"),
        ("remove them", "请删除空白"),
    ),
    "id_letters": error(
        ("an id is made of letters, digits and _ - . :", "标识只能含字母、数字和 _ - . :"),
        ("replace {wrong}", "请替换 {wrong}"),
    ),
    "id_number": error(
        (
            "a long number that a spreadsheet has shortened: its last digits are lost",
            "长数字已被表格软件缩写，末尾数字已丢失",
        ),
        (
            "format the column as text, and type or paste the whole id again",
            "请将该列设为文本格式，重新输入或粘贴完整编号",
        ),
    ),
    "id_long": error(("an id has at most {most} characters", "标识最长 {most} 个字符"), ("shorten it", "请缩短")),
    "id_mixed": error(
        ("an id that mixes {scripts} letters", "标识混用 {scripts} 字母"),
        ("type it again in one alphabet, as {instead}", "请用同一种字母重新输入，如 {instead}"),
    ),
    "id_wide": warning(
        ("full-width letters in an id: another id than {instead}", "标识含全角字符，与 {instead} 不同"),
        ("write {instead}", "请写 {instead}"),
    ),
    "id_alike": warning(
        ("another id differs in case or width alone: {other}", "另有仅大小写或全半角不同的标识：{other}"),
        ("is it the same thing?", "是否为同一对象？"),
    ),
    "not_choice": error(("expected one of {choices}", "应为 {choices} 之一"), ("{near}", "{near}")),
    "not_flag": error(
        ("expected true or false", "应为 true 或 false"),
        ("write true or false, yes or no, 1 or 0, 是 or 否", "请写 是 或 否（或 true、false、1、0）"),
    ),
    "not_date": error(
        (
            "expected a date such as 2026-03-01, 2026/3/1 or 2026年3月1日",
            "应为日期，如 2026-03-01、2026/3/1 或 2026年3月1日",
        ),
        ("write year-month-day", "请写 年-月-日"),
    ),
    "no_such_date": error(("there is no such day", "没有这一天"), ("check the calendar", "请核对日期")),
    "below": error(("expected at least {bound}", "应不小于 {bound}"), ("{hint}", "{hint}")),
    "above": error(("expected at most {bound}", "应不大于 {bound}"), ("{hint}", "{hint}")),
    "not_above": error(("expected more than {bound}", "应大于 {bound}")),
    "zero_amount": warning(
        ("a zero: this row can do nothing", "数值为零，此行不起作用"),
        ("remove the row or fill in the amount", "请删除该行或填写数值"),
    ),
    "tiny_compulsory": error(
        (
            "{flag}, and less than {least}: whether a plan meets it cannot be told",
            "标注了 {flag}，但小于 {least}：无法判断方案是否满足",
        ),
        ("write 0, or count the commodity in a smaller unit", "请写 0，或改用更小的计量单位"),
    ),
    "range_order": error(
        ("expected low {low} <= value {middle} <= high {high}", "应满足 低值 {low} <= 取值 {middle} <= 高值 {high}"),
        ("low, value and high in this order", "低值、取值、高值应依次不减"),
    ),
    # files and documents
    "not_found": error(("there is no such file or folder", "找不到该文件或文件夹"), ("check the path", "请检查路径")),
    "missing_table": error(
        ("a dataset needs this table", "数据集必须有此表"),
        ("add {table}.csv with a header row", "请添加带表头的 {table}.csv"),
    ),
    "table_file": error(
        ("meant as the table {table}, and cannot be read as it is", "应为表 {table}，但无法按现状读取"),
        (
            "save it as {table}.csv beside the other tables (CSV, UTF-8), or take it out of the dataset",
            "请与其他表放在同处，另存为 {table}.csv（CSV，UTF-8），或移出数据集",
        ),
    ),
    "double_file": error(
        ("a second file for the table {table}, beside {first}", "表 {table} 已有文件 {first}"),
        ("keep one of them", "请保留其一"),
    ),
    "spare_file": warning(("not read: the table {table} is read from {first}", "未读取：表 {table} 取自 {first}")),
    "two_datasets": error(
        ("more than one dataset: {folders}", "含多个数据集：{folders}"),
        ("name the folder of one of them, or pack one alone", "请指定其中一个文件夹，或只打包一个"),
    ),
    "not_followed": error(
        ("the reader does not follow this; expected {expected}", "不支持此设置；应为 {expected}"),
        ("write the table so, and take this out of datapackage.json", "请按此改写表，并从 datapackage.json 中删去该项"),
    ),
    "format_cell": error(
        ("expected as {expected}, as datapackage.json says", "应如 {expected}（见 datapackage.json）"),
        ("write it so, or mend datapackage.json", "请按此填写，或修正 datapackage.json"),
    ),
    "unknown_resource": error(
        ("no table has this name, and its file is none by its name", "没有此名称的表，其文件名也不是表名"),
        ("{near}", "{near}"),
    ),
    "spare_resource": warning(("no table has this name; not read", "没有此名称的表，未读取")),
    "unknown_file": warning(("no table has this name; not read", "没有此名称的表，未读取"), ("{near}", "{near}")),
    "too_large": error(("larger than {most} bytes", "超过 {most} 字节"), ("split the dataset", "请拆分数据集")),
    "unsafe_path": error(
        ("a resource has to be a file inside the dataset", "资源必须是数据集内的文件"),
        ("name a file beside datapackage.json", "请使用与 datapackage.json 同处的文件"),
    ),
    "zip_bomb": error(
        ("unpacks to far more than a dataset needs", "解压后体积异常"),
        ("pack the CSV files alone", "请只打包 CSV 文件"),
    ),
    "zip_broken": error(("cannot be unpacked: {reason}", "无法解压：{reason}"), ("pack it again", "请重新打包")),
    "zip_packed": error(
        ("is packed by a method other than deflate", "未采用 deflate 压缩方式"),
        ("pack it again as a usual zip archive", "请以常规 zip 方式重新打包"),
    ),
    "zip_cut": error(
        (
            "begins as a zip archive and ends too early: the copy or download was cut short",
            "开头是 zip 压缩包，但结尾缺失：复制或下载不完整",
        ),
        ("copy or download it again, or pack the folder anew", "请重新复制或下载，或重新打包文件夹"),
    ),
    "zip_not": error(
        ("is called .zip and is no zip archive", "扩展名为 .zip，但不是 zip 压缩包"),
        ("pack the folder with its tables as a zip archive", "请将含各表的文件夹打包为 zip"),
    ),
    "zip_password": error(("is protected by a password", "有密码保护"), ("pack it without one", "请去除密码后打包")),
    "wrong_type": error(
        ("this is {kind}, not {expected}", "这是 {kind}，不是 {expected_zh}"),
        ("save it as {expected}", "请另存为 {expected_zh}"),
    ),
    "empty_file": error(("the file is empty", "文件为空"), ("write at least the header row", "至少写表头一行")),
    "encoding": warning(("read as {encoding}", "按 {encoding} 读取"), ("save it as UTF-8", "建议另存为 UTF-8")),
    "cut_character": error(
        ("ends in the middle of a character, at byte {offset}", "在字节 {offset} 处字符被截断"),
        ("the file was cut: send it again", "文件不完整，请重新提供"),
    ),
    "mixed_encodings": error(
        ("UTF-8 and another encoding in one file, from byte {offset}", "文件混用编码，自字节 {offset} 起"),
        ("save the whole file as UTF-8", "请将整个文件存为 UTF-8"),
    ),
    "not_encoded": error(
        (
            "no {encoding} from byte {offset}, as datapackage.json says",
            "自字节 {offset} 起不是 datapackage.json 所说的 {encoding}",
        ),
        ("name the encoding that the file has, or save it as UTF-8", "请写明文件的实际编码，或存为 UTF-8"),
    ),
    "not_text": error(
        ("neither UTF-8 nor GB18030 nor Big5 from byte {offset}", "自字节 {offset} 起既非 UTF-8，也非 GB18030 或 Big5"),
        ("save it as UTF-8", "请存为 UTF-8"),
    ),
    "nul": error(
        ("a NUL at byte {offset}: this is no text", "字节 {offset} 处有 NUL，不是文本"),
        ("save it as CSV (UTF-8)", "请另存为 CSV（UTF-8）"),
    ),
    "mojibake": error(
        ("text that was read in the wrong encoding once", "文本曾以错误编码读取（乱码）"),
        ("export it again as UTF-8{near}", "请重新以 UTF-8 导出{near}"),
    ),
    "open_quote": error(
        ("a quote that does not enclose the whole cell", "引号未成对包住整个单元格"),
        ("close it; write a quote inside a cell twice", "请补全引号；单元格内的引号写两次"),
    ),
    "long_cell": error(
        ("a cell of {length} bytes, most is {most}", "单元格长 {length} 字节，上限 {most}"),
        ("is a quote open?", "是否有引号未闭合？"),
    ),
    "too_many_columns": error(
        ("most is {most} columns", "列数上限 {most}"), ("remove what does not belong here", "请删除无关的列")
    ),
    "ragged": error(
        ("the header has {expected} cells", "表头有 {expected} 个单元格"),
        ("fill up the row, or quote a cell with a comma in it", "请补全该行，或给含逗号的单元格加引号"),
    ),
    "delimiter": warning(
        ("cells are separated by {mark}", "单元格以 {mark} 分隔"), ("commas are usual", "通常使用逗号")
    ),
    "double_header": error(("two columns of this name", "有两列同名"), ("rename or remove one", "请改名或删除其一")),
    "nameless_column": error(("a column without a name", "列没有名称"), ("name it in the header row", "请在表头命名")),
    "title_rows": warning(("lines above the header: {count}; passed over", "表头上方有 {count} 行，已跳过")),
    "two_row_header": error(
        ("a second row of column names under the header", "表头下面还有一行列名"),
        ("keep one header row, the first of all", "请只保留一行表头，并放在第一行"),
    ),
    "missing_column": error(("the table needs this column", "此表必须有该列"), ("{near}", "{near}")),
    "header_more": error(
        ("meant as the column {column}, with more in its header than its name", "应为列 {column}，但表头还含其他内容"),
        ("write {column} alone, and its numbers in the unit of the column", "表头只写 {column}，数值按该列单位填写"),
    ),
    "unknown_column": warning(
        ("no such column in this table; kept, not used", "此表没有该列；保留但不使用"), ("{near}", "{near}")
    ),
    "blank_row": warning(("a row of blanks; dropped", "空行，已忽略")),
    "document": error(("cannot be read: {reason}", "无法读取：{reason}"), ("mend the file", "请修正文件")),
    "double_name": error(("this name stands twice in one object", "同一对象内重名"), ("keep one", "请保留一个")),
    "wrong_kind": error(("expected {expected}", "应为 {expected}"), ("{hint}", "{hint}")),
    "unknown_name": error(("no such name here", "此处没有该名称"), ("{near}", "{near}")),
    "more": warning(("and {count} more like this", "另有 {count} 处相同")),
}
RULES: Mapping[str, CheckRule] = MappingProxyType({**_RULES, **MEANING_RULES, **FORM_RULES})
