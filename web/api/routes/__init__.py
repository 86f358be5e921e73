"""The operations of the API: each parses nothing and decides nothing, but asks the store and names units."""

from __future__ import annotations

from web.api.routes import audit, datasets, declarations, documents, matches, people, proposals, rounds

ALL = (rounds, declarations, proposals, matches, people, audit, datasets, documents)
