"""What the form of an enterprise says to the one who fills it in, in English and Chinese."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "readme": ("Read me", "说明"),
        "readme.head": ("Declaration of", "申报企业"),
        "readme.origin": ("The figures in it", "表内数据"),
        "origin.declared": ("what you declared in this round", "本轮次已申报数据"),
        "origin.last": ("what you declared in an earlier round", "上一轮次申报数据"),
        "origin.dataset": ("what the association has of you", "协会掌握的数据"),
        "readme.three": (
            "A row needs three things: what, how much, where. The rest has a default, which the dry run names.",
            "每行只需三项：什么、多少、在哪里。其余均有默认值，试算时会说明。",
        ),
        "readme.units": (
            "Amounts are a year's, in any unit of the same kind (kg, t, Mt ...): the factor is shown before anything is"
            " stored. A rate such as Nm3/h or t/d is refused, as it says nothing of the hours.",
            "数量为年量，可用同类任一单位（千克、吨、万吨……），保存前会显示换算系数。Nm3/h、t/d 等速率不接受，"
            "因为未说明运行时间。",
        ),
        "readme.money": (
            "A price needs its unit: CNY or ten thousands of it.",
            "价格必须填写单位：元或万元。",
        ),
        "readme.checked": (
            "A figure far from the last one is refused until its row is marked as checked.",
            "与上次相差悬殊的数值，须在该行标注“已核对”后才会接受。",
        ),
        "readme.blank": ("Blank cells mean the default; blank rows are passed over.", "空单元格表示默认值；空行忽略。"),
        "readme.whole": (
            "What the workbook holds replaces your whole declaration: a row that you delete is no longer declared. It"
            " is accepted or refused as a whole.",
            "本工作簿将替换您的全部申报：删除的行不再申报。要么全部接受，要么全部拒绝。",
        ),
        "readme.row": (
            "The last column names the row, so that what it does not show stays as it is; leave it blank in new rows.",
            "最后一列为行标识，用于保留表中未列出的内容；新增行请留空。",
        ),
        "note.amount": ("In a year; in the period where one is given", "年量；填写时段时为该时段的量"),
        "note.unit": (
            "As t/a; another unit of the same kind is converted and shown",
            "如 吨/年；同类单位自动换算并显示",
        ),
        "note.price": (
            "For one unit, at the gate; blank: 0, or the cost of the process",
            "每单位价格；空：0 或工艺默认成本",
        ),
        "note.price_unit": ("CNY or ten thousands of it, for one unit", "元或万元，每单位"),
        "note.checked": ("TRUE where the figures are right though unusual", "数值异常但确认无误时填 TRUE"),
        "note.subject": ("Id, or id and name as in the drop-down", "标识，或下拉列表中的“标识 名称”"),
        "note.ident": ("Leave as it is; blank in new rows", "请勿改动；新增行留空"),
    }
)
