"""Texts of notices and errors of the store, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from synergy.errors import ConflictError, DeniedError, NotFoundError, RefusedError, StoreError, UnavailableError, half
from synergy.texts import LANGUAGES, WORDS, Catalogue, say

Found = TypeVar("Found")
# kind: English, Chinese; names in braces are filled in
MESSAGES = Catalogue(
    {
        "opened": (
            "The round “{name}” is open: declare what you offer, need and run{until}",
            "轮次“{name}”已开放：请申报供给、需求与装置{until}",
        ),
        "reminder": (
            "The planner reminds you: the round “{name}” has no declaration of yours yet{until}",
            "组织者提醒：轮次“{name}”尚无贵企业的申报{until}",
        ),
        "declare_by": (
            "The deadline for declarations is near: {deadline}; yours is missing",
            "申报截止时间临近：{deadline}；贵企业尚未申报",
        ),
        "answer_by": (
            "The deadline for answers is near: {deadline}; a proposal waits for yours",
            "答复截止时间临近：{deadline}；仍有建议等待贵企业答复",
        ),
        "declare_until": (
            "The deadline for declarations of the round “{name}” was moved: declare until {deadline}",
            "轮次“{name}”的申报截止时间已调整为 {deadline}",
        ),
        "answer_until": (
            "The deadline for answers of the round “{name}” was moved: answer until {deadline}",
            "轮次“{name}”的答复截止时间已调整为 {deadline}",
        ),
        "published": (
            "Proposals of the round “{name}” that concern you are published",
            "轮次“{name}”中与贵企业有关的建议已发布",
        ),
        "collect": (
            "Proposals of the round “{name}” wait for your answer{until}",
            "轮次“{name}”的建议等待贵企业答复{until}",
        ),
        "answered": (
            "A partner has answered a proposal; it is now: {standing_en}",
            "合作方已答复一项建议；现状：{standing_zh}",
        ),
        "countered": ("A partner has made a counter-offer to a proposal", "合作方对一项建议提出了还价"),
        "counter_refused": (
            "The price you asked for lies outside what the other side can agree to; the exchange keeps its price",
            "贵企业提出的价格超出对方可接受的范围；该项交易维持原价格",
        ),
        "said": ("{enterprise} has answered a proposal: {answer_en}", "{enterprise} 已答复一项建议：{answer_zh}"),
        "matched": (
            "Run {number} of the round has ended: {status_en}; proposals: {proposals}",
            "本轮次第 {number} 次匹配已结束：{status_zh}，共 {proposals} 项建议",
        ),
        "failed": ("Run {number} of the round has failed: {fault_en}", "本轮次第 {number} 次匹配失败：{fault_zh}"),
        "concluded": ("The round “{name}” is concluded", "轮次“{name}”已结束"),
        "agreed": (
            "All parties accepted: the proposal is now a partnership to be followed up",
            "各方均已接受：该建议已转为合作并进入跟进",
        ),
        "withdrawn": ("The round “{name}” was cancelled", "轮次“{name}”已取消"),
        "stage": ("A partnership has come to another stage: {stage_en}", "合作进入新阶段：{stage_zh}"),
        "tried": (
            "{count} wrong passwords in a row were given for the account {account}; from elsewhere it opens with the "
            "right one as ever. If it was none of yours, choose a longer password",
            "账户 {account} 连续 {count} 次密码错误；在其他地点仍可正常登录。如非贵方人员所为，请改用更长的密码",
        ),
        "departed": ("{enterprise} has left: {reason}", "{enterprise} 已退出：{reason}"),
    }
)
_STATES = Catalogue(
    {
        "none": ("no answer", "尚无答复"),
        "interested": ("interested", "有意向"),
        "accepted": ("accepted", "已接受"),
        "declined": ("declined", "已谢绝"),
        "countered": ("countered", "已还价"),
        "agreed": ("agreed", "达成一致"),
        "permits": ("permits", "审批"),
        "financing": ("financing", "融资"),
        "building": ("building", "建设"),
        "running": ("running", "运行"),
        "ended": ("ended", "终止"),
    }
)


def _in_utc(moment: str) -> str:
    """Return a stored timestamp in readable form."""
    return moment.replace("T", " ").replace("+00:00", " UTC")


def message(kind: str, fields: Mapping[str, object], when: Callable[[str], str] = _in_utc) -> dict[str, str]:
    """Return the text of a notice in both languages, ``{text_en, text_zh}``.

    `kind` is its name in `MESSAGES`, `fields` are values of the placeholders: a deadline may be missing, words of the
    store are translated. `when` formats a stored time for readers.
    """
    deadline = fields.get("deadline")
    known: dict[str, object] = {name: "–" if value is None else value for name, value in fields.items()}
    if deadline is not None:
        deadline = known["deadline"] = when(str(deadline))
    for name in ("standing", "answer", "stage", "status"):
        word = str(fields.get(name, ""))
        known[f"{name}_en"], known[f"{name}_zh"] = _STATES.get(word) or WORDS.get(f"status.{word}") or (word, word)
    fault = str(fields.get("fault", ""))
    known["fault_en"], known["fault_zh"] = half(fault, "en"), half(fault, "zh")
    until = ("", "") if deadline is None else (f" until {deadline}", f"，截止 {deadline}")
    return {f"text_{lang}": MESSAGES.say(kind, lang, **known | {"until": say(until, lang)}) for lang in LANGUAGES}


REFUSALS = Catalogue(
    {
        "not_found": ("{what} not found, or not yours to see", "未找到{what}，或您无权查看"),
        "denied": (
            "{role}: this account may not do `{action}`; ask an administrator for another role",
            "{role}：该账户无权执行“{action}”；请联系管理员调整角色",
        ),
        "signed_out": (
            "name, password or token is wrong, expired or disabled",
            "用户名、密码或令牌有误、已过期或已停用",
        ),
        "stale": (
            "{what} was changed by somebody else: version {given} given, {found} stored; look again and repeat",
            "{what}已被他人修改：提交版本 {given}，现存版本 {found}；请重新查看后再操作",
        ),
        "key_reused": (
            "idempotency key {key} was used for another request; use a new key",
            "幂等键 {key} 已用于其他请求；请换用新键",
        ),
        "bad_name": (
            "{name}: no name of an account; expected 1 - 64 letters (a - z or Chinese), digits and . _ - @ +, "
            "a letter or digit first",
            "{name}：不能作为用户名；应为 1 至 64 个字符：英文字母、汉字、数字及 . _ - @ +，以字母、汉字或数字开头",
        ),
        "taken": ("{what} {name} exists already; choose another name", "{what}“{name}”已存在；请换一个"),
        "busy": ("a run of this round is under way; cancel it or wait for it", "本轮次正在匹配；请取消或等待其结束"),
        "lost": (
            "run {match}, attempt {attempt}, is no longer this worker's; its result is not stored",
            "匹配任务 {match} 第 {attempt} 次尝试已不属于该工作进程；结果未保存",
        ),
        "step": (
            "`{action}` does not fit the state `{state}` of the round; expected {expected}",
            "轮次状态为“{state}”，不能执行“{action}”；应为 {expected}",
        ),
        "late": (
            "the deadline {deadline} has passed; ask the planner, who can move it: on the page of the round, or by "
            "`synergy round extend`",
            "截止时间 {deadline} 已过；请联系组织者，由其在轮次页面或以 `synergy round extend` 延期",
        ),
        "past": (
            "the deadline {deadline} is over already; expected a moment after {now}",
            "截止时间 {deadline} 已过去；应晚于 {now}",
        ),
        "unknown": ("{what} {name} is unknown; expected one of {expected}", "未知的{what}“{name}”；应为 {expected}"),
        "bad_value": ("{what}: {value} found, expected {expected}", "{what}：现为 {value}，应为 {expected}"),
        "large": (
            "{what}: money beyond the {most} that can be kept; most of it is price times amount of {rows}: "
            "correct the price or the amount there",
            "{what}：金额超出可保存的上限 {most}；主要来自以下各行的价格乘以数量：{rows}；请更正其价格或数量",
        ),
        "no_value": (
            "a number is larger than any that is kept, or a text holds characters that are no text",
            "数值超出可保存的范围，或文本含有非法字符",
        ),
        "reason": ("a reason is needed: say it in a sentence", "需要填写原因：请用一句话说明"),
        "unchanged": ("nothing was changed: change a quantity or a price", "未作任何修改：请修改数量或价格"),
        "whole_pattern": (
            "a ruling without a pattern would {kind} every exchange; name at least one of {expected}",
            "规定没有指明对象，将涉及全部交换（{kind}）；请至少给出其一：{expected}",
        ),
        "answered": (
            "the proposal is {answer} already; this answer stands until the next run",
            "该建议已处于“{answer}”状态；在下次匹配前不再更改",
        ),
        "stage": (
            "a partnership goes from {stage} to {expected}, not to {given}",
            "合作阶段从“{stage}”只能进入 {expected}，不能进入“{given}”",
        ),
        "weak_password": (
            "the password has {length} characters, at least {least} are needed",
            "密码只有 {length} 个字符，至少需要 {least} 个",
        ),
        "no_store": (
            "{place}: no store there; make one with `synergy db init --db {place}`",
            "{place}：没有数据库；请先运行 `synergy db init --db {place}`",
        ),
        "old_store": (
            "{place}: the store is of version {found}, made by a development version before 0.1.0, and cannot be "
            "opened: export what is in it with that version, and make a new store elsewhere with `synergy db init`",
            "{place}：数据库版本为 {found}，由 0.1.0 之前的开发版本建立，无法打开："
            "请用该版本导出其中内容，并运行 `synergy db init` 在别处新建数据库",
        ),
        "new_store": (
            "{place}: the store is of version {found}, made by a newer program; this one knows versions up to "
            "{expected}: use the newer program",
            "{place}：数据库版本为 {found}，由更新版本的程序建立；本程序最高支持 {expected}：请使用更新版本的程序",
        ),
        "no_key": (
            "{place}: the key of the audit chain is missing; put it back from its safe place",
            "{place}：缺少审计链密钥；请从安全位置恢复",
        ),
        "bad_key": (
            "{place}: no key of an audit chain, expected {digits} hexadecimal digits; put the key back from its safe "
            "place",
            "{place}：不是审计链密钥，应为 {digits} 位十六进制数字；请从安全位置恢复密钥",
        ),
        "open_key": (
            "{place}: every account of this machine may use the key of the audit chain (rights {found}); take that "
            "away: `chmod o-rwx {place}`",
            "{place}：本机所有账户均可访问审计链密钥（权限 {found}）；请收回：`chmod o-rwx {place}`",
        ),
        "other_key": (
            "{place}: not the key that the audit chain of this store began with, or its first event was altered; put "
            "the key of this store back from its safe place, or name it in SYNERGY_AUDIT_KEY_FILE",
            "{place}：不是本数据库审计链起始时所用的密钥，或其首条事件已被篡改；"
            "请从安全位置恢复本数据库的密钥，或以 SYNERGY_AUDIT_KEY_FILE 指明",
        ),
        "unavailable": (
            "the database did not answer ({said}); nothing was stored, repeat the same call",
            "数据库未响应（{said}）；未保存任何内容，请重复同一操作",
        ),
        "open": (
            "{enterprise} is part of what is open: proposals {proposals}, partnerships {partnerships}; "
            "decline the proposals, conclude or cancel their rounds, end the partnerships",
            "{enterprise} 尚有未了事项：建议 {proposals}，合作 {partnerships}；请先谢绝建议、结束或取消轮次、终止合作",
        ),
        "left": (
            "{enterprise} has left; readmit it first (`synergy enterprise readmit`)",
            "{enterprise} 已退出；请先重新接纳（`synergy enterprise readmit`）",
        ),
        "anonymous": (
            "partners of this round have no names yet, so that exchanges with one of them cannot be asked about",
            "本轮次合作方尚未公开，不能查询与某一方的交换",
        ),
        "no_plan": (
            "the round has no plan yet that could be asked about; match it first",
            "本轮次还没有可供查询的方案；请先匹配",
        ),
        "host": (
            "{host}: webhooks may go to {expected} alone; ask the operator to allow another host",
            "{host}：网络回调仅可发送至 {expected}；请联系运维人员开放其他主机",
        ),
        "too_often": (
            "changed {count} times in this round, no more is allowed; ask the planner",
            "本轮次已修改 {count} 次，不能再改；请联系组织者",
        ),
    }
)
# what is raised by a name; all others are refusals
_KINDS: Mapping[str, type[StoreError]] = MappingProxyType(
    {
        "not_found": NotFoundError,
        "denied": DeniedError,
        "signed_out": DeniedError,
        "stale": ConflictError,
        "key_reused": ConflictError,
        "taken": ConflictError,
        "busy": ConflictError,
        "lost": ConflictError,
        "unavailable": UnavailableError,
    }
)
# nouns of the sentences above
NOUNS = Catalogue(
    {
        "round": ("round", "轮次"),
        "match": ("run", "匹配任务"),
        "proposal": ("proposal", "建议"),
        "partnership": ("partnership", "合作"),
        "user": ("account", "账户"),
        "token": ("token", "令牌"),
        "enterprise": ("enterprise", "企业"),
        "declaration": ("declaration", "申报"),
        "snapshot": ("dataset", "数据集"),
        "sum": ("sum of the declarations", "申报汇总"),
        "plan": ("plan", "方案"),
        "scope": ("scope", "权限范围"),
        "role": ("role", "角色"),
        "site": ("site", "厂区"),
        "file": ("file", "文件"),
        "commodity": ("commodity", "物料"),
        "process": ("process", "工艺"),
        "column": ("column", "字段"),
        "term": ("term", "条款"),
        "ruling": ("ruling", "规定"),
        "study": ("study", "分析"),
        "webhook": ("webhook", "网络回调"),
        "action": ("action", "事件类型"),
        "notice": ("notice", "通知"),
        "step": ("step", "步骤"),
        "name": ("name", "名称"),
        "options": ("options", "选项"),
        "ladder": ("ladder", "阶梯幅度"),
        "answer": ("answer", "答复"),
        "counter": ("counter-offer", "还价"),
        "quantity": ("quantity", "数量"),
        "price": ("price", "价格"),
        "reason": ("reason", "原因"),
        "note": ("note", "批注"),
    }
)


def refusal(code: str, **fields: object) -> StoreError:
    """Return the store error of a code in `REFUSALS`, to be raised; `what` among the fields is a name in `NOUNS`."""
    what = str(fields.get("what"))
    noun = NOUNS.get(what, (what, what))
    said = (REFUSALS.say(code, lang, **fields | {"what": say(noun, lang)}) for lang in LANGUAGES)
    return _KINDS.get(code, RefusedError)(code, *said)


def existing(found: Found | None, what: str) -> Found:
    """Return what was looked up; `NotFoundError` where there is none, as for what an actor may not see."""
    if found is None:
        raise refusal("not_found", what=what)
    return found


def unavailable(error: Exception) -> StoreError:
    """Return the error of an unavailable database, without the statement and its values."""
    said = getattr(error, "orig", None) or error
    return refusal("unavailable", said=f"{type(said).__name__}: {str(said).splitlines()[0] if str(said) else ''}")
