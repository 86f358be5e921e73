"""Rounds from declaration to running partnership: tables, accounts, access, audit; nothing of the engine in it."""
