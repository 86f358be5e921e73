"""Time zones as options name them."""

from __future__ import annotations

import difflib
import zoneinfo
from datetime import tzinfo
from typing import Any

import click

from synergy.cli.usage import refuse

REGION = "Asia/Shanghai"  # of the dataset that ships


class Zone(click.ParamType[Any]):
    """A time zone by its name in the IANA database."""

    name = "time zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """Return the zone of a name, or say which names are near."""
        if isinstance(value, tzinfo):
            return value
        try:
            return zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # also no file name, a folder
            near = difflib.get_close_matches(value, sorted(zoneinfo.available_timezones()), 3, 0.75) or [REGION]
            refuse(value, "expected.zone", param, ctx, bound=", ".join(near))
