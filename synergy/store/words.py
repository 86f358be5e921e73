"""What the store refuses, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from synergy.errors import ConflictError, DeniedError, NotFoundError, RefusedError, StoreError, UnavailableError

# error, English, Chinese; names in braces are filled in
WORDS: Mapping[str, tuple[type[StoreError], str, str]] = MappingProxyType(
    {
        "not_found": (
            NotFoundError,
            "{what} not found, or not yours to see",
            "未找到{what}，或您无权查看",
        ),
        "denied": (
            DeniedError,
            "{role}: this account may not do `{action}`; ask an administrator for another role",
            "{role}：该账户无权执行“{action}”；请联系管理员调整角色",
        ),
        "signed_out": (
            DeniedError,
            "name, password or token is wrong, expired or disabled",
            "用户名、密码或令牌有误、已过期或已停用",
        ),
        "stale": (
            ConflictError,
            "{what} was changed by somebody else: version {given} given, {found} stored; look again and repeat",
            "{what}已被他人修改：提交版本 {given}，现存版本 {found}；请重新查看后再操作",
        ),
        "key_reused": (
            ConflictError,
            "idempotency key {key} was used for another request; use a new key",
            "幂等键 {key} 已用于其他请求；请换用新键",
        ),
        "bad_name": (
            RefusedError,
            "{name}: no name of an account; expected 1 - 64 letters (a - z or Chinese), digits and . _ - @ +, "
            "a letter or digit first",
            "{name}：不能作为用户名；应为 1 至 64 个字符：英文字母、汉字、数字及 . _ - @ +，以字母、汉字或数字开头",
        ),
        "taken": (ConflictError, "{what} {name} exists already; choose another name", "{what}“{name}”已存在；请换一个"),
        "busy": (
            ConflictError,
            "a run of this round is under way; cancel it or wait for it",
            "本轮次正在匹配；请取消或等待其结束",
        ),
        "lost": (
            ConflictError,
            "run {match}, attempt {attempt}, is no longer this worker's; its result is not stored",
            "匹配任务 {match} 第 {attempt} 次尝试已不属于该工作进程；结果未保存",
        ),
        "step": (
            RefusedError,
            "`{action}` does not fit the state `{state}` of the round; expected {expected}",
            "轮次状态为“{state}”，不能执行“{action}”；应为 {expected}",
        ),
        "late": (
            RefusedError,
            "the deadline {deadline} has passed; ask the planner, who can move it: on the page of the round, or by "
            "`synergy round extend`",
            "截止时间 {deadline} 已过；请联系组织者，由其在轮次页面或以 `synergy round extend` 延期",
        ),
        "past": (
            RefusedError,
            "the deadline {deadline} is over already; expected a moment after {now}",
            "截止时间 {deadline} 已过去；应晚于 {now}",
        ),
        "unknown": (
            RefusedError,
            "{what} {name} is unknown; expected one of {expected}",
            "未知的{what}“{name}”；应为 {expected}",
        ),
        "bad_value": (
            RefusedError,
            "{what}: {value} found, expected {expected}",
            "{what}：现为 {value}，应为 {expected}",
        ),
        "large": (
            RefusedError,
            "{what}: money beyond the {most} that can be kept; most of it is price times amount of {rows}: "
            "correct the price or the amount there",
            "{what}：金额超出可保存的上限 {most}；主要来自以下各行的价格乘以数量：{rows}；请更正其价格或数量",
        ),
        "no_value": (
            RefusedError,
            "a number is larger than any that is kept, or a text holds characters that are no text",
            "数值超出可保存的范围，或文本含有非法字符",
        ),
        "reason": (RefusedError, "a reason is needed: say it in a sentence", "需要填写原因：请用一句话说明"),
        "whole_pattern": (
            RefusedError,
            "a ruling without a pattern would {kind} every exchange; name at least one of {expected}",
            "规定没有指明对象，将涉及全部交换（{kind}）；请至少给出其一：{expected}",
        ),
        "answered": (
            RefusedError,
            "the proposal is {answer} already; this answer stands until the next run",
            "该建议已处于“{answer}”状态；在下次匹配前不再更改",
        ),
        "stage": (
            RefusedError,
            "a partnership goes from {stage} to {expected}, not to {given}",
            "合作阶段从“{stage}”只能进入 {expected}，不能进入“{given}”",
        ),
        "weak_password": (
            RefusedError,
            "the password has {length} characters, at least {least} are needed",
            "密码只有 {length} 个字符，至少需要 {least} 个",
        ),
        "no_store": (
            RefusedError,
            "{place}: no store there; make one with `synergy db init --db {place}`",
            "{place}：没有数据库；请先运行 `synergy db init --db {place}`",
        ),
        "old_store": (
            RefusedError,
            "{place}: the store is of version {found}, this program needs {expected}; copy it, then bring it up with "
            "`synergy db init --db {place}`",
            "{place}：数据库版本为 {found}，本程序需要 {expected}；"
            "请先备份，再运行 `synergy db init --db {place}` 升级",
        ),
        "new_store": (
            RefusedError,
            "{place}: the store is of version {found}, made by a newer program; this one knows versions up to "
            "{expected}: use the newer program",
            "{place}：数据库版本为 {found}，由更新版本的程序建立；本程序最高支持 {expected}：请使用更新版本的程序",
        ),
        "no_key": (
            RefusedError,
            "{place}: the key of the audit chain is missing; put it back from its safe place",
            "{place}：缺少审计链密钥；请从安全位置恢复",
        ),
        "unavailable": (
            UnavailableError,
            "the database did not answer ({said}); nothing was stored, repeat the same call",
            "数据库未响应（{said}）；未保存任何内容，请重复同一操作",
        ),
        "open": (
            RefusedError,
            "{enterprise} is part of what is open: proposals {proposals}, partnerships {partnerships}; "
            "decline the proposals, conclude or cancel their rounds, end the partnerships",
            "{enterprise} 尚有未了事项：建议 {proposals}，合作 {partnerships}；请先谢绝建议、结束或取消轮次、终止合作",
        ),
        "left": (
            RefusedError,
            "{enterprise} has left; readmit it first (`synergy enterprise readmit`)",
            "{enterprise} 已退出；请先重新接纳（`synergy enterprise readmit`）",
        ),
        "anonymous": (
            RefusedError,
            "partners of this round have no names yet, so that exchanges with one of them cannot be asked about",
            "本轮次合作方尚未公开，不能查询与某一方的交换",
        ),
        "no_plan": (
            RefusedError,
            "the round has no plan yet that could be asked about; match it first",
            "本轮次还没有可供查询的方案；请先匹配",
        ),
        "host": (
            RefusedError,
            "{host}: webhooks may go to {expected} alone; ask the operator to allow another host",
            "{host}：网络回调仅可发送至 {expected}；请联系运维人员开放其他主机",
        ),
        "too_often": (
            RefusedError,
            "changed {count} times in this round, no more is allowed; ask the planner",
            "本轮次已修改 {count} 次，不能再改；请联系组织者",
        ),
    }
)
# nouns of the sentences above
NOUNS: Mapping[str, tuple[str, str]] = MappingProxyType(
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


def refusal(code: str, **fields: Any) -> StoreError:
    """Return an error of the store, to be raised.

    Parameters
    ----------
    code : str
        Its name in `WORDS`.
    **fields : object
        What stands for the braces; `what` is a name in `NOUNS`.

    Returns
    -------
    StoreError
    """
    kind, en, zh = WORDS[code]
    what = NOUNS.get(str(fields.get("what")), (str(fields.get("what")),) * 2)
    return kind(code, en.format(**fields | {"what": what[0]}), zh.format(**fields | {"what": what[1]}))


def unavailable(error: Exception) -> StoreError:
    """Return what to raise where the database does not answer; the statement and its values are not told."""
    said = getattr(error, "orig", None) or error
    return refusal("unavailable", said=f"{type(said).__name__}: {str(said).splitlines()[0] if str(said) else ''}")
