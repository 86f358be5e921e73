"""Ids: what they may be made of, what is trimmed and said, and which known ones lie near an unknown one."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

LONGEST = 64
_LETTER = re.compile(r"[\w.:-]")
# dots alone would be another place in an address
CLEAN = re.compile(r"(?!\.+\Z)[\w.:-]{1,64}")
ALL_CLEAN = re.compile(r"(?:(?!\.+\n)[\w.:-]{1,64}\n)*")
# zero-width and directional marks, soft hyphen, byte order mark
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}")  # as a spreadsheet shows a number of many digits
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK")
# Cyrillic and Greek letters, and the Latin ones they look like
_ALIKE = str.maketrans("АВЕКМНОРСТУХаеорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXaeopcyxABEZHIKMNOPTYXo")
_NEAR = 0.5  # least likeness of a name that is offered
_MANY = 4000  # beyond so many known names only those with the same beginning are compared


def cleaned(text: str) -> tuple[str, str, dict[str, object]]:
    """Return an id as it is read, the rule that it breaks ("" for none) and what its texts ask for.

    Parameters
    ----------
    text : str
        A cell that is not blank.

    Returns
    -------
    tuple of str, str, dict
        The id is "" where it cannot be read.
    """
    plain = text.strip(" \t\n")
    clean = INVISIBLE.sub("", plain).strip()
    code = "" if clean == text else "id_trimmed" if clean == plain else "id_blanks"
    if not clean:
        return "", "", {}
    if len(clean) > LONGEST:
        return "", "id_long", {"most": LONGEST}
    if not CLEAN.fullmatch(clean):
        wrong = sorted({c for c in clean if not _LETTER.fullmatch(c)}) or [clean]
        code = "id_number" if _SHORTENED.fullmatch(clean) else "id_letters"
        return "", code, {"wrong": " ".join(map(repr, wrong))}
    if not clean.isascii():
        scripts = alphabets(clean)
        if len(scripts) > 1:
            return "", "id_mixed", {"scripts": " + ".join(scripts), "instead": clean.translate(_ALIKE)}
        folded = unicodedata.normalize("NFKC", clean)
        if folded != clean and not code:
            return clean, "id_wide", {"instead": folded}
    return clean, code, {"instead": clean}


def alphabets(text: str) -> list[str]:
    """Return which of the look-alike alphabets a text uses.

    Parameters
    ----------
    text : str
        An id.

    Returns
    -------
    list of str
    """
    names = {unicodedata.name(c, "").split(" ")[0] for c in unicodedata.normalize("NFKC", text)}
    return [name.capitalize() for name in _ALPHABETS if name in names]


def folded(text: str) -> str:
    """Return a text without what the eye passes over: case, width, invisible marks, outer blanks."""
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).strip().casefold()


def near(text: str, known: Sequence[str], names: Mapping[str, str] | None = None, count: int = 3) -> list[str]:
    """Return known ids that an unknown one may mean, the likeliest first.

    Parameters
    ----------
    text : str
        What was found.
    known : sequence of str
        Known ids.
    names : mapping of str to str, optional
        Ids by their names in any language.
    count : int
        Most that are returned.

    Returns
    -------
    list of str
    """
    look = folded(text)
    by_look: dict[str, str] = {folded(name): one for name, one in (names or {}).items() if name}
    pool = known if len(known) <= _MANY else [one for one in known if folded(one)[:2] == look[:2]][:_MANY]
    by_look |= {folded(one): one for one in pool}
    if look in by_look:
        return [by_look[look]]
    close = difflib.get_close_matches(look, list(by_look), n=count, cutoff=_NEAR)
    return list(dict.fromkeys(by_look[name] for name in close))


def suggestion(found: Iterable[str]) -> dict[str, object]:
    """Return the hints that name what may have been meant.

    Parameters
    ----------
    found : iterable of str
        Known names.

    Returns
    -------
    dict
        ``near`` and ``near_zh``.
    """
    listed = [repr(one) for one in found]
    if not listed:
        return {"near": "", "near_zh": ""}
    return {"near": f"did you mean {' or '.join(listed)}?", "near_zh": f"是否为 {'、'.join(listed)}？"}
