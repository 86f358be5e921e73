"""Every rule a dataset can break, by its stable name, with its texts in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synergy.dataset.rule import Rule, error, warning
from synergy.dataset.rules_cells import CELL_RULES
from synergy.dataset.rules_forms import FORM_RULES
from synergy.dataset.rules_meaning import MEANING_RULES
from synergy.dataset.rules_workbook import WORKBOOK_RULES

FILE_RULES = {
    "not_found": error("there is no such file or folder", "找不到该文件或文件夹", "check the path", "请检查路径"),
    "missing_table": error(
        "a dataset needs this table",
        "数据集必须有此表",
        "add {table}.csv with a header row",
        "请添加带表头的 {table}.csv",
    ),
    "table_file": error(
        "meant as the table {table}, and cannot be read as it is",
        "应为表 {table}，但无法按现状读取",
        "save it as {table}.csv beside the other tables (CSV, UTF-8), or take it out of the dataset",
        "请与其他表放在同处，另存为 {table}.csv（CSV，UTF-8），或移出数据集",
    ),
    "double_file": error(
        "a second file for the table {table}, beside {first}",
        "表 {table} 已有文件 {first}",
        "keep one of them",
        "请保留其一",
    ),
    "spare_file": warning(
        "not read: the table {table} is read from {first}", "未读取：表 {table} 取自 {first}", "", ""
    ),
    "two_datasets": error(
        "more than one dataset: {folders}",
        "含多个数据集：{folders}",
        "name the folder of one of them, or pack one alone",
        "请指定其中一个文件夹，或只打包一个",
    ),
    "not_followed": error(
        "the reader does not follow this; expected {expected}",
        "不支持此设置；应为 {expected}",
        "write the table so, and take this out of datapackage.json",
        "请按此改写表，并从 datapackage.json 中删去该项",
    ),
    "format_cell": error(
        "expected as {expected}, as datapackage.json says",
        "应如 {expected}（见 datapackage.json）",
        "write it so, or mend datapackage.json",
        "请按此填写，或修正 datapackage.json",
    ),
    "unknown_resource": error(
        "no table has this name, and its file is none by its name",
        "没有此名称的表，其文件名也不是表名",
        "{near}",
        "{near}",
    ),
    "spare_resource": warning("no table has this name; not read", "没有此名称的表，未读取", "", ""),
    "unknown_file": warning("no table has this name; not read", "没有此名称的表，未读取", "{near}", "{near}"),
    "too_large": error("larger than {most} bytes", "超过 {most} 字节", "split the dataset", "请拆分数据集"),
    "unsafe_path": error(
        "a resource has to be a file inside the dataset",
        "资源必须是数据集内的文件",
        "name a file beside datapackage.json",
        "请使用与 datapackage.json 同处的文件",
    ),
    "zip_bomb": error(
        "unpacks to far more than a dataset needs", "解压后体积异常", "pack the CSV files alone", "请只打包 CSV 文件"
    ),
    "zip_broken": error("cannot be unpacked: {reason}", "无法解压：{reason}", "pack it again", "请重新打包"),
    "zip_packed": error(
        "is packed by a method other than deflate",
        "未采用 deflate 压缩方式",
        "pack it again as a usual zip archive",
        "请以常规 zip 方式重新打包",
    ),
    "zip_cut": error(
        "begins as a zip archive and ends too early: the copy or download was cut short",
        "开头是 zip 压缩包，但结尾缺失：复制或下载不完整",
        "copy or download it again, or pack the folder anew",
        "请重新复制或下载，或重新打包文件夹",
    ),
    "zip_not": error(
        "is called .zip and is no zip archive",
        "扩展名为 .zip，但不是 zip 压缩包",
        "pack the folder with its tables as a zip archive",
        "请将含各表的文件夹打包为 zip",
    ),
    "zip_password": error("is protected by a password", "有密码保护", "pack it without one", "请去除密码后打包"),
    "wrong_type": error(
        "this is {kind}, not {expected}",
        "这是 {kind}，不是 {expected_zh}",
        "save it as {expected}",
        "请另存为 {expected_zh}",
    ),
    "empty_file": error("the file is empty", "文件为空", "write at least the header row", "至少写表头一行"),
    "encoding": warning("read as {encoding}", "按 {encoding} 读取", "save it as UTF-8", "建议另存为 UTF-8"),
    "cut_character": error(
        "ends in the middle of a character, at byte {offset}",
        "在字节 {offset} 处字符被截断",
        "the file was cut: send it again",
        "文件不完整，请重新提供",
    ),
    "mixed_encodings": error(
        "UTF-8 and another encoding in one file, from byte {offset}",
        "文件混用编码，自字节 {offset} 起",
        "save the whole file as UTF-8",
        "请将整个文件存为 UTF-8",
    ),
    "not_encoded": error(
        "no {encoding} from byte {offset}, as datapackage.json says",
        "自字节 {offset} 起不是 datapackage.json 所说的 {encoding}",
        "name the encoding that the file has, or save it as UTF-8",
        "请写明文件的实际编码，或存为 UTF-8",
    ),
    "not_text": error(
        "neither UTF-8 nor GB18030 nor Big5 from byte {offset}",
        "自字节 {offset} 起既非 UTF-8，也非 GB18030 或 Big5",
        "save it as UTF-8",
        "请存为 UTF-8",
    ),
    "nul": error(
        "a NUL at byte {offset}: this is no text",
        "字节 {offset} 处有 NUL，不是文本",
        "save it as CSV (UTF-8)",
        "请另存为 CSV（UTF-8）",
    ),
    "mojibake": error(
        "text that was read in the wrong encoding once",
        "文本曾以错误编码读取（乱码）",
        "export it again as UTF-8{near}",
        "请重新以 UTF-8 导出{near}",
    ),
    "open_quote": error(
        "a quote that does not enclose the whole cell",
        "引号未成对包住整个单元格",
        "close it; write a quote inside a cell twice",
        "请补全引号；单元格内的引号写两次",
    ),
    "long_cell": error(
        "a cell of {length} bytes, most is {most}",
        "单元格长 {length} 字节，上限 {most}",
        "is a quote open?",
        "是否有引号未闭合？",
    ),
    "too_many_columns": error(
        "most is {most} columns", "列数上限 {most}", "remove what does not belong here", "请删除无关的列"
    ),
    "ragged": error(
        "the header has {expected} cells",
        "表头有 {expected} 个单元格",
        "fill up the row, or quote a cell with a comma in it",
        "请补全该行，或给含逗号的单元格加引号",
    ),
    "delimiter": warning("cells are separated by {mark}", "单元格以 {mark} 分隔", "commas are usual", "通常使用逗号"),
    "double_header": error("two columns of this name", "有两列同名", "rename or remove one", "请改名或删除其一"),
    "nameless_column": error("a column without a name", "列没有名称", "name it in the header row", "请在表头命名"),
    "title_rows": warning("lines above the header: {count}; passed over", "表头上方有 {count} 行，已跳过", "", ""),
    "two_row_header": error(
        "a second row of column names under the header",
        "表头下面还有一行列名",
        "keep one header row, the first of all",
        "请只保留一行表头，并放在第一行",
    ),
    "missing_column": error("the table needs this column", "此表必须有该列", "{near}", "{near}"),
    "header_more": error(
        "meant as the column {column}, with more in its header than its name",
        "应为列 {column}，但表头还含其他内容",
        "write {column} alone, and its numbers in the unit of the column",
        "表头只写 {column}，数值按该列单位填写",
    ),
    "unknown_column": warning(
        "no such column in this table; kept, not used", "此表没有该列；保留但不使用", "{near}", "{near}"
    ),
    "blank_row": warning("a row of blanks; dropped", "空行，已忽略", "", ""),
    "document": error("cannot be read: {reason}", "无法读取：{reason}", "mend the file", "请修正文件"),
    "double_name": error("this name stands twice in one object", "同一对象内重名", "keep one", "请保留一个"),
    "wrong_kind": error("expected {expected}", "应为 {expected}", "{hint}", "{hint}"),
    "unknown_name": error("no such name here", "此处没有该名称", "{near}", "{near}"),
    "more": warning("and {count} more like this", "另有 {count} 处相同", "", ""),
}
RULES: Mapping[str, Rule] = MappingProxyType(
    {**FILE_RULES, **CELL_RULES, **MEANING_RULES, **WORKBOOK_RULES, **FORM_RULES}
)
