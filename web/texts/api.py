"""Words of the documentation of the API."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "api.title": ("Interface for programs", "程序接口"),
        "api.lead": (
            "Make a token with your name and password, and send it with each request. Money and quantities are exact "
            "texts with a currency or unit; lists go page by page; a change names the version that it saw.",
            "先用用户名和密码创建令牌，再随每个请求发送。金额和数量为带币种或单位的精确文本；列表分页返回；修改须指明所见版本。",
        ),
        "api.document": ("OpenAPI document", "OpenAPI 描述文件"),
        "api.contents": ("Groups of operations", "操作分组"),
        "api.proof": ("Sign in by", "身份验证"),
        "api.proof.bearer": ("a token with scope", "令牌，权限范围"),
        "api.proof.basic": ("name and password", "用户名和密码"),
        "api.proof.none": ("nothing", "无需验证"),
        "api.integer": ("in the address: a number", "地址中的编号"),
        "api.string": ("in the address: a text", "地址中的文本"),
        "api.query": ("In the query", "查询参数"),
        "api.version": ("needed: the ETag of what was seen, or *", "必填：所见内容的 ETag，或 *"),
        "api.key": ("taken: sent again, the same answer", "可填：重复发送得到相同结果"),
        "api.body": ("What is sent, as", "请求体示例"),
        "api.answer": ("What comes back:", "返回："),
        "api.problems": ("Problems", "问题类型"),
        "api.tag.rounds": ("Rounds", "轮次"),
        "api.tag.declarations": ("Declarations", "申报"),
        "api.tag.proposals": ("Proposals and partnerships", "建议与合作"),
        "api.tag.matches": ("Runs, plans and rulings", "匹配、方案与规定"),
        "api.tag.people": ("Accounts and tokens", "账户与令牌"),
        "api.tag.notices": ("Notices", "通知"),
        "api.tag.keeping": ("Administration", "系统管理"),
        "api.tag.audit": ("Events and audit", "事件与审计"),
        "api.tag.datasets": ("Datasets", "数据集"),
        "api.tag.documents": ("Descriptions", "描述"),
        "api.tag.studies": ("Studies", "分析"),
        "api.tag.hooks": ("Webhooks", "网络回调"),
    }
)
