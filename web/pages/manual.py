"""Help: the contents of the manual, and a page for each chapter."""

from __future__ import annotations

from flask import abort
from synergy.web.access import public
from synergy.web.manual.chapters import CHAPTERS, language_of, rendered, sections
from synergy.web.render import page, pages

room = pages("manual")


@room.get("/help")
@public
def contents(lang: str) -> str:
    """List the chapters of the manual."""
    return page("manual/contents.html", lang, chapters=[(name, language_of(name, lang)) for name in CHAPTERS])


@room.get("/help/<chapter>")
@public
def chapter(lang: str, chapter: str) -> str:
    """Show a chapter of the manual."""
    if chapter not in CHAPTERS:
        abort(404)
    fields = {"chapter": chapter, "written": language_of(chapter, lang), "sections": sections(chapter, lang)}
    return page("manual/chapter.html", lang, text=rendered(chapter, lang), **fields)
