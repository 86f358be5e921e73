"""What the commands that look around a plan say, in English and Chinese."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
STUDY_WORDS = Catalogue(
    {
        "command.pathways": (
            "Every chain a commodity can take from here, with margins, scale and who has the units.",
            "某种物料在工艺目录中可走的全部产业链：毛利、规模与现有装置。",
        ),
        "command.alternatives": (
            "Near-optimal plans that differ in meaning, each with what is given up for it.",
            "价值相近而含义不同的方案，各自放弃了什么。",
        ),
        "command.sensitivity": (
            "The one number to ask for: uncertain figures by what not knowing them may cost.",
            "最该核实的数字：不确定数据按“不知情”的损失排序。",
        ),
        "option.within": ("Part of the plan's value that may be given up.", "可放弃的价值比例。"),
        "option.commodity": ("Id of the commodity.", "物料代码。"),
        "option.depth": ("Most processes in a chain.", "产业链最多包含的工艺数。"),
        "no_commodity": (
            "the dataset has no commodity {name}; there are {near}",
            "数据集中没有物料 {name}；现有：{near}",
        ),
        "paths.head": ("{count} chains for {name}", "{name}：{count} 条产业链"),
        "paths.there": (
            "{amount} a year in the region, from enterprises and public places: {count}",
            "区内每年 {amount}，来自 {count} 家企业或公共场所",
        ),
        "paths.worth": (
            "Given up with each unit: {low} / {middle} / {high} {unit} at low / middle / high prices",
            "每单位的机会价格：低 {low}、中 {middle}、高 {high} {unit}",
        ),
        "paths.more": ("{count} more chains: --all shows them", "另有 {count} 条：用 --all 查看"),
        "paths.aids": ("Used as a mere aid by: {names}", "仅作辅料的工艺：{names}"),
        "paths.closed": ("Nobody has them and they may not be built: {names}", "本地没有且不可新建：{names}"),
        "paths.note": (
            "Margins are at the gate, after what is given up and the annuity of new units, before transport.",
            "毛利按出厂计，已扣机会价格和新建装置年金，未计运输。",
        ),
        "paths.chain": ("Chain", "产业链"),
        "paths.low": ("Margin, low", "毛利（低价）"),
        "paths.middle": ("middle", "中价"),
        "paths.high": ("high", "高价"),
        "paths.standing": ("in units\nthat stand", "用现有装置"),
        "paths.least": ("Fills the smallest new unit (firms)", "填满最小新装置需（企业数）"),
        "paths.firms": ("{amount} ({count})", "{amount}（{count} 家）"),
        "paths.units": ("Who has units", "已有装置的企业"),
        "paths.others": ("{names} and {count} more", "{names} 等另 {count} 家"),
        "paths.nobody": ("nobody", "无"),
        "paths.remark": ("Remark", "备注"),
        "paths.lacking": ("{amount} short", "缺 {amount}"),
        "paths.short": ("not enough {names}", "{names} 不足"),
        "paths.unsold": ("not all sold: {names}", "{names} 销路不足"),
        "paths.loop": ("recycle", "循环回用"),
        "ask.none": ("No figure is uncertain.", "没有不确定的数据。"),
        "ask.first": ("Ask first for: {what}", "最该核实：{what}"),
        "ask.nothing": (
            "No uncertain figure would change the plan; the widest is: {what}",
            "没有不确定数据会改变方案；影响最大的是：{what}",
        ),
        "ask.more": ("{count} more figures: --all shows them", "另有 {count} 项：用 --all 查看"),
        "ask.unseen": ("{count} more uncertain figures were not looked at.", "另有 {count} 项不确定数据未计算。"),
        "ask.better": (
            "A better plan was met at once, worth {value} {unit}; the figures are about it.",
            "先发现了更好的方案，价值 {value} {unit}；以下针对该方案。",
        ),
        "ask.yearly": (
            "Judged by the year as one period: what seasons and stores do is left out.",
            "按全年一个时段计算，未计季节与储存的影响。",
        ),
        "ask.note": (
            "Regret: what the plan, its builds, links and dealings kept, is worth less than the best plan there. "
            "Expected: each end one sixth. ~ estimated from relaxations. A commodity's price moves at all its markets.",
            "损失：保持方案的新建、线路与交易关系时，比届时最优方案少的价值。期望：两端各占六分之一。~ 为松弛估计。"
            "同一物料在各市场的价格同向变动。",
        ),
        "ask.what": ("What", "数据"),
        "ask.origin": ("Why", "来源"),
        "ask.interval": ("Low … value … high", "低 … 取值 … 高"),
        "ask.value_low": ("Value, low", "价值（低）"),
        "ask.value_high": ("Value, high", "价值（高）"),
        "ask.gain_low": ("Gain, low", "增益（低）"),
        "ask.gain_high": ("Gain, high", "增益（高）"),
        "ask.worst": ("Regret", "最大损失"),
        "ask.expected": ("expected", "期望损失"),
        "ask.plan": ("Plan", "方案"),
        "ask.changes": ("changes", "改变"),
        "ask.stays": ("stays", "不变"),
        "ask.not_kept": ("not feasible", "无法执行"),
        "near.head": ("{count} plans worth at most {part} less", "{count} 个价值至多少 {part} 的替代方案"),
        "near.none": (
            "No other plan within {part} of the value was found ({tried} aims looked at).",
            "未找到价值相差 {part} 以内的其他方案（已试 {tried} 种）。",
        ),
        "near.better": (
            "A better plan than the one given was found, worth {more} {unit} more: everything here is compared with it "
            "(--json has it as better_plan).",
            "发现优于所给方案的方案，价值多 {more} {unit}：以下均与其比较（--json 的 better_plan 即该方案）。",
        ),
        "near.note": (
            "Changes are against the plan. Distance: part of builds, links and partnerships that only one of two plans "
            "has; any two here are at least {apart:g} apart.",
            "变化均相对原方案。距离：两方案中只有一方具有的新建、线路与合作关系的比例；任两方案至少相距 {apart:g}。",
        ),
        "study.clock": (
            "Stopped by the clock: a repetition, or more --time-limit, may bring others.",
            "因到时停止：重复运行或增加 --time-limit 可能得到不同结果。",
        ),
        "study.request": ("Stopped on request: not everything was looked at.", "已按要求中止：未全部计算。"),
        "near.what": ("What is different", "有何不同"),
        "near.lost": ("Value", "价值"),
        "near.capex": ("Capex", "投资"),
        "near.builds": ("Builds", "新建"),
        "near.links": ("Links", "线路"),
        "near.partners": ("Partnerships", "合作关系"),
        "near.distance": ("Distance", "距离"),
        "command.explain": (
            "Say why an exchange is in a plan or not, and what would change that.",
            "说明某项交换为何在或不在方案中，以及如何改变。",
        ),
        "option.origin": ("Site that would give.", "供方厂区。"),
        "option.target": ("Site that would take.", "需方厂区。"),
        "option.period": ("One period; else the whole year.", "某一时段；默认全年。"),
        "option.mode": ("One mode of transport; else any.", "某种运输方式；默认任意。"),
        "option.explain.enterprise": (
            "Instead of one exchange: the nearest partners of an enterprise.",
            "不问单项交换，而问某企业最近的合作方。",
        ),
        "option.view": ("planner (default) or firm.", "planner（规划者，默认）或 firm（企业）。"),
        "option.asker": ("Enterprise that asks, with --view firm.", "提问的企业，与 --view firm 同用。"),
        "explain.which": (
            "name the exchange with --from, --to and --commodity, or an enterprise with --enterprise",
            "请用 --from、--to 和 --commodity 指明交换，或用 --enterprise 指明企业",
        ),
        "explain.as": ("--view firm and --as ENTERPRISE go together", "--view firm 须与 --as ENTERPRISE 同用"),
        "explain.own": ("{name} may ask about itself alone", "{name} 只能查询自己"),
        "explain.nearest": (
            "The nearest partners of {name} that are not in the plan, and what keeps them out",
            "{name} 未入选的最近合作方及原因",
        ),
        "explain.nobody": (
            "{name}: nobody else has or takes what it takes or has, or the plan has it already",
            "{name}：没有其他企业可与之交换，或方案已全部采用",
        ),
    }
)
