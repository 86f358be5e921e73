"""The digest of a dataset: what its tables say, whatever the bytes of its files.

Two datasets with the same digest hold the same rows in the same order with the same values. Byte order marks,
encodings, line ends, quotes, the order of columns, spellings of a number (``1`` and ``1.0``), and whether a default is
written out do not matter; nor do settings and a scenario, which the plan names by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from synergy.dataset.sheet import Sheet, Words


def digest_of(sheets: Mapping[str, Sheet]) -> str:
    """Return the SHA-256 of tables as read, defaults filled in, before any scenario.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables; those that were not given do not count.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    total = hashlib.sha256(b"synergy/dataset/1\n")
    for name in sorted(sheets):
        sheet = sheets[name]
        if not sheet.given:
            continue
        total.update(f"{name}\n{len(sheet)}\n".encode())
        for column in sorted(sheet.columns):
            total.update(f"{column}\n".encode())
            _update(total, sheet, column)
    return total.hexdigest()


def _update(total: hashlib._Hash, sheet: Sheet, column: str) -> None:
    cells = sheet.columns[column]
    if isinstance(cells, Words):
        words = cells.renamed(cells.words) if cells.used().all() else Words.of(cells.texts())
        total.update("".join(f"{len(word)}:{word}" for word in words.words).encode("utf-8", "surrogatepass"))
        total.update(np.ascontiguousarray(words.codes.astype("<i4")).data)
    elif cells.dtype == np.bool_:
        total.update(np.packbits(cells.astype(np.bool_)).data)
    else:
        numbers = np.where(np.isnan(cells), np.nan, cells).astype("<f8")  # one kind of NaN
        total.update(np.ascontiguousarray(numbers).data)
