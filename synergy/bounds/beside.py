"""Beside: the search for a proof in a process of its own, which can be ended at any moment."""

from __future__ import annotations

import multiprocessing
import signal
import time
from multiprocessing.connection import Connection

from synergy.bounds.certify import Proof, certify
from synergy.dataset.dataset import Dataset


class Beside:
    """Search for a proof that goes on beside that for a plan; as a context it ends the process when it is left.

    Parameters
    ----------
    dataset : Dataset
    seconds : float
        When it stops by itself.
    """

    def __init__(self, dataset: Dataset, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(there, dataset, seconds), daemon=True)
        self._process.start()
        there.close()

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def result(self, seconds: float) -> Proof | None:
        """Best proof that is found within a time from now, None where there is none by then."""
        until, best = time.monotonic() + seconds, None
        try:
            while self._pipe.poll(max(0.0, until - time.monotonic())):
                found: Proof | None = self._pipe.recv()
                if found is None:
                    break
                best = found
        except (EOFError, OSError):  # the process was lost
            return best
        return best


def _work(pipe: Connection, dataset: Dataset, seconds: float) -> None:
    """Search, and send each proof that is better than those before, then nothing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a key reaches the whole group; who started this one ends it
    try:
        certify(dataset, seconds, heard=pipe.send)
        pipe.send(None)
    except BrokenPipeError:  # nobody waits any more
        return
