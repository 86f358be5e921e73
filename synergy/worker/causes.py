"""Causes of what broke: a sentence for people without figures of a firm, and a line for the log that says where."""

from __future__ import annotations

import traceback

from synergy.errors import (
    DatasetError,
    SolverError,
    StoreError,
    SynergyError,
    UsageError,
)

_CALLS = 8  # of the innermost calls, in the log


_BROKEN = (
    "it ended by a fault of the program; try again, and if it fails again ask the operator: the log has the cause / "
    "程序故障导致中断；请重试，如再次失败请联系运维人员，原因见日志"
)


def sentence(error: Exception, *, planner: bool = True) -> str:
    """Sentence ``English / 中文`` on an error: what to correct where that is known.

    Parameters
    ----------
    error : Exception
    planner : bool
        Whether a planner reads it: what is wrong with a dataset is told with its figures.

    Returns
    -------
    str
        Of an error that nobody foresaw neither class nor message: a message may hold figures of a firm.
    """
    if isinstance(error, StoreError):
        return f"{error.en} / {error.zh}"
    if isinstance(error, DatasetError) and error.problems and planner:
        first = error.problems[0]
        return f"{first.line('en')} / {first.line('zh').replace('/', '／')}"
    return str(error) if isinstance(error, UsageError | SolverError) else _BROKEN


def lasting(error: Exception) -> bool:
    """Whether the same run would end the same way again, so that it is not tried again."""
    return isinstance(error, SynergyError) and not isinstance(error, SolverError)


def died(code: int | str | None) -> str:
    """Sentence ``English / 中文`` on a process that ended without a word.

    Parameters
    ----------
    code : int, str or None
        Its exit code, the negative number of the signal that ended it.
    """
    return (
        f"its process ended without a word (exit code {code}), often for want of memory; try again or ask the operator"
        f" / 计算进程意外退出（退出码 {code}），常因内存不足；请重试或联系运维人员"
    )


def late(seconds: float) -> str:
    """Sentence ``English / 中文`` on a run that took more seconds than it may."""
    return (
        f"it took more than {seconds:g} s; set a shorter time limit of the search / "
        f"用时超过 {seconds:g} 秒；请缩短求解时限"
    )


def cause(error: BaseException) -> str:
    """Line for the log: classes of an error and of what it came from, and the innermost calls; no message."""
    said = []
    inner: BaseException | None = error
    while inner is not None:
        calls = traceback.extract_tb(inner.__traceback__)[-_CALLS:]
        where = " < ".join(f"{one.name} ({one.filename}:{one.lineno})" for one in reversed(calls))
        said.append(f"{type(inner).__name__} in {where}")
        inner = inner.__cause__
    return ", from ".join(said)
