"""The clock of the pages: moments are said and typed in one time zone; stores, files and programs keep UTC."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from stores import NAMES, PLANNER, begun
from synergy.web.app import create_app
from synergy.web.clock import Clock
from synergy.web.settings import ServerSettings
from web_worlds import SECRET, World

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.cli.words import WORDS
from synergy.store import queries, rounds
from synergy.store.column_types import typed

SHANGHAI, YORK = Clock(ZoneInfo("Asia/Shanghai")), Clock(ZoneInfo("America/New_York"))


@pytest.fixture
def web_settings() -> ServerSettings:
    """Return settings of the region of Lvliang."""
    return ServerSettings(secret=SECRET, limited=False, zone=SHANGHAI.zone)


@pytest.fixture
def at_calcutta(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the machine into a zone with half an hour."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


def test_moments_are_said_with_the_offset_they_have() -> None:
    late = datetime(2026, 3, 1, 16, 30, 59, tzinfo=UTC)
    assert (SHANGHAI.day(late), SHANGHAI.minute(late)) == ("2026-03-02", "2026-03-02 00:30 UTC+8")
    assert SHANGHAI.time(late) == "00:30:59 UTC+8"
    assert YORK.minute(late) == "2026-03-01 11:30 UTC-5"
    assert YORK.minute(datetime(2026, 7, 1, 16, 30, tzinfo=UTC)) == "2026-07-01 12:30 UTC-4"
    assert Clock(UTC).minute(late) == "2026-03-01 16:30 UTC"
    assert Clock(ZoneInfo("America/St_Johns")).minute(late).endswith(" UTC-3:30")
    assert (SHANGHAI.day(None), SHANGHAI.minute(None)) == ("–", "–")
    assert SHANGHAI.minute(datetime(9999, 12, 31, 23, tzinfo=UTC)) == "9999-12-31 23:00 UTC"
    now = datetime(2026, 1, 15, tzinfo=UTC)
    assert (SHANGHAI.offsets(now), YORK.offsets(now)) == ("UTC+8", "UTC-5 / UTC-4")


@pytest.mark.parametrize(
    ("clock", "text", "stored"),
    [
        (SHANGHAI, "2030-01-02T03:04", "2030-01-01T19:04"),
        (SHANGHAI, "2030-01-02", "2030-01-02T15:59"),  # the end of the day there
        (SHANGHAI, "2030-01-02T03:04+01:00", "2030-01-02T02:04"),
        (YORK, "2026-01-15T12:00", "2026-01-15T17:00"),
        (YORK, "2026-07-15T12:00", "2026-07-15T16:00"),
        (YORK, "2026-11-01T01:30", "2026-11-01T05:30"),  # twice that night: the earlier
        (YORK, "2026-03-08T02:30", "2026-03-08T07:30"),  # not at all that night: by the offset before
    ],
)
def test_moments_are_typed_by_the_clock(clock: Clock, text: str, stored: str) -> None:
    assert clock.typed(text).isoformat(timespec="minutes") == f"{stored}+00:00"


@pytest.mark.parametrize("text", ["tomorrow", "0001-01-01T00:00", "2030-02-30"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        SHANGHAI.typed(text)


@pytest.mark.usefixtures("at_calcutta")
def test_without_a_zone_it_is_the_machines() -> None:
    assert Clock().minute(datetime(2026, 3, 1, 16, 30, tzinfo=UTC)) == "2026-03-01 22:00 UTC+5:30"
    assert Clock().typed("2026-03-01") == typed("2026-03-01") == datetime(2026, 3, 1, 18, 29, tzinfo=UTC)


def test_a_deadline_is_typed_and_shown_by_the_clock_and_stored_in_utc(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    fields = {"step": "3", "name": "n", "rule": "none", "gap": "1", "time_limit": "9", "members": list(NAMES)}
    fields |= {"dataset": queries.round_input(store, PLANNER, web_world.round).base}
    asked = web_world.post(client, "/en/rounds/new", **(fields | {"step": "2"})).text
    assert "UTC+8; may stay blank" in asked
    given = {"deadline": "2030-01-02T03:04", "answer_by": "2030-02-03"}
    made = web_world.post(client, "/en/rounds/new", **(fields | given))
    assert made.status_code == 303, made.text
    ident = int(made.location.rsplit("/", 1)[1])
    kept = queries.see_round(store, PLANNER, ident).document()
    assert kept["deadline"] == "2030-01-01T19:04:00+00:00"
    assert kept["answer_by"] == "2030-02-03T15:59:00+00:00"
    for lang in ("en", "zh"):
        page = client.get(f"/{lang}/rounds/{ident}").text
        assert '<time datetime="2030-01-01T19:04:00+00:00">2030-01-02 03:04 UTC+8</time>' in page
        assert "2030-02-03 23:59 UTC+8" in page


def test_notices_and_refusals_say_deadlines_by_the_clock(web_world: World) -> None:
    deadline = datetime(2030, 1, 1, 19, 4, tzinfo=UTC)
    begun(web_world.store, name="soon", deadline=deadline)
    client = web_world.client("editor")
    assert "until 2030-01-02 03:04 UTC+8" in client.get("/en/notices").text
    assert "截止 2030-01-02 03:04 UTC+8" in client.get("/zh/notices").text
    assert "open until 2030-01-02 03:04 UTC+8" in client.get("/en/home").text
    late = begun(web_world.store, name="late", deadline=deadline.replace(2020))
    refused = web_world.post(client, f"/en/declarations/{late}/GLASS/repeat")
    assert refused.status_code == 422
    assert "the deadline 2020-01-02 03:04 UTC+8 has passed" in refused.text


def test_a_deadline_is_moved_on_the_page(web_world: World) -> None:
    store, planner, firm = web_world.store, web_world.client("planner"), web_world.client("editor")
    over = store.now() - timedelta(minutes=1)
    ident = begun(store, name="over", deadline=over)
    form, declared = f"/en/rounds/{ident}/deadlines", f"/en/declarations/{ident}/GLASS"
    assert 'name="deadline"' in planner.get(f"/en/rounds/{ident}").text
    assert "The deadline for declarations has passed" in firm.get(declared).text
    assert "Declare for “over”" not in firm.get("/en/home").text
    assert "has passed" not in planner.get(declared).text  # planners declare for others
    assert web_world.post(planner, form, deadline="2020-01-01T00:00").status_code == 422
    refused = web_world.post(planner, form, deadline="soon")
    assert refused.status_code == 303
    assert "soon" in planner.get(refused.location).text
    assert web_world.post(firm, form, deadline="2030-01-02T03:04").status_code == 403
    assert web_world.post(planner, form, deadline="2030-01-02T03:04", note="asked").status_code == 303
    assert queries.see_round(store, PLANNER, ident).document()["deadline"] == "2030-01-01T19:04:00+00:00"
    assert "has passed" not in firm.get(declared).text
    assert "open until 2030-01-02 03:04 UTC+8" in firm.get("/en/home").text
    assert "申报截止时间已调整为 2030-01-02 03:04 UTC+8" in firm.get("/zh/notices").text
    rounds.advance(store, PLANNER, ident, "cancel")
    assert 'name="deadline"' not in planner.get(f"/en/rounds/{ident}").text
    assert web_world.post(planner, form, deadline="2030-01-02T03:04").status_code == 422


def test_a_browser_asks_again_where_the_zone_has_changed(web_world: World) -> None:
    path = f"/en/rounds/{web_world.round}/results"
    tag = web_world.client("planner").get(path).headers["ETag"]
    assert web_world.client("planner").get(path, headers={"If-None-Match": tag}).status_code == 304
    web_world.app = create_app(web_world.store, ServerSettings(secret=SECRET, limited=False, zone=YORK.zone))
    assert web_world.client("planner").get(path, headers={"If-None-Match": tag}).status_code == 200


def test_files_keep_utc_and_say_so(web_world: World) -> None:
    heads = web_world.client("planner").get("/en/board.csv").text.splitlines()[0]
    assert "When (UTC)" in heads


@pytest.mark.parametrize("name", ["Asia/Shanghia", "Shanghai", "", "Asia", "../zone"])
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_zone_that_is_none_is_refused(command: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([command, "--time-zone", name], Talk("en")) == 2
    said = capsys.readouterr().err
    assert "--time-zone" in said
    assert WORDS["expected.zone"][0].partition("{")[0] in said
    assert "Asia/Shanghai" in said
