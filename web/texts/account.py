"""Words of signing in and of the own account."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# English, Chinese
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
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
        "account.leaving": ("You are signed in as {name}.", "当前登录账户：{name}。"),
    }
)
