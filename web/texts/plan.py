"""Words about a plan and its proposals."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "proposals": ("Proposals", "协同建议"),
        "value": ("Value of the plan", "方案价值"),
        "bound": ("Bound", "上界"),
        "proof": ("Proof", "证明"),
        "gain": ("Gain of cooperation", "协同增益"),
        "status": ("Status", "状态"),
        "caption": ("Proposals by gain", "按增益排列的建议"),
        "partners": ("Partners", "参与企业"),
        "money": ("Money", "经济性"),
        "marginal": ("Lost without it", "缺少本项的损失"),
        "terms": ("Who delivers what to whom", "供需关系"),
        "from": ("From", "供方"),
        "to": ("To", "需方"),
        "commodity": ("Commodity", "物料"),
        "quantity": ("Quantity a year", "年量"),
        "builds": ("New units", "新建装置"),
        "process": ("Process", "工艺"),
        "place": ("Place", "地点"),
        "capacity": ("Capacity a year", "年能力"),
        "links": ("New links", "新建线路"),
        "mode": ("Mode", "方式"),
        "length": ("Length", "长度"),
        "notes": ("Notes", "注意事项"),
        "price": ("Price", "价格"),
        "capex_all": ("Capex of all proposals", "全部建议的投资"),
        "co2_note": (
            "CO2 is what the region emits, against today's deals; negative: more is emitted, as where more is made. "
            "What the grid emits for bought power is not in it.",
            "减碳按区域内排放、与现有交易相比计算；负值表示排放增加（例如产量增加）。外购电力在电网侧的排放不计入。",
        ),
        "count": ("Number of proposals", "建议数量"),
        "today": ("Value today", "当前价值"),
        "co2": ("CO2 emitted under the plan", "方案的碳排放"),
        "before": (" (today {})", "（现状 {}）"),
        "comma": ("; ", "、"),
        "stop": ("; ", "；"),
        "colon": (": ", "："),
        "synthetic": (
            "Capacities and places are public facts or marked estimates; all economics are synthetic.",
            "产能与位置为公开资料或已标注的估算；全部经济数据为模拟。",
        ),
    }
)
