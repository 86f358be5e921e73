"""Help pages: the chapters of the manual, the operations of the API and its problem types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from flask import abort
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from synergy.web.access import public
from synergy.web.api.document import example_of, problems, scope
from synergy.web.api.problems import TYPES
from synergy.web.api.spec import PREFIX, Mark, Operation, in_order
from synergy.web.api.validation import NUMBERED
from synergy.web.render import page, pages

from synergy.texts import say

room = pages("manual")
BILINGUAL = frozenset({"enterprise", "planner"})
ENGLISH = "en"
_LINK = re.compile(r"([a-z-]+)(?:\.(?:en|zh))?\.md(#.*)?")
_APART = re.compile(r"[^\w\- ]")
# raw HTML is shown as text, never passed on; addresses of scripts are no links
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@room.get("/help")
@public
def contents(lang: str) -> str:
    """Show the table of contents of the manual."""
    return page("manual/contents.html", lang, chapters=[(name, language_of(name, lang)) for name in CHAPTERS])


@room.get("/help/<chapter>")
@public
def chapter(lang: str, chapter: str) -> str:
    """Show a chapter of the manual."""
    if chapter not in CHAPTERS:
        abort(404)
    fields = {"chapter": chapter, "written": language_of(chapter, lang), "sections": sections(chapter, lang)}
    return page("manual/chapter.html", lang, text=rendered(chapter, lang), **fields)


# in the order of the contents; those of `BILINGUAL` exist as NAME.zh.md and NAME.en.md, others in English alone
CHAPTERS = (
    "enterprise",
    "planner",
    "program",
    "operator",
    "developer",
    "adding",
    "dataset",
    "model",
    "plan",
    "bad-input",
    "glossary",
    "changes",
    "security",
    "contributing",
    "citation",
)


def language_of(name: str, lang: str) -> str:
    """Return the language in which a chapter is shown: the requested one if bilingual, else English."""
    return lang if name in BILINGUAL else ENGLISH


@cache
def source(name: str, lang: str) -> str:
    """Return the Markdown source of one of `CHAPTERS` in the language in which it is shown."""
    suffix = f".{lang}" if name in BILINGUAL else ""
    return files("synergy.web.manual").joinpath(f"{name}{suffix}.md").read_text("utf-8")


@cache
def rendered(name: str, lang: str) -> Markup:
    """Return the HTML of a chapter for ``/<lang>/help/<name>``; links to other chapters are relative to it."""
    return html(source(name, lang))


def html(text: str) -> Markup:
    """Render Markdown as HTML: headings get ids, tables and code blocks scroll, raw HTML is escaped.

    Examples
    --------
    >>> str(html("# A *b*"))
    '<h1 id="a-b">A <em>b</em></h1>\\n'
    >>> str(html("申报\\n截止"))
    '<p>申报截止</p>\\n'
    """
    tokens = _MARKDOWN.parse(text)
    _address(tokens)
    return Markup(_MARKDOWN.renderer.render(list(_boxed(tokens)), _MARKDOWN.options, {}))


def sections(name: str, lang: str) -> list[tuple[str, str]]:
    """Return the id and title of each section of a chapter."""
    tokens = _MARKDOWN.parse(source(name, lang))
    _address(tokens)
    return [
        (str(token.attrGet("id")), _plain(tokens[place + 1]))
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]


def slug(heading: str) -> str:
    """Return the id of a heading, in the style of GitHub.

    Examples
    --------
    >>> slug("Why, why not"), slug("如何申报")
    ('why-why-not', '如何申报')
    """
    return _APART.sub("", heading.strip().lower()).replace(" ", "-")


def _address(tokens: list[Token]) -> None:
    """Set the ids of headings, and point links to chapter files to the chapter pages."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(_plain(tokens[place + 1])))
        _unbroken(token.children or [])
        for child in token.children or ():
            found = _LINK.fullmatch(str(child.attrGet("href") or ""))
            if child.type == "link_open" and found:
                child.attrSet("href", found[1] + (found[2] or ""))


def _unbroken(children: list[Token]) -> None:
    """Drop line breaks between non-ASCII characters, which would render as spaces inside Chinese text."""
    for before, token, after in zip(children, children[1:], children[2:], strict=False):
        ends = before.content[-1:], after.content[:1]
        if token.type == "softbreak" and all(ends) and not any(end.isascii() for end in ends):
            token.type = "text"


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _boxed(tokens: Iterable[Token]) -> Iterable[Token]:
    """Wrap tables in scrollable boxes, and make these and code blocks focusable by keyboard."""
    for token in tokens:
        if token.type == "table_open":
            box = Token("box_open", "div", 1, block=True)
            box.attrs = {"class": "scroll", "tabindex": "0"}
            yield box
        if token.type == "fence":
            token.type, token.tag, token.info = "code_block", "code", ""
            token.attrs = {"class": "example", "tabindex": "0"}
        yield token
        if token.type == "table_close":
            yield Token("box_close", "div", -1, block=True)


@room.get("/api")
@public
def interface(lang: str) -> str:
    """Show all API operations with their parameters, requirements and responses."""
    tags: dict[str, list[dict[str, object]]] = {}
    for one in in_order():
        tags.setdefault(one.tag, []).append(_told(one, lang))
    faults = [{"code": code, "status": status, "said": say(title, lang)} for code, (status, title, _) in TYPES.items()]
    return page("api/interface.html", lang, tags=tags, prefix=PREFIX, problems=faults)


@room.get("/problems/<code>")
@public
def problem(lang: str, code: str) -> str:
    """Show the meaning of a problem type and its remedy."""
    if code not in TYPES:
        abort(404)
    status, title, about = TYPES[code]
    return page("api/problem.html", lang, code=code, status=status, said=say(title, lang), about=say(about, lang))


def _told(one: Operation, lang: str) -> dict[str, object]:
    spec = one.spec
    lines = (one.handler.__doc__ or "").strip().splitlines()
    return {
        "name": one.name,
        "method": spec.method,
        "path": spec.path,
        "summary": say(spec.summary, lang),
        "about": "" if lang == "zh" else " ".join(line.strip() for line in lines).replace("`", ""),
        "scope": scope(spec),
        "proof": str(spec.proof),
        "places": [(name, "integer" if name in NUMBERED else "string") for name in spec.places],
        "query": [] if spec.query is None else list(spec.query.model_fields),
        "body": None if spec.body is None else example_of(spec.body),
        "answer": None if spec.answer is None else example_of(spec.answer),
        "status": spec.status,
        "version": Mark.VERSION in spec.marks,
        "key": Mark.KEY in spec.marks,
        "problems": problems(spec),
    }
