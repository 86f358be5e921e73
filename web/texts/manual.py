"""Words around the manual: its contents and what stands above a chapter."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "manual.help": ("Help", "帮助"),
        "manual.title": ("Manual", "使用手册"),
        "manual.lead": ("Chapters by reader. Take the one that is yours.", "按读者分章，请从您的角色开始。"),
        "manual.english": ("in English", "英文"),
        "manual.english_note": ("This chapter is written in English alone.", "本章仅有英文版。"),
        "manual.sections": ("Sections", "本章各节"),
        "manual.all": ("All chapters", "全部章节"),
        "manual.enterprise": ("For enterprises", "企业"),
        "manual.planner": ("For planners", "组织者（协会）"),
        "manual.program": ("For programs: Python and HTTP", "程序接口：Python 与 HTTP"),
        "manual.operator": ("For operators of a server", "服务器运维"),
        "manual.developer": ("For developers", "开发者"),
        "manual.adding": ("How to add ...", "如何扩展"),
        "manual.dataset": ("Dataset: tables, settings, scenarios", "数据集：表、设置与情景"),
        "manual.model": ("Model: what is optimised", "模型：优化的内容"),
        "manual.plan": ("Command line and plan document", "命令行与方案文件"),
        "manual.bad-input": ("Catalogue of bad input", "错误输入清单"),
        "manual.glossary": ("Glossary", "术语表"),
        "manual.changes": ("Changes", "变更记录"),
        "manual.security": ("Security: who sees what, and how to report a fault", "安全：数据可见范围与漏洞报告"),
        "manual.contributing": ("Contributing", "参与开发"),
        "manual.citation": ("Citation and licence", "引用与许可"),
    }
)
