"""Message catalogue of the command line in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synergy.cli.words_rounds import ROUND_WORDS, STUDY_WORDS
from synergy.texts import Catalogue

# English, Chinese
SETTLEMENT_WORDS = Catalogue(
    {
        "option.settlement": (
            "Rule that shares the gain: core (default), nucleolus, shapley, owen, midpoint or proportional; "
            "standalone: compute the gain only; none: compute the plan only.",
            "增益分配规则：core（默认，核心）、nucleolus、shapley、owen、midpoint、proportional；standalone：只计算增益；none：只求方案。",
        ),
        "option.base": (
            "Basis of proportional shares: weight (default), standalone, or an indicator of the dataset.",
            "proportional 的分配依据：weight（默认）、standalone 或数据集中的指标。",
        ),
        "phase.settlement": ("sharing the gain", "分配增益"),
        "phase.prices": ("prices", "定价"),
        "phase.unsettled": ("stopped before the gain was shared", "已停止，未分配增益"),
        "unsettled": (
            "Stopped on request: the best plan so far is shown without its settlement, which would have taken longer.",
            "已按要求停止：给出当前最优方案，未完成其增益分配（所需时间更长）。",
        ),
        "settled.head": ("Settlement: {method}", "收益分配：{method}"),
        "settled.enterprise": ("Enterprise", "企业"),
        "settled.alone": ("Alone", "单独价值"),
        "settled.payoff": ("Gets", "所得"),
        "settled.gain": ("Gain", "增益"),
        "settled.transfer": ("Net transfer", "净收转移"),
        "settled.more": ("{count} more enterprises: --all shows them", "另有 {count} 家企业：用 --all 查看"),
        "settled.stable": (
            "Stable: no group of enterprises can do better on its own (proven, {count} coalitions valued).",
            "稳定：任何企业组合单独行动都不会更好（已证明，计算了 {count} 个联盟）。",
        ),
        "settled.open": (
            "No group is known to do better on its own ({count} coalitions valued); proven: none by more than {bound}.",
            "未发现单独行动更好的企业组合（计算了 {count} 个联盟）；已证明：任何组合至多多得 {bound}。",
        ),
        "settled.beaten": (
            "Not stable: {names} would do better on their own by {excess}.",
            "不稳定：{names} 单独行动可多得 {excess}。",
        ),
        "settled.subsidy": (
            "Minimum subsidy for stability: {total}, to {names}.",
            "使其稳定的最小补贴：{total}，给予 {names}。",
        ),
        "settled.prices": (
            "{count} exchanges have prices; lump sums in addition: {lump}.",
            "{count} 项交换已定价；价格之外的差额补偿合计：{lump}。",
        ),
    }
)


# English, Chinese
SERVING_WORDS = Catalogue(
    {
        "command.demo": ("Match the Lvliang dataset and show it on web pages.", "匹配自带的吕梁数据集并用网页展示。"),
        "command.serve": ("Serve the web pages and the API of a store.", "启动数据库的网页与接口服务。"),
        "option.port": ("Port to listen on (0: any free port).", "监听端口（0：任意空闲端口）。"),
        "option.served": ("Serve web pages, or only print the proposals.", "启动网页，或只输出建议。"),
        "option.host": ("Address to listen on (default: 127.0.0.1).", "监听地址（默认 127.0.0.1）。"),
        "option.worker_count": (
            "Number of workers started with the server (0: none).",
            "随服务启动的匹配工作进程数（0：不启动）。",
        ),
        "option.proxies": (
            "Number of trusted reverse proxies in front that provide TLS; their X-Forwarded headers are used.",
            "前置可信反向代理的层数（由其提供 TLS），并采用其 X-Forwarded 头。",
        ),
        "option.certificate": (
            "Certificate file (PEM) for TLS without a proxy.",
            "不经代理提供 TLS 的证书文件（PEM）。",
        ),
        "option.private": ("Private key file of the certificate (PEM).", "证书私钥文件（PEM）。"),
        "option.backups": ("Folder for the backups of administrators.", "管理员备份的存放文件夹。"),
        "option.region": (
            "Boundaries drawn behind the sites on maps (GeoJSON, WGS 84).",
            "地图底图边界文件（GeoJSON，WGS 84）。",
        ),
        "option.zone": (
            "Time zone of the pages, such as Asia/Shanghai (default: local); files and the API use UTC.",
            "网页所用时区，如 Asia/Shanghai（默认：本机时区）；文件与接口使用 UTC。",
        ),
        "option.demo.zone": (
            "Time zone of the pages (default: Asia/Shanghai).",
            "网页所用时区（默认 Asia/Shanghai）。",
        ),
        "expected.zone": ("a time zone of the IANA database, as {bound}", "IANA 时区数据库中的时区名，如 {bound}"),
        "option.webhooks": ("Host that may receive webhooks; may be repeated.", "允许接收回调通知的主机；可重复。"),
        "option.metrics": (
            "Serve Prometheus metrics at /metrics to this machine.",
            "向本机提供 /metrics（Prometheus 指标）。",
        ),
        "serve.serving": ("Serving {address}  (Ctrl-C ends it)", "服务地址：{address}（Ctrl-C 结束）"),
        "serve.first": (
            "First start: sign in as {name} with {password}, which holds for one sign-in.",
            "首次启动：请以 {name} 登录，一次性密码 {password}，登录后须修改。",
        ),
        "serve.half": ("--tls-cert and --tls-key belong together", "--tls-cert 与 --tls-key 须同时给出"),
        "serve.clear": (
            "--host {host}: passwords would cross the network in the clear; "
            "expected --tls-cert and --tls-key, or --proxies 1 behind a proxy with TLS",
            "--host {host}：密码将以明文经过网络；应给出 --tls-cert 与 --tls-key，或在带 TLS 的代理后使用 --proxies 1",
        ),
        "serve.certificate": (
            "--tls-cert, --tls-key: cannot be read: {said}",
            "--tls-cert、--tls-key：无法读取：{said}",
        ),
        # demo
        "demo.matching": ("Matching {name} ...", "正在匹配 {name} ……"),
        "demo.account": ("  {name}  {password}  {role}", "  {name}  {password}  {role}"),
        "demo.planner": ("planner of the association", "协会组织者"),
        "demo.pengfei": ("editor of an enterprise, Pengfei Group", "企业填报人（山西鹏飞集团）"),
        "demo.auditor": ("auditor", "审计员"),
        "demo.admin": ("administrator", "管理员"),
        "demo.follows": (
            "The first round has its plan within a minute; the second one follows with a settlement.",
            "第一轮约一分钟内给出方案；第二轮随后给出收益分配。",
        ),
        "demo.serving": ("Open {address}  (Ctrl-C ends it)", "请打开 {address}（Ctrl-C 结束）"),
    }
)


# English, Chinese
FILE_WORDS = Catalogue(
    {
        "command.template": (
            "Write a blank dataset workbook with drop-downs, or the declaration form of an enterprise.",
            "输出空白数据集工作簿（含下拉列表），或一家企业的申报表。",
        ),
        "option.dry_run": ("Show the changes and problems without storing anything.", "只显示变更与问题，不保存。"),
        "option.checked": (
            "Confirm values of --offer, --need and --facility outside the expected range (in a file: column Checked).",
            "确认 --offer、--need、--facility 中超出预期范围的数值无误（文件中用“已核对”一列）。",
        ),
        "option.withdraw": ("Id of a declared row to withdraw; may be repeated.", "要撤回的申报行的编号；可重复。"),
        "option.only": ("Withdraw all declared rows that are not mentioned.", "撤回未提及的全部申报行。"),
        "option.nothing": (
            "Declare nothing and withdraw all rows declared in this round.",
            "申报为空，撤回本轮已申报的全部内容。",
        ),
        "form.nothing": (
            "expected a file, --offer, --need, --facility or --withdraw, or --nothing alone",
            "应给出文件、--offer、--need、--facility 或 --withdraw；若无可申报，只用 --nothing",
        ),
        "form.checked": (
            "use --checked to confirm the values given by options",
            "选项中的数值如无误，请用 --checked 确认",
        ),
        "form.added": ("new", "新增"),
        "form.removed": ("removed", "删除"),
        "form.changed": ("changed", "变更"),
        "form.assumed": ("{column}: {value} ({source})", "{column}：{value}（{source}）"),
        "form.default": ("default", "默认值"),
        "form.library": ("library of processes", "工艺库"),
        "form.accepted": ("Valid; unchanged rows: {same}. Nothing was stored.", "有效；{same} 行保持不变。未保存。"),
        "form.refused": ("Invalid: would be refused as a whole. Nothing was stored.", "无效：将被整体拒绝。未保存。"),
        "option.form_of": (
            "Write the declaration form of this enterprise of --dataset, filled with its data.",
            "输出 --dataset 中该企业的申报表，含已知数据。",
        ),
        "template.dataset": ("--enterprise requires --dataset", "--enterprise 需要同时指定 --dataset"),
        "option.dataset": ("Dataset to write into the workbook (default: none).", "填入工作簿的数据集（默认：空白）。"),
    }
)


# messages of click: English, Chinese
CLICK: Mapping[str, str] = MappingProxyType(
    {
        "Usage:": "用法：",
        "Options": "选项",
        "Commands": "命令",
        "required": "必填",
        "Did you mean {possibility}?": "（是否指 {possibility}？）",
        "(Did you mean one of: {possibilities}?)": "（是否指其中之一：{possibilities}？）",
        "Invalid value: {message}": "值无效：{message}",
        "Invalid value for {param_hint}: {message}": "{param_hint} 的值无效：{message}",
        "Missing argument": "缺少参数",
        "Missing option": "缺少选项",
        "Missing command.": "缺少命令。",
        "No such option {name!r}.": "没有选项 {name!r}",
        "No such command {name!r}.": "没有命令 {name!r}",
        "Got unexpected extra argument ({args})": "多余的参数（{args}）",
        "Got unexpected extra arguments ({args})": "多余的参数（{args}）",
        "Option {name!r} requires an argument.": "选项 {name!r} 需要一个值。",
        "Option {name!r} does not take a value.": "选项 {name!r} 不带值。",
        "Choose from:\n\t{choices}": "可选：\n\t{choices}",
        "{value!r} is not one of {choices}.": "{value!r} 不在可选值之内：{choices}。",
        "{name} {filename!r} does not exist.": "{filename!r} 不存在。",
        "{name} {filename!r} is a directory.": "{filename!r} 是文件夹。",
        "{name} {filename!r} is not readable.": "{filename!r} 不可读。",
    }
)
# English, Chinese
WORDS = Catalogue(
    {
        # help
        "command.synergy": (
            "Find the best set of supply-chain partnerships in an industrial region.",
            "为产业区求最优的产业链合作组合。",
        ),
        "command.check": ("Validate a dataset and list all problems.", "校验数据集并列出全部问题。"),
        "command.match": ("Find the best plan and its proposals.", "求最优方案及其建议。"),
        "command.verify": (
            "Recompute a plan and all its claims from the dataset.",
            "由数据集重新核算方案及其全部结论。",
        ),
        "command.schema": (
            "Print the JSON Schemas of datasets, plans and studies.",
            "输出数据集、方案与分析结果的 JSON Schema。",
        ),
        "command.bench": (
            "Run all benchmarks against other solvers and tools, or those named.",
            "运行与其他求解器和工具的对比测试：全部，或指定的测试。",
        ),
        "option.scenario": ("Scenario file (TOML or JSON).", "情景文件（TOML 或 JSON）。"),
        "option.settings": (
            "Setting that overrides the scenario; may be repeated.",
            "单项设置，优先于情景文件；可重复。",
        ),
        "option.gap": ("Relative optimality gap at which the search stops.", "停止搜索的相对最优性间隙。"),
        "option.time_limit": ("Time limit of the search, in seconds.", "搜索时限（秒）。"),
        "option.workers": ("Number of parallel processes.", "并行进程数。"),
        "option.scheduler": ("Address of a Dask scheduler (extra `dask`).", "Dask 调度器地址（附加组件 `dask`）。"),
        "option.seed": ("Random seed.", "随机种子。"),
        "option.out": ("Write the plan document to this file.", "将方案文档写入该文件。"),
        "option.as_json": ("Print one JSON document to standard output.", "向标准输出写一个 JSON 文档。"),
        "option.every": ("Show all rows instead of the first ones.", "显示全部行，而非仅前若干行。"),
        "option.second": (
            "Search longer for a proof, then for a better plan with a second solver (up to 300 binary decisions).",
            "延长求证时间，再用另一求解器寻找更优方案（至多 300 个 0-1 变量）。",
        ),
        "option.starts": (
            "Plan document for a warm start where it is feasible; may be repeated.",
            "热启动所用的方案文档（可行时采用）；可重复。",
        ),
        "option.lang": ("Language, zh or en (default: from LANG).", "语言：zh 或 en（默认取自 LANG）。"),
        "option.quick": ("Use few instances and short time limits.", "使用少量算例与短时限（试运行）。"),
        "option.seconds": (
            "Time limit of each run, in seconds (default: 300; with --quick: 15).",
            "每次运行的时限（秒；默认 300，--quick 时 15）。",
        ),
        "option.pair": ("Run two at a time with one thread each.", "每次并行两个运行，各用一个线程。"),
        "option.count": (
            "Number of random problems of `claims` (default: 500).",
            "`claims` 的随机问题数（默认 500）。",
        ),
        "option.help": ("Show this help and exit.", "显示本帮助并退出。"),
        "option.version": ("Show the version and exit.", "显示版本并退出。"),
        **FILE_WORDS,
        **ROUND_WORDS,
        **STUDY_WORDS,
        **SETTLEMENT_WORDS,
        **SERVING_WORDS,
        # errors
        "error": ("error", "错误"),
        "warning": ("warning", "警告"),
        "bad_value": ("{value} found, expected {expected}", "现为 {value}，应为 {expected}"),
        "renamed": ("`{old}` is now `{new}`", "`{old}` 现为 `{new}`"),
        "expected.number": ("a number {bound}", "{bound} 的数"),
        "expected.pair": ("key=value", "key=value"),
        "expected.form": ("{form}", "{form}"),
        "expected.moment": ("a time such as 2026-12-01T18:00+08:00", "时间，如 2026-12-01T18:00+08:00"),
        "expected.file": ("a file in an existing folder", "现有文件夹中的文件"),
        "expected.ending": ("a file that ends in {endings}", "以 {endings} 结尾的文件"),
        "expected.commodity": ("a commodity of the dataset, such as {near}", "数据集中的物料，如 {near}"),
        "expected.port": ("a free port ({said})", "可用的端口（{said}）"),
        "help_at": ("Try: {command} --help", "请看：{command} --help"),
        "extra": (
            "{said}: this command needs the extra `{extra}`; install it: pip install 'synergy-matching[{extra}]'",
            "{said}：该命令需要附加组件 `{extra}`；请安装：pip install 'synergy-matching[{extra}]'",
        ),
        "system": ("the system refuses: {said}", "系统拒绝：{said}"),
        "unexpected": ("unexpected error, a bug of the program: {said}", "意外错误，是程序的缺陷：{said}"),
        "interrupted": ("interrupted", "已中断"),
        "stopping": (
            "stopping with the best plan so far; press Ctrl-C again to abort",
            "将以当前最优方案停止；再按一次 Ctrl-C 立即退出",
        ),
        # results
        "sound": (
            "{name}: sound. {tables} tables, {rows} rows, {enterprises} enterprises",
            "{name}：数据有效。{tables} 张表，{rows} 行，{enterprises} 家企业",
        ),
        "counted": ("errors: {errors}, warnings: {warnings}", "{errors} 个错误，{warnings} 个警告"),
        "and_more": ("... and {count} more", "……另有 {count} 条"),
        "more_proposals": ("{count} more proposals: --all shows them", "另有 {count} 条建议：用 --all 查看"),
        "no_proposals": ("No proposals: no partnership adds value.", "没有建议：合作并不优于各自单独经营。"),
        "no_comparison": (
            "No proposals: --settlement none computes the plan alone.",
            "没有建议：--settlement none 只计算方案。",
        ),
        "uncompared": (
            "No proposals: stopped before it was known what each enterprise could do alone; the plan is whole.",
            "没有建议：在算出各企业单独经营的价值之前已停止；方案本身完整。",
        ),
        "proposals_of": ("Proposals for {name}: {count}", "{name}：{count} 条建议"),
        "total.status": ("Status", "状态"),
        "total.gap": ("Gap", "间隙"),
        "total.value": ("Value of the plan", "方案价值"),
        "total.bound": ("Bound", "上界"),
        "total.alone": ("Sum of standalone values", "各企业单独价值之和"),
        "total.gain": ("Synergy gain", "协同增益"),
        "total.remainder": ("of which in no proposal", "其中不属于任何建议"),
        "total.today": ("Value with current deals", "现有交易下的价值"),
        "total.capex": ("Capex of all proposals", "全部建议的投资"),
        "total.co2": ("CO2 of the plan (status quo)", "方案碳排放（现状）"),
        "total.seconds": ("Seconds", "用时（秒）"),
        "written": ("written: {path}", "已写入：{path}"),
        "valid": ("The plan follows from the dataset.", "方案与数据集一致。"),
        "broken_seal": ("seal: the document was changed after it was written", "seal：文件写出后被改动"),
        "unchecked": ("not recomputed: {said}", "未复核：{said}"),
        "unchecked.bound_claim": ("the bound is the solver's claim", "上界为求解器的结论"),
        "unchecked.no_duals": (
            "there are no binary decisions, yet no duals prove the bound",
            "问题中没有 0-1 决策，却没有可证明上界的对偶值",
        ),
        "unchecked.by_clock": (
            "the clock ended it: another run may give another settlement",
            "分配计算因到时停止：再次运行结果可能不同",
        ),
        "unchecked.unchecked": ("not solved again in the time given", "给定时间内未重新求解"),
        "proven_here": (
            "proven here: value {value} {unit}, bound {bound} {unit}, gap {gap}",
            "此处已证明：价值 {value} {unit}，上界 {bound} {unit}，间隙 {gap}",
        ),
        "not_proven_here": (
            "proven here: value {value} {unit}; the bound is the solver's claim",
            "此处已证明：价值 {value} {unit}；上界仅为求解器的结论",
        ),
        "colon": (": ", "："),
        "second_search": (
            "A second solver found a plan worth {value} {unit}, {more} more, inside the gap; searching on.",
            "另一求解器在间隙之内找到价值 {value} {unit} 的方案，高出 {more}（相对值）：继续搜索。",
        ),
        "start_misfit": (
            "No given plan is feasible for these inputs: the search started without one.",
            "所给方案对本次输入均不可行：搜索未采用热启动。",
        ),
        "second_better": (
            "A second solver found a plan worth {value} {unit}, {more} of the value more, inside the gap; "
            "match with a smaller --gap to get one.",
            "另一求解器在间隙之内找到价值 {value} {unit} 的方案，高出 {more}（相对值）；"
            "用更小的 --gap 重新匹配即可得到。",
        ),
        "no_seal": (
            "seal: the document has none, so later changes cannot be detected",
            "seal：文件没有校验值，写出后的改动无法发现",
        ),
        "not_valid": ("{count} claims do not follow from the dataset", "{count} 项结论与数据集不符"),
        "conflict": ("These constraints conflict; relax one of them:", "以下约束无法同时满足，请放宽其中一项："),
        "loop": (
            "This cycle has unbounded profit; correct a price or a recipe in it:",
            "以下循环的利润无界，请修正其中的价格或配方：",
        ),
        "unknown_cause": ("No cause was identified.", "未能确定原因。"),
        "hint.time": ("Increase the time limit: --time-limit", "请延长时限：--time-limit"),
        # progress
        "phase.network": ("reading the network", "构建网络"),
        "phase.relaxation": ("first bound", "求初始上界"),
        "phase.search": ("searching", "搜索"),
        "phase.solved": ("solved", "求解完成"),
        "phase.standalone": ("enterprises alone", "各企业单独计算"),
        "bar": ("best {best}  bound {bound}  gap {gap}", "最优 {best}  上界 {bound}  间隙 {gap}"),
    }
)
