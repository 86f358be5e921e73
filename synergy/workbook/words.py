"""What a template says to the one who fills it in, in English and Chinese."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "readme": ("Read me", "说明"),
        "sheet": ("Sheet", "工作表"),
        "row": ("What a row is", "每行内容"),
        "needed": (" – needed", "（必需）"),
        "setting": ("Setting", "设置"),
        "value": ("Value", "值"),
        "unit": ("Unit: {unit}", "单位：{unit}"),
        "default": ("Blank means: {default}", "留空表示：{default}"),
        "required": ("Has to be filled in", "必填"),
        "readme.header": (
            "The first row holds the names of the columns, in English, Chinese or as ids; it is one row, without merged"
            " cells. Orange columns have to be filled in.",
            "第一行为列名，可用英文、中文或标识；只占一行，不要合并单元格。橙色列必填。",
        ),
        "readme.blank": (
            "A blank cell means the default that the note of its header says. Sheets that you do not need may be"
            " deleted.",
            "空单元格表示表头批注中的默认值。不需要的工作表可以删除。",
        ),
        "readme.numbers": (
            "Numbers are plain: no units, no 万, no per cent in the cell. Formulas need saved values; errors such as"
            " #N/A are refused.",
            "数字只写数字：不带单位、“万”或百分号。公式须已保存数值；#N/A 等错误值不接受。",
        ),
        "readme.whole": (
            "The whole workbook is read or refused; every fault is named with its cell.",
            "整个工作簿要么全部读取，要么全部拒绝；每处错误都指明单元格。",
        ),
    }
)
