"""Problem documents (RFC 9457): one stable type per error code, worded like the rest of the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from synergy.web.api.models import Fault
from synergy.web.api.models import Problem as ProblemDocument
from synergy.web.api.spec import PREFIX

from synergy.errors import (
    ConflictError,
    DatasetError,
    DeniedError,
    NotFoundError,
    Problem,
    Severity,
    StoreError,
    SynergyError,
    UnavailableError,
    UsageError,
)
from synergy.texts import say

MEDIA = "application/problem+json"
MOST = 100  # errors listed in one document
# code: status, title in English and Chinese, what to do in English and Chinese
TYPES: Mapping[str, tuple[int, tuple[str, str], tuple[str, str]]] = MappingProxyType(
    {
        "malformed": (
            400,
            ("The request cannot be read", "无法读取该请求"),
            (
                "The body is no JSON, names a key twice, or holds a number that is not finite or text that is no text. "
                "Mend the body and send it again.",
                "请求体不是合法 JSON、含重复的键、非有限数值或非法文本。请修正后重新发送。",
            ),
        ),
        "signed_out": (
            401,
            ("Not signed in", "未登录"),
            (
                "Send `Authorization: Bearer TOKEN`; for tokens and passwords, name and password (Basic). A token that "
                "has ended is made anew by its account.",
                "请发送 `Authorization: Bearer 令牌`；管理令牌和密码时使用用户名与密码（Basic）。"
                "过期令牌须由其账户重新创建。",
            ),
        ),
        "denied": (
            403,
            ("Not allowed", "无权执行"),
            (
                "The account has another role, or the token lacks the scope that the operation names. Ask an "
                "administrator, or make a token with that scope.",
                "账户角色不符，或令牌缺少该操作所需的权限范围。请联系管理员，或创建含该范围的令牌。",
            ),
        ),
        "not_found": (
            404,
            ("Not found", "未找到"),
            (
                "Nothing is at this address, or nothing that this account may know of: the two are not told apart.",
                "此地址没有内容，或该账户无权知晓：两者不作区分。",
            ),
        ),
        "method": (
            405,
            ("Method not allowed", "不支持该方法"),
            ("The header `Allow` says what this address takes.", "响应头 `Allow` 说明此地址支持的方法。"),
        ),
        "not_acceptable": (
            406,
            ("Nothing of what is accepted can be sent", "无法按所要求的类型返回"),
            (
                "`Accept` names no media type that the operation answers with; the detail names it. Leave the header "
                "out, or send `*/*`.",
                "`Accept` 中没有该操作可返回的媒体类型；详情给出可用类型。请去掉该请求头或使用 `*/*`。",
            ),
        ),
        "step": (
            409,
            ("Does not fit the state", "与当前状态不符"),
            (
                "The round or partnership is in another state. Look at it again; the detail names the states that fit.",
                "轮次或合作处于其他状态。请重新查看；详情列出了适用的状态。",
            ),
        ),
        "late": (
            409,
            ("The deadline has passed", "截止时间已过"),
            (
                "The deadline that the detail names is over. A planner can move it, by `POST /rounds/{round}/extend`, "
                "on the page of the round or by `synergy round extend`; then send the same call again.",
                "详情所示截止时间已过。组织者可通过 `POST /rounds/{round}/extend`、轮次页面或 `synergy round extend` "
                "延期；之后重新发送同一请求即可。",
            ),
        ),
        "conflict": (
            409,
            ("In conflict with what is there", "与现有内容冲突"),
            (
                "A name is taken, a run is under way, or a limit of changes is reached. The detail says which.",
                "名称已被占用、正在匹配，或已达修改次数上限。详情说明具体原因。",
            ),
        ),
        "stale": (
            412,
            ("Changed by somebody else", "已被他人修改"),
            (
                "`If-Match` names a version that is no longer the newest. Read again, look at what changed, and repeat "
                "with the new `ETag`.",
                "`If-Match` 所指版本已不是最新。请重新读取、查看变化，并以新的 `ETag` 重试。",
            ),
        ),
        "too_large": (
            413,
            ("Too large", "内容过大"),
            ("The body is larger than the server takes.", "请求体超过服务器允许的大小。"),
        ),
        "media": (
            415,
            ("Another media type is needed", "媒体类型不符"),
            ("Send the media type that the operation names.", "请使用该操作所要求的媒体类型。"),
        ),
        "invalid": (
            422,
            ("Something in the request is wrong", "请求内容有误"),
            (
                "`errors` names each place (a JSON pointer into the body, or the name of a parameter), the rule and "
                "how to mend it. Nothing was stored.",
                "`errors` 列出每一处的位置（请求体的 JSON 指针或参数名）、规则及修改方法。未保存任何内容。",
            ),
        ),
        "dataset": (
            422,
            ("The dataset or declaration is wrong", "数据集或申报有误"),
            (
                "`errors` names every fault at once, with table, row and column. Nothing was stored.",
                "`errors` 一次列出全部错误及其表、行、列。未保存任何内容。",
            ),
        ),
        "key_reused": (
            422,
            ("The idempotency key was used before", "幂等键已被使用"),
            (
                "The same `Idempotency-Key` came with another request. Use a new key for a new request, and the same "
                "body for a repetition.",
                "同一 `Idempotency-Key` 曾用于其他请求。新请求请用新键，重复请求请用相同内容。",
            ),
        ),
        "version_needed": (
            428,
            ("If-Match is needed", "需要 If-Match"),
            (
                "Send `If-Match` with the `ETag` of what you saw, so that nobody's change is overwritten unseen; `*` "
                "takes whatever is there.",
                "请以所见内容的 `ETag` 发送 `If-Match`，避免覆盖他人修改；`*` 表示接受任何版本。",
            ),
        ),
        "too_many": (
            429,
            ("Too many requests", "请求过于频繁"),
            (
                "Wait as long as `Retry-After` says. `RateLimit-Remaining` counts down before it comes to this.",
                "请等待 `Retry-After` 所示时间。`RateLimit-Remaining` 会事先递减提示。",
            ),
        ),
        "failed": (
            500,
            ("Something went wrong on our side", "服务器出现问题"),
            (
                "The request is not at fault; tell the operator the request id.",
                "请求本身无误；请将请求编号告知运维人员。",
            ),
        ),
        "unavailable": (
            503,
            ("Not available for a moment", "暂时不可用"),
            (
                "Nothing was stored. Repeat the same call after `Retry-After` seconds.",
                "未保存任何内容。请在 `Retry-After` 秒后重复同一请求。",
            ),
        ),
    }
)
# codes of the store that are not a type of their own, by the type that they are told as
_STORE = {
    "answered": "step",
    "stage": "step",
    "taken": "conflict",
    "busy": "conflict",
    "lost": "conflict",
    "too_often": "conflict",
    "bad_value": "invalid",
    "past": "invalid",
    "unknown": "invalid",
    "reason": "invalid",
    "weak_password": "invalid",
}


class ApiProblem(Exception):  # noqa: N818
    """Error that is returned as a problem document; `code` is a key of `TYPES`.

    The detail is in English and Chinese, the title if empty; each error is a pointer, a code and a message in both
    languages.
    """

    def __init__(
        self,
        code: str,
        detail: tuple[str, str] = ("", ""),
        errors: Sequence[tuple[str, str, str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code, self.detail, self.errors = code, detail, tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(code)

    @property
    def status(self) -> int:
        """Return the HTTP status code of the response."""
        return TYPES[self.code][0]

    def record(self, lang: str, instance: str, request_id: str) -> ProblemDocument:
        """Return the problem document in one language, ``zh`` or ``en``, for the requested path."""
        status, title, _ = TYPES[self.code]
        return ProblemDocument(
            type=f"{PREFIX}/problems/{self.code}",
            title=say(title, lang),
            status=status,
            detail=say(self.detail, lang) or say(title, lang),
            instance=instance,
            request_id=request_id,
            errors=[_fault(one, lang) for one in self.errors[:MOST]],
        )


def problem_of(error: SynergyError) -> ApiProblem:
    """Convert an error of the store, of a dataset or of a question to an API problem."""
    if isinstance(error, DatasetError):
        return ApiProblem("dataset", errors=[_place(one) for one in error.problems if one.severity is Severity.ERROR])
    if isinstance(error, UnavailableError):  # how the database is reached stands in the log alone
        return ApiProblem("unavailable", headers=_headers(error))
    if isinstance(error, StoreError):
        return ApiProblem(_code(error), (error.en, error.zh), headers=_headers(error))
    if isinstance(error, UsageError):
        return ApiProblem("invalid", (error.sentence("en"), error.sentence("zh")))
    return ApiProblem("failed")


def _code(error: StoreError) -> str:
    if error.code in TYPES:
        return error.code
    kinds: dict[type[StoreError], str] = {
        NotFoundError: "not_found",
        DeniedError: "denied",
        ConflictError: "conflict",
        UnavailableError: "unavailable",
    }
    return _STORE.get(error.code) or kinds.get(type(error), "invalid")


def _headers(error: StoreError) -> dict[str, str]:
    if isinstance(error, UnavailableError):
        return {"Retry-After": "2"}
    return {"WWW-Authenticate": 'Bearer realm="synergy"'} if error.code == "signed_out" else {}


def _place(one: Problem) -> tuple[str, str, str, str]:
    """Return the error entry of a fault: pointer of table, row and column, code, and message in both languages."""
    parts = [one.table, *([] if one.row is None else [str(one.row)]), *([one.column] if one.column else [])]
    zh = one.message_zh + (f"；{one.hint_zh}" if one.hint_zh else "")
    en = one.message + (f"; {one.hint}" if one.hint else "")
    return pointer(*parts), one.code or "wrong", en, zh or en


def warnings_of(problems: Sequence[Problem], lang: str) -> list[Fault]:
    """Return the warnings among problems as error entries in one language (``zh`` or ``en``), at most `MOST`."""
    found = [_place(one) for one in problems if one.severity is Severity.WARNING]
    return [_fault(one, lang) for one in found[:MOST]]


def _fault(one: tuple[str, str, str, str], lang: str) -> Fault:
    where, code, en, zh = one
    return Fault(pointer=where, code=code, detail=(zh or en) if lang == "zh" else en)


def code_of(status: int) -> str:
    """Return the problem code for an HTTP status code.

    Examples
    --------
    >>> code_of(404), code_of(409), code_of(418)
    ('not_found', 'conflict', 'failed')
    """
    if status == 409:
        return "conflict"
    return next((code for code, (known, *_) in TYPES.items() if known == status), "failed")


def pointer(*parts: object) -> str:
    """Return the JSON pointer (RFC 6901) of some path segments.

    Examples
    --------
    >>> pointer("entries", 0, "a/b")
    '/entries/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
