"""The client of the manual, against a server that listens."""

from __future__ import annotations

import base64
import re
import urllib.request

import pytest
from roots import HANG_S, ROOT
from served import listening
from web_worlds import PASSWORD, World

from synergy.store import runs

CHAPTER = ROOT / "web" / "manual" / "program.md"
BLOCKS = re.findall(r"```py\n(.*?)```", CHAPTER.read_text("utf-8"), flags=re.S)


def test_the_client_of_the_manual(web_world: World, capsys: pytest.CaptureFixture[str]) -> None:
    basic = "Basic " + base64.b64encode(f"ed-glass:{PASSWORD}".encode()).decode()
    with listening(web_world.app) as address:
        assert len(BLOCKS) == 1
        exec(compile(BLOCKS[0], "program.md", "exec"), {"ADDRESS": address, "BASIC": basic})
    said = capsys.readouterr().out.splitlines()
    assert len(said) > 1
    assert said[-1] in ("interested", "accepted")
    assert any("kNm3 COG" in line for line in said)


def test_a_stream_tells_while_it_lasts(web_world: World) -> None:
    """What a server sends comes as it happens, not when the stream ends."""
    from api_worlds import Program

    program = Program(web_world)
    number = runs.request_match(web_world.store, web_world.actor("planner"), web_world.round).match
    with listening(web_world.app) as address:
        asked = urllib.request.Request(
            f"{address}/api/v1/matches/{number}/progress",
            headers={"Authorization": f"Bearer {program.token('planner')}", "Accept": "text/event-stream"},
        )
        with urllib.request.urlopen(asked, timeout=HANG_S) as stream:
            assert stream.readline() == b"retry: 2000\n"
            # nothing ends the run, and so the stream, before it is cancelled here
            runs.cancel_match(web_world.store, web_world.actor("planner"), web_world.round)
            rest = stream.read().decode()
        assert '"state":"cancelled"' in rest
