"""The operations of the API: each parses nothing and decides nothing, but asks the store and names units."""

from __future__ import annotations

from synergy.web.api.routes import datasets, declarations, keeping, matches, notices, people, proposals, rounds, studies

ALL = (
    rounds,
    declarations,
    proposals,
    matches,
    studies,
    people,
    notices,
    keeping,
    datasets,
    datasets,
)
