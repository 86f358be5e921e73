"""Plan files: written whole or not at all, read with every fault located."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synergy.dataset.decode import unmarked
from synergy.errors import DatasetError, Problem
from synergy.outputs import written_whole
from synergy.plan import Plan
from synergy.records.dump import plan_record
from synergy.records.load import PLAN, plan_from_record


def write_plan(plan: Plan, path: str | Path) -> None:
    """Write a plan document; an old file stays whole until the new one is.

    Parameters
    ----------
    plan : Plan
        Any plan.
    path : str or pathlib.Path
        The file, usually ``.json``.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    written_whole(path, (dumps(plan_record(plan)) + "\n").encode())


def read_plan(path: str | Path) -> Plan:
    """Read a plan document.

    Parameters
    ----------
    path : str or pathlib.Path
        A file that `write_plan` or ``synergy match --out`` wrote.

    Returns
    -------
    Plan

    Raises
    ------
    DatasetError
        No such file, no JSON, or not a plan document.
    """
    return plan_from_record(read_record(path))


def read_record(path: str | Path) -> Any:
    """Read a JSON document as it stands; whether it is a plan document is not looked at.

    Parameters
    ----------
    path : str or pathlib.Path
        A file.

    Returns
    -------
    object

    Raises
    ------
    DatasetError
        No such file, or no JSON.
    """
    try:
        return loads(unmarked(Path(path).read_bytes()))
    except OSError as error:
        raise DatasetError([_unread(path, error.strerror or str(error), "无法读取该文件")]) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError([_unread(path, f"not valid JSON: {error}", f"不是有效的 JSON：{error}")]) from error


def dumps(record: Any) -> str:
    """Return a plain record as JSON text for people and programs: a row a line, Chinese as it is, never a NaN."""
    if not isinstance(record, dict):
        return _line(record)
    keys = (f" {_line(key)}: {_block(value)}" for key, value in record.items())
    return "{\n" + ",\n".join(keys) + "\n}"


def _block(value: Any) -> str:
    """Return the value of a key, lists of records a line each."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join("  " + _line(row) for row in value) + "\n ]"
    return _line(value)


def _line(value: Any) -> str:
    """Return a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def loads(text: str) -> Any:
    """Return what a JSON text says; NaN and Infinity, which JSON does not know, are a ValueError."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def _unread(path: str | Path, said: str, said_zh: str) -> Problem:
    return Problem(PLAN, None, "", str(path), said, code="plan_unreadable", message_zh=said_zh)
