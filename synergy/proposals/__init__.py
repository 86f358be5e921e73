"""Proposals to the enterprises: a plan read as builds with their partners and as direct exchanges."""

from synergy.proposals.build import Context, propose

__all__ = ["Context", "propose"]
