"""Server-sent events: progress of a run, resumable by event id, with heartbeat and a limit of open streams."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import Call

from synergy.errors import SynergyError
from synergy.records.names import MatchState
from synergy.store import queries

STREAMS = 3  # each holds a thread of the server, which has a few more
LONGEST = 300.0  # seconds; the caller comes again by itself, with the last id
LOOK = 0.5
HEARTBEAT = 15.0
ENDED = (MatchState.DONE, MatchState.FAILED, MatchState.CANCELLED)
_ID = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")
_SLOTS = threading.BoundedSemaphore(STREAMS)


@dataclass(slots=True)
class Slot:
    """One of the limited stream slots; it is released exactly once."""

    held: bool = True

    def free(self) -> None:
        """Release the slot."""
        if self.held:
            self.held = False
            _SLOTS.release()

    def __del__(self) -> None:
        self.free()


def follow(call: Call, match: int, after: str | None) -> Iterator[bytes]:
    """Return the event stream of a run: ``progress`` events after the id `after`, and an ``end`` event with its state.

    Permission is checked again at each poll of the store.

    Raises
    ------
    ApiProblem
        All streams are in use; the client should poll.
    """
    if not _SLOTS.acquire(blocking=False):
        said = ("all streams are taken; poll the same address as JSON", "推送通道已满；请改为以 JSON 轮询同一地址")
        raise ApiProblem("too_many", said, headers={"Retry-After": "5"})
    attempt, _, number = (after or "").partition(".") if _ID.fullmatch(after or "") else ("0", "", "-1")
    return _events(call, match, (int(attempt), int(number)), Slot())


def _events(call: Call, match: int, seen: tuple[int, int], slot: Slot) -> Iterator[bytes]:
    begun = beat = time.monotonic()
    try:
        yield b"retry: 2000\n\n"
        while time.monotonic() - begun < LONGEST:
            state = queries.see_match(*call.caller, match).state
            for row in queries.see_progress(*call.caller, match, seen):
                seen = (row.attempt, row.number)
                yield _event("progress", row.document(), row.id)
                beat = time.monotonic()
            if state in ENDED:
                yield _event("end", {"match": match, "state": state})
                return
            if time.monotonic() - beat > HEARTBEAT:
                yield b": still here\n\n"
                beat = time.monotonic()
            time.sleep(LOOK)
    except SynergyError:
        # nothing more can be told; whoever comes again learns why
        return
    finally:
        slot.free()


def _event(kind: str, told: Mapping[str, object], ident: str | None = None) -> bytes:
    head = "" if ident is None else f"id: {ident}\n"
    data = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()
