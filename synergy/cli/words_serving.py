"""What serving and the demonstration say, in English and Chinese."""

from __future__ import annotations

from synergy.texts import Catalogue

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
