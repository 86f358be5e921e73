"""All pages as pictures into a folder, in both languages and widths, dark and print: ``shots.py DIR``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools"), str(ROOT / "tests" / "web" / "browser")]


def shots(folder: Path) -> int:
    """Write all pages as pictures and return how many there are."""
    import pytest
    from chromium import HEIGHT, WIDTHS, context, started
    from places import places
    from served import served, signed_in
    from web_worlds import made_template

    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context(), started() as browser:
        made, copy = Path(name) / "made", Path(name) / "copy"
        made.mkdir(), copy.mkdir()
        with served(made_template(made), copy) as live:
            found, _ = places(live[0])
            for scheme in ("light", "dark"):
                for place in found:
                    given = {"color_scheme": scheme}
                    page = (
                        signed_in(browser, live, place.who, **given)
                        if place.who
                        else context(browser, live[1], **given).new_page()
                    )
                    for lang in ("zh", "en"):
                        page.goto(f"/{lang}{place.path}")
                        stem = f"{lang}-{place.path.strip('/').replace('/', '-') or 'start'}-{place.who or 'nobody'}"
                        for width in WIDTHS:
                            page.set_viewport_size({"width": width, "height": HEIGHT})
                            page.screenshot(path=folder / f"{stem}-{width}-{scheme}.png", full_page=True)
                            count += 1
                        if scheme == "light":
                            page.emulate_media(media="print")
                            page.screenshot(path=folder / f"{stem}-print.png", full_page=True)
                            page.emulate_media(media="screen")
                            count += 1
                    page.context.close()
    return count


if __name__ == "__main__":
    print(shots(Path(sys.argv[1] if len(sys.argv) > 1 else "shots")))
