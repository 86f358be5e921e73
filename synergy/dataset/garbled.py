"""Text that was once read in a wrong encoding (mojibake)."""

from __future__ import annotations

import re

_MARKS = ("\ufffd", "锟斤拷", "烫烫烫", "屯屯屯")
_COMMON = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef\\s\\w]+")
_WRONG = (("latin-1", 1), ("cp1252", 1), ("gbk", 3))  # encoding it was read in, least length of a sure case


def garbled(text: str) -> str:
    """Return what a garbled text was before; itself where that cannot be told, "" for text that is sound.

    Parameters
    ----------
    text : str
        Text that is not all ASCII.

    Returns
    -------
    str

    Examples
    --------
    >>> garbled("å±±è¥¿"), garbled("山西"), garbled("café")
    ('山西', '', '')
    """
    if any(mark in text for mark in _MARKS):
        return text
    for encoding, least in _WRONG:
        try:
            before = text.encode(encoding).decode()
        except UnicodeError:
            continue
        if len(text) >= least and not before.isascii() and _COMMON.fullmatch(before):
            return before
    return ""
