"""Words of administration and audit."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "admin.title": ("Administration", "系统管理"),
        "admin.accounts": ("Accounts", "账户"),
        "admin.state": ("State", "状态"),
        "admin.active": ("active", "启用"),
        "admin.inactive": ("disabled", "已停用"),
        "admin.tried": ("{count} wrong passwords", "密码错误 {count} 次"),
        "admin.disable": ("Disable", "停用"),
        "admin.enable": ("Enable", "启用"),
        "admin.disabled": (
            "{name} is disabled; its sessions and tokens have ended.",
            "账户 {name} 已停用，其会话和令牌均已失效。",
        ),
        "admin.enabled": ("{name} is enabled.", "账户 {name} 已启用。"),
        "admin.not_self": ("another account than your own", "您自己以外的账户"),
        "admin.renew": ("New password", "重置密码"),
        "admin.add": ("Create an account", "新建账户"),
        "admin.enterprise_hint": (
            "Its id in the dataset, as GLASS; for editors and readers, and for programs of an enterprise.",
            "数据集中的企业编号，如 GLASS；企业填报人、查阅人及企业程序接口需填写。",
        ),
        "admin.once": (
            "One-time password of {name}, shown this once. It has to be changed at the first sign-in.",
            "账户 {name} 的一次性密码，仅显示这一次；首次登录时须修改。",
        ),
        "admin.no_password": (
            "{name} is made. A program signs in with a token: make one for it on the command line: "
            "synergy token add LABEL --scope read --as {name}",
            "账户 {name} 已创建。程序凭令牌访问：请在命令行为其创建：synergy token add LABEL --scope read --as {name}",
        ),
        "admin.tokens": ("Tokens of all accounts", "全部令牌"),
        "admin.no_tokens": ("No token holds just now.", "当前没有有效令牌。"),
        "admin.copies": ("Copies of the store", "数据库备份"),
        "admin.copies_lead": (
            "A copy is made while people work and stays on the server, in the folder that synergy serve --backups "
            "names: it holds figures of all enterprises, which are not for a browser. The key of the audit chain is "
            "not in it.",
            "备份可在系统使用中进行，文件保存在服务器上由 synergy serve --backups 指定的文件夹中："
            "其中包含所有企业的数据，不通过浏览器下载。备份不含审计链密钥。",
        ),
        "admin.no_folder": (
            "No folder for copies is set: start the server with synergy serve --backups FOLDER.",
            "未设置备份文件夹：请用 synergy serve --backups 文件夹 启动服务。",
        ),
        "admin.copy": ("Make a copy now", "立即备份"),
        "admin.copied": ("{file} is there, SHA-256 {sha256}.", "已生成 {file}，SHA-256：{sha256}。"),
        "admin.file": ("File", "文件"),
        "admin.size": ("Size", "大小"),
        "admin.at": ("Made", "时间"),
        "admin.no_copies": ("No copy yet.", "尚无备份。"),
        "audit.title": ("Audit", "审计"),
        "audit.chain": ("Audit chain", "审计链"),
        "audit.chain_lead": (
            "Every step is an event signed together with the one before it. Keep the head somewhere else: "
            "with it, a chain whose tail was cut off shows.",
            "每一步操作都是一条事件，并与前一条一同签名。请将链头另存他处：据此可发现链尾是否被截断。",
        ),
        "audit.verify": ("Recompute the chain", "重新校验审计链"),
        "audit.sound": ("The chain is sound: {count} events.", "审计链完整：共 {count} 条事件。"),
        "audit.broken": (
            "The chain is broken: event {number} does not follow from those before it.",
            "审计链已断裂：第 {number} 条事件与之前的事件不符。",
        ),
        "audit.cut": (
            "The chain does not hold the head that was given: its tail was cut off or is another one.",
            "审计链不含所给链头：链尾被截断或已被替换。",
        ),
        "audit.head": ("Head", "链头"),
        "audit.expected": ("A head published earlier", "此前公布的链头"),
        "audit.expected_hint": (
            "NUMBER:MAC, as shown here before; may stay empty.",
            "格式为 序号:MAC，即此前此处显示的内容；可留空。",
        ),
        "audit.no_head": ("{value} is no head; expected NUMBER:MAC.", "“{value}”不是链头；应为 序号:MAC。"),
        "audit.events": ("Events, the latest first", "事件（最新在前）"),
        "audit.round": ("Round", "轮次"),
        "audit.all": ("All rounds", "全部轮次"),
        "audit.number": ("Number", "序号"),
        "audit.at": ("When", "时间"),
        "audit.actor": ("Who", "操作人"),
        "audit.action": ("What", "操作"),
        "audit.subject": ("Subject", "对象"),
        "audit.detail": ("Detail", "详情"),
        "audit.older": ("Older events", "更早的事件"),
        "audit.none": ("No events.", "没有事件。"),
        "audit.choose": ("Show", "显示"),
        "action.study.ask": ("analysis asked for", "发起分析"),
        "action.why": ("asked why not", "询问未入选原因"),
        "action.webhook.add": ("webhook made", "创建网络回调"),
        "action.webhook.end": ("webhook ended", "停用网络回调"),
        "action.dataset.add": ("dataset kept", "保存数据集"),
        "action.user.add": ("account made", "新建账户"),
        "action.user.change": ("account changed", "修改账户"),
        "action.user.tried": ("wrong passwords", "密码多次错误"),
        "action.token.add": ("token made", "创建令牌"),
        "action.token.revoke": ("token ended", "停用令牌"),
        "action.backup.make": ("store copied", "备份数据库"),
        "action.round.create": ("round made", "新建轮次"),
        "action.round.open": ("round opened for declarations", "开放申报"),
        "action.round.extend": ("deadline moved", "调整截止时间"),
        "action.round.remind": ("reminders sent", "发送提醒"),
        "action.declare": ("declared", "提交申报"),
        "action.round.freeze": ("declarations frozen", "冻结申报"),
        "action.round.reopen": ("declarations opened again", "重新开放申报"),
        "action.round.match": ("matching asked for", "发起匹配"),
        "action.round.publish": ("proposals published", "发布建议"),
        "action.round.collect": ("answers collected", "开始收集答复"),
        "action.round.conclude": ("round concluded", "轮次结束"),
        "action.round.cancel": ("round cancelled", "轮次取消"),
        "action.answer": ("proposal answered", "答复建议"),
        "action.follow": ("partnership moved on", "推进合作阶段"),
        "action.round.rule": ("ruling made", "作出规定"),
        "action.match.done": ("matching done", "匹配完成"),
        "action.match.failed": ("matching failed", "匹配失败"),
        "action.match.halt": ("search to end with its best plan", "请求采用目前最优方案"),
        "action.match.cancel": ("matching to be cancelled", "请求取消匹配"),
        "action.match.cancelled": ("matching cancelled", "匹配已取消"),
    }
)
