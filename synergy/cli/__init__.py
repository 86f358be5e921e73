"""Command line interface `synergy`: parses arguments, calls the library and prints results."""

from synergy.cli.main import main

__all__ = ["main"]
