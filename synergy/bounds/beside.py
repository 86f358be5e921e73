"""Beside: the search for a proof in a process of its own, which can be ended at any moment."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from multiprocessing.connection import Connection
from pickle import UnpicklingError

from synergy.bounds.certify import Proof, certify
from synergy.bounds.master import Budget
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
        self._best: Proof | None = None
        self._process = context.Process(target=_work, args=(there, dataset, seconds), daemon=True)
        self._process.start()
        there.close()
        # read at once: a proof is larger than the pipe's buffer, and a sender that nobody hears stands still
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._reader.join()
        self._pipe.close()

    def _read(self) -> None:
        """Keep the newest proof until the process says that it is done, or is lost."""
        try:
            while (found := self._pipe.recv()) is not None:
                self._best = found
        except (EOFError, OSError, UnpicklingError):
            return

    @property
    def best(self) -> Proof | None:
        """Best proof so far, None where there is none yet."""
        return self._best

    def ended(self, seconds: float) -> bool:
        """Whether the search ends within a time from now."""
        self._reader.join(seconds)
        return not self._reader.is_alive()


def _work(pipe: Connection, dataset: Dataset, seconds: float) -> None:
    """Search, and send each proof that is better than those before, then nothing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a key reaches the whole group; who started this one ends it
    try:
        if (found := certify(dataset, Budget(seconds), heard=pipe.send)) is not None:
            pipe.send(found)
        pipe.send(None)
    except BrokenPipeError:  # nobody waits any more
        return
