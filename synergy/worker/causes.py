"""Causes of failures: messages for users without confidential figures, and log lines with the location."""

from __future__ import annotations

import traceback

from synergy.errors import DatasetError, SolverError, StoreError, SynergyError, UsageError

_CALLS = 8  # of the innermost calls, in the log


_BROKEN = (
    "it ended by a fault of the program; try again, and if it fails again ask the operator: the log has the cause / "
    "程序故障导致中断；请重试，如再次失败请联系运维人员，原因见日志"
)


def sentence(error: Exception, *, planner: bool = True) -> str:
    """Return the message ``English / 中文`` of an error, with the correction where it is known.

    For a planner problems of a dataset have their figures. Class and message of an unforeseen error are left out: a
    message may hold figures of a firm.
    """
    if isinstance(error, StoreError):
        return f"{error.en} / {error.zh}"
    if isinstance(error, DatasetError) and error.problems and planner:
        first = error.problems[0]
        return f"{first.line('en')} / {first.line('zh').replace('/', '／')}"
    return str(error) if isinstance(error, UsageError | SolverError) else _BROKEN


def lasting(error: Exception) -> bool:
    """Return whether an error is permanent, so that the same run is not retried."""
    return isinstance(error, SynergyError) and not isinstance(error, SolverError)


def died(code: int | str | None) -> str:
    """Return the message ``English / 中文`` of a process that ended without a result, with its exit code."""
    return (
        f"its process ended without a word (exit code {code}), often for want of memory; try again or ask the operator"
        f" / 计算进程意外退出（退出码 {code}），常因内存不足；请重试或联系运维人员"
    )


def late(seconds: float) -> str:
    """Return the message ``English / 中文`` of a run that exceeded its time limit in seconds."""
    return (
        f"it took more than {seconds:g} s; set a shorter time limit of the search / "
        f"用时超过 {seconds:g} 秒；请缩短求解时限"
    )


def cause(error: BaseException) -> str:
    """Return the log line of an error: classes and innermost calls along its chain of causes, no messages."""
    said = []
    inner: BaseException | None = error
    while inner is not None:
        calls = traceback.extract_tb(inner.__traceback__)[-_CALLS:]
        where = " < ".join(f"{one.name} ({one.filename}:{one.lineno})" for one in reversed(calls))
        said.append(f"{type(inner).__name__} in {where}")
        inner = inner.__cause__
    return ", from ".join(said)
