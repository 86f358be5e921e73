"""What the commands on workbooks say, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# English, Chinese
FILE_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "command.template": (
            "Write a workbook to fill in: a sheet for each table, with drop-downs; --lang chooses its language.",
            "输出待填工作簿：每表一个工作表，含下拉列表；--lang 指定语言。",
        ),
        "option.dataset": ("Dataset whose rows it holds (default: none).", "填入该数据集的行（默认：空白）。"),
    }
)
