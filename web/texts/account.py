"""Words of signing in and of the own account."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "account.title": ("Account", "账户"),
        "account.sign_in": ("Sign in", "登录"),
        "account.sign_out": ("Sign out", "退出登录"),
        "account.name": ("Account name", "用户名"),
        "account.password": ("Password", "密码"),
        "account.lead": (
            "Proposals for working together, with what each side gains and what it takes.",
            "汇集企业协同建议：各方收益几何，需要哪些条件，一目了然。",
        ),
        "account.none": (
            "No account? The association's administrator makes one.",
            "没有账户？请联系协会管理员开通。",
        ),
        "account.busy": (
            "Many people are signing in just now. Wait a few seconds and repeat.",
            "当前登录人数较多，请稍候几秒再试。",
        ),
        "account.role": ("Role", "角色"),
        "account.enterprise": ("Enterprise", "企业"),
        "account.change": ("Change the password", "修改密码"),
        "account.old": ("Current password", "当前密码"),
        "account.new": ("New password", "新密码"),
        "account.again": ("Repeat the new password", "再次输入新密码"),
        "account.rule": (
            "At least {least} characters; a few words are easier to keep in mind than signs.",
            "至少 {least} 个字符；用几个词组成的短句更容易记住。",
        ),
        "account.ends": (
            "Other browsers are signed out and all tokens end.",
            "其他浏览器将退出登录，所有令牌随之失效。",
        ),
        "account.differs": ("The two are not the same.", "两次输入不一致。"),
        "account.same": ("That is your current password; choose another.", "与当前密码相同，请另选一个。"),
        "account.wrong": (
            "That is not your current password; after five wrong ones the account rests here for five minutes.",
            "当前密码不正确；连续输错五次，账户在此处将暂停五分钟。",
        ),
        "account.tried": (
            "{count} wrong passwords were given for this account since it was last opened. If that was not you, "
            "choose a longer password and tell the administrator.",
            "自上次登录以来，此账户有 {count} 次密码错误。如非本人所为，请改用更长的密码并告知管理员。",
        ),
        "account.changed": ("The password is changed.", "密码已修改。"),
        "account.first": (
            "This password was made for you. Choose your own to go on.",
            "此密码由系统生成，请设置自己的密码后继续。",
        ),
        "account.tokens": ("Tokens for programs", "程序令牌"),
        "account.tokens_lead": (
            "A program signs in with a token: it can do no more than you, and only what is ticked here.",
            "程序凭令牌访问；其权限不超过您的账户，且仅限此处勾选的范围。",
        ),
        "account.label": ("What it is for", "用途"),
        "account.scopes": ("Permissions", "权限"),
        "account.created": ("Created", "创建时间"),
        "account.expires": ("Expires", "到期时间"),
        "account.days": ("Valid for", "有效期"),
        "account.days_of": ("{count} days", "{count} 天"),
        "account.make": ("Create a token", "创建令牌"),
        "account.end": ("End", "停用"),
        "account.ended": ("The token has ended.", "令牌已停用。"),
        "account.once": (
            "This is the only time that the token is shown. Copy it now and keep it like a password.",
            "令牌仅显示这一次。请立即复制，并像密码一样保管。",
        ),
        "account.no_tokens": ("No token yet.", "尚无令牌。"),
        "scope.read": ("read what the account may see", "查看账户可见的内容"),
        "scope.ask": ("ask questions, mark notices, make webhooks", "提问、标记通知、创建网络回调"),
        "scope.declare": ("declare", "申报"),
        "scope.respond": ("answer proposals and follow up", "答复建议并跟进"),
        "scope.plan": ("run rounds and read whole plans", "组织轮次并查看完整方案"),
        "scope.audit": ("read events", "查看事件记录"),
        "scope.manage": ("manage accounts", "管理账户"),
        "account.leaving": ("You are signed in as {name}.", "当前登录账户：{name}。"),
    }
)
