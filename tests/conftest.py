"""Fixtures that more than one module needs."""

import pytest

pytest_plugins = ("stores", "web_worlds", "api_worlds", "form_files")


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are as wide as for a pipe, whatever the runner says of its terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)
