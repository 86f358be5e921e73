"""The command `synergy`: parse, call, print; it computes nothing itself."""

from synergy.cli.main import main

__all__ = ["main"]
