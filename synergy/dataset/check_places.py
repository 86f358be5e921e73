"""Enterprises and their places: weights, coordinates, and what a public place may hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synergy.dataset.findings import Findings, Where
from synergy.dataset.sheet import Flags, Floats, Sheet

EARTH_KM = 6371.0088
_FAR_KM, _FAR_TIMES = 400.0, 15.0  # a site farther from the middle than both is worth a question


def check_places(sheets: Mapping[str, Sheet], findings: Findings) -> None:
    """Check weights, coordinates, and facilities at public places.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables.
    findings : Findings
        Takes what is wrong.
    """
    weights = sheets["enterprises"].numbers("weight")
    if len(weights) and not np.nansum(weights):
        findings.add("no_weight", Where("enterprises", None, "weight"), "0")
    _coordinates(sheets["sites"], findings)
    _public_facilities(sheets, findings)


def public_sites(sheets: Mapping[str, Sheet]) -> set[str]:
    """Return the sites without an enterprise.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables.

    Returns
    -------
    set of str
    """
    sites = sheets["sites"]
    public: set[str] = set(sites.words("site").texts()[~sites.words("enterprise").filled]) - {""}
    return public


def _coordinates(sites: Sheet, findings: Findings) -> None:
    latitude, longitude = sites.numbers("latitude"), sites.numbers("longitude")
    names = sites.words("site").texts()

    def say(code: str, wrong: Flags, **fields: object) -> None:
        texts = [f"{names[row]}: {latitude[row]:g}, {longitude[row]:g}" for row in np.flatnonzero(wrong)]
        findings.add_rows(code, Where("sites", None, "latitude"), sites.lines[wrong], texts, **fields)

    half = np.isnan(latitude) != np.isnan(longitude)
    say("half_coordinates", half)
    placed = ~np.isnan(latitude) & ~np.isnan(longitude) & (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    zero = placed & (latitude == 0) & (longitude == 0)
    say("zero_coordinates", zero)
    placed &= ~zero
    kms = _from_middle(latitude, longitude, placed)
    far = kms > max(_FAR_KM, _FAR_TIMES * float(np.median(kms[placed])) if placed.sum() > 3 else np.inf)
    say("far_site", far, km=[f"{km:.0f}" for km in kms[far]])
    seen: dict[tuple[float, float], str] = {}
    other = np.array([seen.setdefault((a, b), name) for a, b, name in zip(latitude, longitude, names, strict=True)])
    twin = placed & (other != names) if len(other) else placed
    say("same_place", twin, other=list(other[twin]))


def _from_middle(latitude: Floats, longitude: Floats, placed: Flags) -> Floats:
    """Return the km of each site from the median place; 0 where it has no coordinates."""
    kms = np.zeros(len(latitude))
    if placed.any():
        a, b = np.radians(latitude[placed]), np.radians(longitude[placed])
        a0, b0 = np.median(a), np.median(b)
        half = np.sin((a - a0) / 2) ** 2 + np.cos(a) * np.cos(a0) * np.sin((b - b0) / 2) ** 2
        kms[placed] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(1, half)))
    return kms


def _public_facilities(sheets: Mapping[str, Sheet], findings: Findings) -> None:
    facilities, public = sheets["facilities"], public_sites(sheets)
    load, must = facilities.numbers("min_load"), facilities.flags("must_run")
    site = facilities.words("site")
    at_public = site.among(np.array([word in public for word in site.words], dtype=np.bool_))
    for code, column, wrong in (
        ("must_run_without_load", "must_run", must & ~(load > 0)),
        ("public_min_load", "min_load", at_public & (load > 0) & ~must),
    ):
        values = [f"{facilities.value(column, row)}".lower() for row in np.flatnonzero(wrong)[:200]]
        findings.add_rows(code, Where("facilities", None, column), facilities.lines[wrong], values)
