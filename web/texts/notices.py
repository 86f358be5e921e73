"""Words of notices."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "nav.notices": ("Notices", "通知"),
        "notices.lead": (
            "What has happened that concerns you, the latest first.",
            "与您有关的动态，最新的在前。",
        ),
        "notices.new": ("new", "未读"),
        "notices.read": ("Mark as read", "标为已读"),
        "notices.read_all": ("Mark all as read", "全部标为已读"),
        "notices.marked": ("Marked as read.", "已标为已读。"),
        "notices.none_marked": ("There was nothing new to mark.", "没有未读通知。"),
        "notices.empty": (
            "No notice yet. You are told here when a round opens, proposals are published or a partnership moves on.",
            "尚无通知。轮次开放、建议发布或合作推进时，会在此通知您。",
        ),
        "notices.look": ("Look at it", "查看"),
        "notices.at": ("When", "时间"),
        "notices.said": ("Notice", "内容"),
        "notices.count": ("{count} unread", "{count} 条未读"),
    }
)
