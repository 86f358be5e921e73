"""Words of declarations and of uploaded datasets."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "declare.title": ("Declaration of {enterprise}", "{enterprise}的申报"),
        "declare.rounds": ("Declarations by round", "各轮次的申报"),
        "declare.none": (
            "No round takes declarations at the moment. You get a notice when one opens.",
            "目前没有接受申报的轮次。轮次开放申报时，您会收到通知。",
        ),
        "declare.round": ("Round", "轮次"),
        "declare.state": ("State", "状态"),
        "declare.who": ("Enterprise", "企业"),
        "declare.count": ("Entries", "条目"),
        "declare.lead": (
            "What, how much, where: three fields make an entry. Everything else has a default, which the check names.",
            "什么、多少、在哪里：三项即可成为一条申报。其余均有默认值，检查时会说明。",
        ),
        "declare.from.declared": ("This is what you declared in this round.", "以下为本轮次已申报的内容。"),
        "declare.from.last": (
            "Not declared yet. The rows are those of the last round.",
            "尚未申报。以下为上一轮次的内容。",
        ),
        "declare.from.dataset": (
            "Not declared yet. The rows are what the association has of you.",
            "尚未申报。以下为协会掌握的数据。",
        ),
        "declare.closed": (
            "This round takes no declarations now; the figures are shown as they stand.",
            "本轮次目前不接受申报；以下数据仅供查阅。",
        ),
        "declare.late": (
            "The deadline for declarations has passed: none is taken any more. The planner can move the deadline, or "
            "declare for you; the figures are shown as they stand.",
            "申报截止时间已过，不再接受申报。组织者可延长截止时间或代为申报；以下数据仅供查阅。",
        ),
        "declare.offers": ("What you can give", "可供"),
        "declare.needs": ("What you need", "需求"),
        "declare.facilities": ("What you run", "现有装置"),
        "declare.more": ("More", "更多"),
        "declare.gone": ("Remove this row", "删除此行"),
        "declare.row": ("Row {number}", "第 {number} 行"),
        "declare.choose": ("choose", "请选择"),
        "declare.check": ("Check without declaring", "检查（不提交）"),
        "declare.declare": ("Declare all of this", "提交全部申报"),
        "declare.add": ("More rows", "增加行"),
        "declare.repeat": ("Declare as last time", "按上次申报"),
        "declare.paste": ("Paste rows from a spreadsheet", "从表格软件粘贴"),
        "declare.paste_hint": (
            "Copy cells there and paste them here: site, commodity or process, amount, unit, price, unit of the price,"
            " period. A first row of column names may put them in another order.",
            "在表格软件中复制单元格后粘贴于此：厂区、物料或工艺、数量、单位、价格、价格单位、时段。首行为列名时可用其他顺序。",
        ),
        "declare.paste_into": ("They are", "粘贴内容为"),
        "declare.insert": ("Add them to the table", "加入表格"),
        "declare.file": ("By file", "使用文件"),
        "declare.template": ("Workbook with your figures", "下载含本企业数据的工作簿"),
        "declare.upload": ("Read a file into the table", "将文件读入表格"),
        "declare.upload_label": (".xlsx, .csv or .json", ".xlsx、.csv 或 .json 文件"),
        "declare.upload_hint": (
            "Nothing is stored until you declare; every fault is shown at its cell.",
            "提交之前不会保存；每处错误都会在单元格处显示。",
        ),
        "declare.done": ("Declared; entries: {count}.", "已申报 {count} 项。"),
        "declare.refused": (
            "Nothing is stored: mend what is marked, then check again.",
            "未保存：请修正标出之处后再检查。",
        ),
        "declare.fine": (
            "Nothing is wrong. This would be declared; it is not stored yet.",
            "检查通过。以下内容将被申报，目前尚未保存。",
        ),
        "declare.changes": ("What it would change", "将发生的变更"),
        "declare.added": ("new", "新增"),
        "declare.removed": ("no longer declared", "不再申报"),
        "declare.changed": ("changed", "变更"),
        "declare.same": ("Entries that stay as they are: {count}.", "{count} 项保持不变。"),
        "declare.assumed": ("filled in for you", "已自动补全"),
        "declare.source.default": ("default", "默认值"),
        "declare.source.library": ("from the process library", "取自工艺库"),
        "declare.other": ("Further remarks", "其他提示"),
        "dataset.title": ("Datasets for rounds", "轮次数据集"),
        "dataset.lead": (
            "A workbook with a sheet for each table, or a zip archive of the tables. It is kept or refused as a whole.",
            "每张表一个工作表的工作簿，或各表的 zip 压缩包。要么全部保存，要么全部拒绝。",
        ),
        "dataset.file": ("Workbook (.xlsx) or archive (.zip)", "工作簿（.xlsx）或压缩包（.zip）"),
        "dataset.upload": ("Check and keep it", "检查并保存"),
        "dataset.template": ("Empty workbook with all tables", "下载含全部表的空白工作簿"),
        "dataset.kept": ("Kept: {name}.", "已保存：{name}。"),
        "dataset.refused": ("Nothing was kept. What is wrong:", "未保存。存在以下问题："),
        "dataset.warned": ("Kept, with remarks:", "已保存，另有提示："),
        "dataset.known": ("Kept: choose one to make a round of it", "已有数据集：点选其一即可新建轮次"),
        "dataset.name": ("Name", "名称"),
        "dataset.since": ("Since", "保存时间"),
        "dataset.use": ("Make a round of {name}", "用“{name}”新建轮次"),
        "problem.place": ("Place", "位置"),
        "problem.found": ("Found", "现值"),
        "problem.said": ("What is wrong", "问题"),
        "problem.mend": ("How to mend it", "如何修正"),
    }
)
