"""What notices say, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synergy.errors import half
from synergy.texts import LANGUAGES, WORDS, Catalogue, say

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
        "countered": (
            "A partner has made a counter-offer to a proposal",
            "合作方对一项建议提出了还价",
        ),
        "counter_refused": (
            "The price you asked for lies outside what the other side can agree to; the exchange keeps its price",
            "贵企业提出的价格超出对方可接受的范围；该项交易维持原价格",
        ),
        "said": (
            "{enterprise} has answered a proposal: {answer_en}",
            "{enterprise} 已答复一项建议：{answer_zh}",
        ),
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
        "stage": (
            "A partnership has come to another stage: {stage_en}",
            "合作进入新阶段：{stage_zh}",
        ),
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


def in_utc(moment: str) -> str:
    """Return a moment of the store as people write it."""
    return moment.replace("T", " ").replace("+00:00", " UTC")


def message(kind: str, fields: Mapping[str, Any], when: Callable[[str], str] = in_utc) -> dict[str, str]:
    """Return a notice in both languages.

    Parameters
    ----------
    kind : str
        Its name in `MESSAGES`.
    fields : mapping
        What stands for the braces; a deadline may be missing, words of the store are translated.
    when : callable
        A moment of the store to what readers are told.

    Returns
    -------
    dict
        ``{text_en, text_zh}``.
    """
    deadline = fields.get("deadline")
    known: dict[str, Any] = {name: "–" if value is None else value for name, value in fields.items()}
    if deadline is not None:
        deadline = known["deadline"] = when(str(deadline))
    for name in ("standing", "answer", "stage", "status"):
        word = str(fields.get(name, ""))
        known[f"{name}_en"], known[f"{name}_zh"] = _STATES.get(word) or WORDS.get(f"status.{word}") or (word, word)
    fault = str(fields.get("fault", ""))
    known["fault_en"], known["fault_zh"] = half(fault, "en"), half(fault, "zh")
    until = ("", "") if deadline is None else (f" until {deadline}", f"，截止 {deadline}")
    return {f"text_{lang}": MESSAGES.say(kind, lang, **known | {"until": say(until, lang)}) for lang in LANGUAGES}
