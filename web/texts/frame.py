"""Words around every page: the way about, errors, what controls are called."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "site": ("Synergy", "协同匹配"),
        "site_long": ("Supply-chain synergy matching", "产业链协同匹配平台"),
        "skip": ("Skip to the content", "跳到正文"),
        "other": ("中文", "English"),
        "menu": ("Main", "主导航"),
        "nav.home": ("My proposals", "我的建议"),
        "nav.declarations": ("Declarations", "申报"),
        "nav.pathways": ("Pathways", "利用路径"),
        "nav.rounds": ("Rounds", "轮次"),
        "nav.compare": ("Compare", "对比"),
        "nav.board": ("Follow-up", "跟进"),
        "nav.audit": ("Audit", "审计"),
        "nav.admin": ("Administration", "管理"),
        "nav.account": ("Account", "账户"),
        "demo_note": (
            "Demonstration: everything here is temporary and on this machine alone.",
            "演示环境：所有内容均为临时数据，仅存于本机。",
        ),
        "to_start": ("To the start", "返回首页"),
        "yes": ("yes", "是"),
        "no": ("no", "否"),
        "download": ("Download", "下载"),
        "as_table": ("The figures as a table", "以表格查看数据"),
        "next_page": ("Next", "下一页"),
        "first_page": ("First page", "第一页"),
        "actions": ("Actions", "操作"),
        "role.planner": ("planner", "组织者"),
        "role.editor": ("enterprise", "企业填报人"),
        "role.reader": ("enterprise, reading", "企业查阅人"),
        "role.auditor": ("auditor", "审计员"),
        "role.client": ("program", "程序接口"),
        "role.administrator": ("administrator", "管理员"),
        "failed.400": ("The request cannot be understood as it stands.", "无法理解该请求。"),
        "failed.401": ("Please sign in.", "请先登录。"),
        "failed.403": ("This account may not do that.", "该账户无权执行此操作。"),
        "failed.404": ("There is nothing at this address.", "此地址没有内容。"),
        "failed.405": ("This address does not take such a request.", "此地址不接受该请求。"),
        "failed.409": ("Somebody else was faster. Look again and repeat.", "他人已先行修改。请刷新后重试。"),
        "failed.413": ("That is larger than this server takes.", "内容超过服务器允许的大小。"),
        "failed.415": ("This address takes another kind of content.", "此地址不接受该类型的内容。"),
        "failed.422": ("A text holds characters that are no text.", "文本中含有非法字符。"),
        "failed.429": (
            "Too many requests from your address. Wait a minute, then repeat.",
            "来自您地址的请求过多。请稍候一分钟再试。",
        ),
        "failed.500": ("Something went wrong on our side. Nothing was changed.", "服务器出现问题，未做任何更改。"),
        "failed.503": (
            "Busy for a moment. Nothing was stored; repeat the same step.",
            "暂时繁忙，未保存任何内容；请重试同一步骤。",
        ),
        "stale_form": (
            "This form is too old or came from elsewhere. Go back, reload the page and send it again.",
            "表单已过期或来源不符。请返回并刷新页面后重新提交。",
        ),
    }
)
