"""Persistent store of rounds, from declaration to partnership: tables, accounts, access control, audit."""
