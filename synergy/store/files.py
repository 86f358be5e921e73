"""Files that nobody but their owner may read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def private(place: Path) -> BinaryIO:
    """Open a new file for writing that its owner alone may read, from the first moment on.

    Parameters
    ----------
    place : pathlib.Path
        Where nothing is yet.

    Raises
    ------
    FileExistsError
        Something is there.
    """
    return os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
