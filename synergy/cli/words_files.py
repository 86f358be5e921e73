"""What the commands on workbooks say, in English and Chinese."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
FILE_WORDS = Catalogue(
    {
        "command.template": (
            "Write a workbook to fill in: a sheet for each table, with drop-downs; --lang chooses its language.",
            "输出待填工作簿：每表一个工作表，含下拉列表；--lang 指定语言。",
        ),
        "command.round.template": (
            "Write the form of an enterprise with its last figures: FILE.xlsx with units and drop-downs, or FILE.csv.",
            "输出含上次数据的企业申报表：FILE.xlsx（含单位与下拉列表）或 FILE.csv。",
        ),
        "option.dry_run": ("Say what it would change and what is wrong; store nothing.", "只显示变更与错误，不保存。"),
        "option.checked": (
            "The figures of --offer, --need and --facility are right, though far from what was expected (in a file: its"
            " column Checked).",
            "--offer、--need、--facility 的数值虽偏离预期，但已核对无误（文件中用“已核对”一列）。",
        ),
        "option.withdraw": ("Row that is withdrawn, by its name; may be repeated.", "撤回的行（按编号）；可重复。"),
        "option.only": (
            "Withdraw all that is not mentioned here.",
            "撤回此处未提及的全部内容。",
        ),
        "option.nothing": (
            "Declare nothing: what was declared before in this round is withdrawn.",
            "申报为空：撤回本轮此前的申报。",
        ),
        "form.nothing": (
            "say what is declared: a file, --offer, --need or --facility; or else --nothing",
            "请给出申报内容：文件、--offer、--need 或 --facility；若无可申报，请用 --nothing",
        ),
        "form.checked": ("--checked marks what options say as checked", "--checked 表示选项中的数值已核对"),
        "form.added": ("new", "新增"),
        "form.removed": ("removed", "删除"),
        "form.changed": ("changed", "变更"),
        "form.assumed": ("{column}: {value} ({source})", "{column}：{value}（{source}）"),
        "form.default": ("default", "默认值"),
        "form.library": ("library of processes", "工艺库"),
        "form.accepted": (
            "Would be accepted; entries that stay as they are: {same}. Nothing was stored.",
            "可以接受；{same} 项保持不变。未保存。",
        ),
        "form.refused": ("Would be refused as a whole. Nothing was stored.", "将被整体拒绝。未保存。"),
        "option.form_of": (
            "The form of one enterprise of --dataset instead: its declaration with the figures that are known.",
            "改为输出 --dataset 中一家企业的申报表，含已知数据。",
        ),
        "template.ending": ("{path}: expected a file that ends in {endings}", "{path}：文件应以 {endings} 结尾"),
        "template.dataset": ("--enterprise needs --dataset", "--enterprise 需要同时指定 --dataset"),
        "option.dataset": ("Dataset whose rows it holds (default: none).", "填入该数据集的行（默认：空白）。"),
    }
)
