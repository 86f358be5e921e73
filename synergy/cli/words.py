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
            "core (default), nucleolus, shapley, owen, midpoint or proportional: who gets what of the gain; "
            "standalone: the gain alone; none: the plan alone.",
            "core（默认，核心）、nucleolus、shapley、owen、midpoint、proportional：增益分配方法；"
            "standalone：只计算增益；none：仅方案。",
        ),
        "option.base": (
            "What `proportional` shares by: weight (default), standalone, or an indicator of the dataset.",
            "proportional 的分配依据：weight（默认）、standalone 或数据集中的指标。",
        ),
        "phase.settlement": ("sharing the gain", "分配增益"),
        "phase.prices": ("prices", "定价"),
        "phase.unsettled": ("stopped before the gain was shared", "已停止，未分配增益"),
        "unsettled": (
            "Stopped as asked: the best plan so far is told without its settlement, which would have taken longer.",
            "已按要求停止：给出目前最好的方案，未完成其增益分配（所需时间更长）。",
        ),
        "settled.head": ("Settlement: {method}", "收益分配：{method}"),
        "settled.enterprise": ("Enterprise", "企业"),
        "settled.alone": ("Alone", "单独价值"),
        "settled.payoff": ("Gets", "所得"),
        "settled.gain": ("Gain", "增益"),
        "settled.transfer": ("From the others", "净收转移"),
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
            "Least subsidy that makes it stable: {total}, to {names}.",
            "使其稳定的最小补贴：{total}，给予 {names}。",
        ),
        "settled.prices": (
            "{count} exchanges have prices; lump sums beside them: {lump}.",
            "{count} 项交换已定价；价格之外的差额补偿合计：{lump}。",
        ),
    }
)


# English, Chinese
SERVING_WORDS = Catalogue(
    {
        "command.demo": ("Match the Lvliang dataset and show it on web pages.", "匹配自带的吕梁数据集并用网页展示。"),
        "command.serve": ("Serve the pages and the API of a store.", "启动网页与接口服务。"),
        "option.port": ("Port (0: any).", "端口（0：任意）。"),
        "option.served": ("Print the proposals and stop.", "只输出建议，不启动网页。"),
        "option.host": ("Address to listen on (default: 127.0.0.1).", "监听地址（默认 127.0.0.1）。"),
        "option.count": ("Workers beside the server (0: none).", "随服务启动的匹配工作进程数（0：不启动）。"),
        "option.proxies": (
            "Trusted proxies in front, which bring TLS; their X-Forwarded headers are believed.",
            "前置的可信代理层数（由代理提供 TLS）；采信其 X-Forwarded 头。",
        ),
        "option.certificate": ("Certificate (PEM), to serve with TLS alone.", "证书文件（PEM），用于独立提供 TLS。"),
        "option.private": ("Key of the certificate (PEM).", "证书私钥（PEM）。"),
        "option.backups": ("Folder for copies that an administrator makes.", "管理员备份的存放文件夹。"),
        "option.region": (
            "Boundaries behind the sites on maps (GeoJSON, WGS 84).",
            "地图底图边界文件（GeoJSON，WGS 84）。",
        ),
        "option.zone": (
            "Time zone of the pages, as Asia/Shanghai (default: this machine's); files and the API keep UTC.",
            "网页所用时区，如 Asia/Shanghai（默认：本机时区）；文件与接口仍用 UTC。",
        ),
        "option.demo.zone": (
            "Time zone of the pages (default: Asia/Shanghai).",
            "网页所用时区（默认 Asia/Shanghai）。",
        ),
        "expected.zone": (
            "a time zone of the IANA database, as {bound}",
            "IANA 时区数据库中的时区名，如 {bound}",
        ),
        "option.webhooks": ("Host that webhooks may go to; may be repeated.", "允许接收回调通知的主机；可重复。"),
        "option.metrics": (
            "Answer /metrics to this machine, for Prometheus.",
            "向本机提供 /metrics（Prometheus 指标）。",
        ),
        "serve.serving": ("Serving {address}  (Ctrl-C ends it)", "服务地址：{address}（Ctrl-C 结束）"),
        "serve.first": (
            "First start: sign in as {name} with {password}, which holds for one sign-in.",
            "首次启动：请以 {name} 登录，一次性密码 {password}，登录后须修改。",
        ),
        "serve.half": (
            "--tls-cert and --tls-key belong together",
            "--tls-cert 与 --tls-key 须同时给出",
        ),
        "serve.clear": (
            "{host}: passwords would cross the network in the clear; give --tls-cert and --tls-key, or --proxies 1 "
            "behind a proxy with TLS",
            "{host}：密码将以明文经过网络；请给出 --tls-cert 与 --tls-key，或在带 TLS 的代理后使用 --proxies 1",
        ),
        "serve.certificate": ("the certificate or its key cannot be read: {said}", "无法读取证书或私钥：{said}"),
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
            "Write a workbook to fill in: a sheet for each table, with drop-downs; --lang chooses its language.",
            "输出待填工作簿：每表一个工作表，含下拉列表；--lang 指定语言。",
        ),
        "command.round.template": (
            "Write the form of an enterprise with its last figures: FILE.xlsx with units and drop-downs, or FILE.csv.",
            "输出含上次数据的企业申报表：FILE.xlsx（含单位与下拉列表）或 FILE.csv。",
        ),
        "option.dry_run": ("Say what it would change and what is wrong; store nothing.", "只显示变更与错误，不保存。"),
        "option.checked": (
            "The figures of --offer, --need and --facility are right, though far from what was expected (in a file: its"
            " column Checked).",
            "--offer、--need、--facility 的数值虽偏离预期，但已核对无误（文件中用“已核对”一列）。",
        ),
        "option.withdraw": ("Row that is withdrawn, by its name; may be repeated.", "撤回的行（按编号）；可重复。"),
        "option.only": (
            "Withdraw all that is not mentioned here.",
            "撤回此处未提及的全部内容。",
        ),
        "option.nothing": (
            "Declare nothing: what was declared before in this round is withdrawn.",
            "申报为空：撤回本轮此前的申报。",
        ),
        "form.nothing": (
            "say what is declared: a file, --offer, --need or --facility; or else --nothing",
            "请给出申报内容：文件、--offer、--need 或 --facility；若无可申报，请用 --nothing",
        ),
        "form.checked": ("--checked marks what options say as checked", "--checked 表示选项中的数值已核对"),
        "form.added": ("new", "新增"),
        "form.removed": ("removed", "删除"),
        "form.changed": ("changed", "变更"),
        "form.assumed": ("{column}: {value} ({source})", "{column}：{value}（{source}）"),
        "form.default": ("default", "默认值"),
        "form.library": ("library of processes", "工艺库"),
        "form.accepted": (
            "Would be accepted; entries that stay as they are: {same}. Nothing was stored.",
            "可以接受；{same} 项保持不变。未保存。",
        ),
        "form.refused": ("Would be refused as a whole. Nothing was stored.", "将被整体拒绝。未保存。"),
        "option.form_of": (
            "The form of one enterprise of --dataset instead: its declaration with the figures that are known.",
            "改为输出 --dataset 中一家企业的申报表，含已知数据。",
        ),
        "template.ending": ("{path}: expected a file that ends in {endings}", "{path}：文件应以 {endings} 结尾"),
        "template.dataset": ("--enterprise needs --dataset", "--enterprise 需要同时指定 --dataset"),
        "option.dataset": ("Dataset whose rows it holds (default: none).", "填入该数据集的行（默认：空白）。"),
    }
)


# what click says by itself, as it has it, and in Chinese
CLICK: Mapping[str, str] = MappingProxyType(
    {
        "Usage:": "用法：",
        "Options": "选项",
        "Commands": "命令",
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
            "Supply-chain synergy matching: the best set of partnerships in an industrial region.",
            "产业链协同匹配：为一个产业区找出最优的合作组合。",
        ),
        "command.check": ("Validate a dataset and say every problem.", "检查数据集并列出全部问题。"),
        "command.match": ("Find the best plan and its proposals.", "求最优方案及其建议。"),
        "command.verify": (
            "Recompute a plan and every claim of it from the dataset alone.",
            "仅凭数据集重新核算方案及其每一项结论。",
        ),
        "command.schema": ("Print JSON Schemas.", "输出 JSON Schema。"),
        "command.bench": (
            "Measure against other solvers and tools: all benchmarks, or those named.",
            "与其他求解器和工具比较测量：全部测试，或指定的测试。",
        ),
        "option.scenario": ("Scenario file (TOML or JSON).", "情景文件（TOML 或 JSON）。"),
        "option.settings": (
            "One setting, over the scenario's; may be repeated.",
            "单项设置，优先于情景文件；可重复使用。",
        ),
        "option.gap": ("Relative gap that suffices.", "足够的相对间隙。"),
        "option.time_limit": ("Seconds for the search.", "搜索时间上限（秒）。"),
        "option.workers": ("Processes side by side.", "并行进程数。"),
        "option.scheduler": ("Address of a Dask scheduler (extra `dask`).", "Dask 调度器地址（附加组件 `dask`）。"),
        "option.seed": ("Seed of all that is random.", "随机数种子。"),
        "option.out": ("Write the plan document to a file.", "把方案文档写入文件。"),
        "option.as_json": ("One JSON document on standard output.", "在标准输出给出一个 JSON 文档。"),
        "option.every": ("All proposals, not the first thirty.", "列出全部建议，而非前三十条。"),
        "option.second": (
            "Look longer for a proof, then let a second solver look for a better plan (up to 300 yes-or-no decisions).",
            "用更长时间求证，再由另一求解器寻找更优方案（是非决策不超过 300 个）。",
        ),
        "option.starts": (
            "Begin with the plan of a document, of these or of like inputs, where it fits; may be repeated.",
            "以文件中的方案（相同或相近输入）为起点，适用时采用；可重复。",
        ),
        "option.lang": ("Language: zh or en (default: from LANG).", "语言：zh 或 en（默认取自 LANG）。"),
        "option.quick": ("Few instances and short times, to see that all works.", "少量算例、短时间，用于试运行。"),
        "option.seconds": (
            "Limit of each run in seconds (default: 300; with --quick 15).",
            "每次运行的时间上限（秒；默认 300，--quick 时 15）。",
        ),
        "option.pair": (
            "Two runs at a time, one thread each: half the time, the same load for both.",
            "每次并行两个运行，各用一个线程：用时减半，负载相同。",
        ),
        "option.count": ("Random problems of `claims` (default: 500).", "`claims` 的随机问题数（默认 500）。"),
        "option.help": ("Show this and leave.", "显示本帮助。"),
        "option.version": ("Show the version and leave.", "显示版本。"),
        **FILE_WORDS,
        **ROUND_WORDS,
        **STUDY_WORDS,
        **SETTLEMENT_WORDS,
        **SERVING_WORDS,
        # errors
        "error": ("error", "错误"),
        "warning": ("warning", "警告"),
        "bad_value": ("{value} found, expected {expected}", "现为 {value}，应为 {expected}"),
        "expected.number": ("a number {bound}", "{bound} 的数"),
        "expected.pair": ("key=value", "key=value"),
        "help_at": ("Try: {command} --help", "请看：{command} --help"),
        "no_folder": ("{path}: no such folder to write to", "{path}：没有可写入的文件夹"),
        "port_taken": ("port {port} is taken or forbidden: {said}", "端口 {port} 被占用或不允许：{said}"),
        "extra": (
            "{said}: this command needs the extra `{extra}`; install it: pip install 'synergy-matching[{extra}]'",
            "{said}：该命令需要附加组件 `{extra}`；请安装：pip install 'synergy-matching[{extra}]'",
        ),
        "system": ("the system refuses: {said}", "系统拒绝：{said}"),
        "unexpected": (
            "unexpected error, a fault of the program: {said}",
            "意外错误，是程序的缺陷：{said}",
        ),
        "interrupted": ("interrupted", "已中断"),
        "stopping": (
            "stopping with the best plan so far; once more to leave at once",
            "将以目前最优方案停止；再按一次立即退出",
        ),
        # results
        "sound": (
            "{name}: sound. {tables} tables, {rows} rows, {enterprises} enterprises",
            "{name}：数据有效。{tables} 张表，{rows} 行，{enterprises} 家企业",
        ),
        "counted": ("errors: {errors}, warnings: {warnings}", "{errors} 个错误，{warnings} 个警告"),
        "and_more": ("... and {count} more", "……另有 {count} 条"),
        "more_proposals": (
            "{count} more proposals: --all shows them",
            "另有 {count} 条建议：用 --all 查看",
        ),
        "no_proposals": (
            "No proposals: nothing pays better together than alone.",
            "没有建议：合作并不优于各自单独经营。",
        ),
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
        "total.alone": ("Sum of enterprises alone", "各企业单独价值之和"),
        "total.gain": ("Gain of working together", "协同增益"),
        "total.remainder": ("of it, no proposal's", "其中不属于任何建议"),
        "total.today": ("Value of today's deals", "现有交易下的价值"),
        "total.capex": ("Capex of all proposals", "全部建议的投资"),
        "total.co2": ("CO2 of the plan (today)", "方案碳排放（现状）"),
        "total.seconds": ("Seconds", "用时（秒）"),
        "written": ("written: {path}", "已写入：{path}"),
        "valid": (
            "The plan follows from the dataset.",
            "方案与数据集一致。",
        ),
        "broken_seal": (
            "seal: the document was changed after it was written",
            "seal：文件写出后被改动",
        ),
        "unchecked": ("not recomputed: {said}", "未复核：{said}"),
        "unchecked.bound_claim": ("the bound is the solver's claim", "上界为求解器的结论"),
        "unchecked.no_duals": (
            "nothing here is a yes or no, yet no duals prove the bound",
            "问题中没有是非决策，却没有可证明上界的对偶值",
        ),
        "unchecked.by_clock": (
            "the clock ended it: another run may settle otherwise",
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
            "No given plan fits these inputs: the search began without one.",
            "所给方案均不适用于本次输入：搜索未以其为起点。",
        ),
        "second_better": (
            "A second solver found a plan worth {value} {unit}, {more} of the value more, inside the gap; "
            "match with a smaller --gap to get one.",
            "另一求解器在间隙之内找到价值 {value} {unit} 的方案，高出 {more}（相对值）；"
            "用更小的 --gap 重新匹配即可得到。",
        ),
        "no_seal": (
            "seal: the document has none, so a change after it was written would not be noticed",
            "seal：文件没有校验值，写出后的改动无法发现",
        ),
        "not_valid": ("{count} claims do not follow from the dataset", "{count} 项结论与数据集不符"),
        "conflict": ("These cannot hold together; lift one of them:", "以下约束无法同时满足，请放宽其中一项："),
        "loop": (
            "This loop makes money from nothing; mend a price or a recipe in it:",
            "以下循环凭空赚钱，请修正其中的价格或配方：",
        ),
        "unknown_cause": ("No cause could be named.", "未能指出原因。"),
        "hint.time": ("Give it more time: --time-limit", "请延长时间：--time-limit"),
        # progress
        "phase.network": ("reading the network", "构建网络"),
        "phase.relaxation": ("first bound", "求初始上界"),
        "phase.search": ("searching", "搜索"),
        "phase.solved": ("solved", "求解完成"),
        "phase.standalone": ("enterprises alone", "各企业单独计算"),
        "bar": ("best {best}  bound {bound}  gap {gap}", "最优 {best}  上界 {bound}  间隙 {gap}"),
    }
)
