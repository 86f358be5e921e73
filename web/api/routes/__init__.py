"""Route modules of the API: handlers that call the store and add units to its records."""

from __future__ import annotations

from synergy.web.api.routes import datasets, declarations, keeping, matches, notices, people, proposals, rounds, studies

ALL = (rounds, declarations, proposals, matches, studies, people, notices, keeping, datasets)
