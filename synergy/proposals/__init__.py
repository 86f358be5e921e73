"""Proposals to the enterprises: a plan read as builds with their partners and as direct exchanges."""

from synergy.proposals.build import propose
from synergy.proposals.names import Context

__all__ = ["Context", "propose"]
