"""Rules on workbooks: what is refused before they are parsed, and what their cells may hold."""

from __future__ import annotations

from synergy.dataset.rule import error, warning

WORKBOOK_RULES = {
    "workbook_size": error(
        "a workbook of {size} bytes, most is {most}", "工作簿 {size} 字节，上限 {most}", "split it", "请拆分"
    ),
    "workbook_password": error(
        "the workbook is protected by a password",
        "工作簿有密码保护",
        "save it without one (File, Info, Protect Workbook)",
        "请在“文件-信息-保护工作簿”中取消密码后保存",
    ),
    "workbook_entities": error(
        "a part of the workbook declares a document type, as no spreadsheet program writes it",
        "工作簿内含文档类型声明，非表格软件所写",
        "save it again with a spreadsheet program",
        "请用表格软件重新保存",
    ),
    "workbook_broken": error(
        "the workbook cannot be read: {reason}",
        "无法读取工作簿：{reason}",
        "open it in a spreadsheet program and save it again as .xlsx",
        "请用表格软件打开并重新另存为 .xlsx",
    ),
    "workbook_memory": error(
        "reading the workbook takes more than {memory} MB of memory",
        "读取工作簿所需内存超过 {memory} MB",
        "delete empty rows and columns that hold formats alone, or split it",
        "请删除仅含格式的空行空列，或拆分",
    ),
    "workbook_time": error(
        "reading the workbook takes more than {seconds} s", "读取工作簿超过 {seconds} 秒", "split it", "请拆分"
    ),
    "workbook_cells": error(
        "a sheet of {size} cells",
        "工作表有 {size} 个单元格",
        "delete what lies far from the table",
        "请删除远离表格的内容",
    ),
    "workbook_macros": warning(
        "macros; not read and not run", "含宏，未读取也未运行", "a workbook without macros does", "无需宏"
    ),
    "workbook_links": warning(
        "links to other files; not followed, the values saved last are read",
        "含外部链接，未打开，按最后保存的值读取",
        "paste values instead",
        "建议粘贴为数值",
    ),
    "workbook_named": error(
        "this is an .xlsx workbook, named otherwise",
        "这是 .xlsx 工作簿，但文件名不符",
        "give it the ending .xlsx",
        "请将扩展名改为 .xlsx",
    ),
    "unknown_sheet": warning("no table has this name; not read", "没有此名称的表，未读取", "{near}", "{near}"),
    "double_sheet": error("two sheets for the table {table}", "表 {table} 有两个工作表", "keep one", "请保留一个"),
    "hidden_sheet": warning("a hidden sheet; read all the same", "隐藏的工作表，已照常读取", "", ""),
    "hidden_row": warning("a hidden row; read all the same", "隐藏的行，已照常读取", "", ""),
    "hidden_column": warning("a hidden column; read all the same", "隐藏的列，已照常读取", "", ""),
    "merged_cells": error(
        "merged cells ({range}): which row or column a value belongs to cannot be told",
        "合并单元格（{range}）：无法判断数值属于哪一行或列",
        "unmerge them; the header is one row, the first",
        "请取消合并；表头只占第一行",
    ),
    "serial_date": warning(
        "a serial number where a date is expected; read as {instead}",
        "日期处为序列号，按 {instead} 读取",
        "format the cell as a date",
        "请将单元格设为日期格式",
    ),
    "cell_date": warning(
        "the spreadsheet made a date of this; read as {instead}",
        "表格软件已将其变为日期，按 {instead} 读取",
        "format the cell as text and type it again",
        "请将单元格设为文本格式后重新输入",
    ),
}
