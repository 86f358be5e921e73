"""The manual says what the code does: its code runs, and commands, tables, settings, addresses are the code's."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest
from bench.main import BENCHES
from catalogue import EXPECTED
from flask import Flask
from picture import PICTURE, drawn
from roots import ROOT
from synergy.web.pages.manual import BILINGUAL, CHAPTERS, html, rendered, sections, slug, source
from web_worlds import World

from synergy.cli.commands import commands
from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import read
from synergy.dataset.schema import TABLES, Column, ColumnType
from synergy.dataset.settings import load_scenario
from synergy.records.schema import plan_schema
from synergy.scenario import Settings
from synergy.settlement.rules import RULES
from synergy.store.access import SCOPES
from synergy.store.studies import MOST_QUESTIONS
from synergy.texts import LANGUAGES

README = (ROOT / "README.md").read_text("utf-8")
FOLDER = ROOT / "web" / "manual"
TEXTS: Mapping[str, str] = {"README.md": README} | {
    path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.md"))
}
WHOLE = "\n".join(TEXTS.values())
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.S | re.M)


def _blocks(language: str, texts: Mapping[str, str] = TEXTS) -> list[Any]:
    """Blocks of code of one language, each named by its chapter."""
    found = [(name, code) for name, text in texts.items() for kind, code in _FENCE.findall(text) if kind == language]
    return [pytest.param(code, id=f"{name}-{place}") for place, (name, code) in enumerate(found)]


def _rows(text: str, head: str) -> list[list[str]]:
    """Cells of the rows of the tables that begin with a header."""
    rows, inside = [], False
    for line in text.splitlines():
        if line.startswith(head):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("| ---"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
    return rows


def _codes(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))


# code


@pytest.mark.parametrize("block", _blocks("python"))
def test_python_runs(block: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(block, "manual", "exec"), {})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    "line", [line for block in _blocks("console") for line in str(block.values[0]).strip().splitlines()]
)
def test_commands_run(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert run_command(shlex.split(line)[1:], Talk("en")) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("block", _blocks("toml"))
def test_scenarios_fit_the_tiny_dataset(block: str, tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(block, encoding="utf-8")
    dataset = read(ROOT / "datasets" / "tiny", scenario=load_scenario(tmp_path / "scenario.toml"))
    assert dataset.settings != read(ROOT / "datasets" / "tiny").settings


def test_the_two_commands_stand_in_the_readme() -> None:
    lines = [
        line for block in _blocks("sh", {"README.md": README}) for line in str(block.values[0]).split("\n") if line
    ]
    assert lines == ["bash .ci/demo", "bash .ci/run"]
    assert all((ROOT / line.split()[1]).exists() for line in lines)


def test_the_readme_is_one_screen() -> None:
    assert len(README.split()) <= 900
    assert len([line for line in str(_blocks("python", {"": README})[0].values[0]).splitlines() if line]) <= 10


def test_the_picture_is_what_the_pages_draw() -> None:
    assert drawn() == PICTURE.read_text("utf-8"), "draw it anew: python tests/tools/picture.py"
    assert len(drawn()) < 8000


# commands


def _leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _leaves(inner, (*path, name))
    else:
        yield path, command


COMMANDS = dict(_leaves(commands))


def _options(command: click.Command) -> set[str]:
    return {
        name for one in command.params if isinstance(one, click.Option) for name in (*one.opts, *one.secondary_opts)
    }


def _named(line: str) -> tuple[tuple[str, ...], click.Command | None]:
    """The command that a line means, and its path; None where there is none."""
    words = line.split()[1:]
    for length in (2, 1):
        if tuple(words[:length]) in COMMANDS:
            return tuple(words[:length]), COMMANDS[tuple(words[:length])]
    return tuple(words[:2]), None


def _lines() -> list[tuple[str, str]]:
    """Every line or span of code that begins with the command, by chapter."""
    spans = [(name, code) for name, text in TEXTS.items() for code in _codes(text)]
    spans += [
        (name, line) for name, text in TEXTS.items() for _, code in _FENCE.findall(text) for line in code.split("\n")
    ]
    return [(name, code.strip()) for name, code in spans if code.strip().startswith("synergy ")]


def test_every_command_named_exists_with_its_options() -> None:
    groups = {name for name, one in commands.commands.items() if isinstance(one, click.Group)}
    wrong = []
    for name, line in _lines():
        words = line.split()
        if words[1:] in (["COMMAND", "--help"], ["--version"]) or (len(words) == 2 and words[1] in groups):
            continue
        path, command = _named(line)
        if command is None:
            wrong.append(f"{name}: {line}: no command `{' '.join(path)}`")
            continue
        plain = re.split(r"\s{3,}", line)[0]
        unknown = set(re.findall(r"(?<=\s)(--[a-z][a-z-]*)", plain)) - _options(command) - {"--help"}
        wrong += [f"{name}: {line}: no option {option}" for option in sorted(unknown)]
    assert wrong == []
    assert len(_lines()) > 100


def test_every_command_has_its_row_with_its_options() -> None:
    common = {"--lang", "--json", "--db", "--as", "--note", "--key", "--version"}
    told = {}
    for cells in _rows(TEXTS["plan.md"], "| command |"):
        path, command = _named(cells[0].strip("`"))
        assert command is not None, cells[0]
        told[path] = (cells[0].strip("`").split(), set(re.findall(r"`(--[a-z-]+)`", cells[2])))
    assert set(told) == set(COMMANDS)
    for path, (words, options) in told.items():
        given = [one for one in COMMANDS[path].params if isinstance(one, click.Option)]
        assert options == {max(one.opts, key=len) for one in given} - common, path
        arguments = [one for one in COMMANDS[path].params if isinstance(one, click.Argument)]
        assert len(words) - 1 - len(path) == len(arguments), path


def test_options_of_the_server_and_variables_are_told() -> None:
    rows = {
        name for cells in _rows(TEXTS["operator.md"], "| option |") for name in re.findall(r"`(--[a-z-]+)`", cells[0])
    }
    assert rows == {max(one.opts, key=len) for one in COMMANDS["serve",].params if isinstance(one, click.Option)}
    told = {
        n for cells in _rows(TEXTS["operator.md"], "| variable |") for n in re.findall(r"`(SYNERGY_\w+)`", cells[0])
    }
    files = [path for folder in ("synergy", "web") for path in (ROOT / folder).rglob("*.py")]
    used = {name for path in files for name in re.findall(r'"(SYNERGY_[A-Z_]+)"', path.read_text("utf-8"))}
    assert told == used
    assert set(re.findall(r"SYNERGY_[A-Z_]+", WHOLE)) <= used


def test_scripts_named_exist() -> None:
    scripts = re.findall(r"(?:python|bash) ((?:tests|\.ci)/[\w./]+)", WHOLE)
    assert len(set(scripts)) > 8
    assert [one for one in scripts if not (ROOT / one).exists()] == []


# dataset, settings, plan document


def _default(column: Column) -> str:
    if column.required or column.default is None:
        return ""
    return f"{column.default:g}" if isinstance(column.default, float) else str(column.default).lower()


def _unit(column: Column) -> str:
    if column.kind is ColumnType.CHOICE:
        return ", ".join(column.choices)
    words = {ColumnType.BOOLEAN: "true, false", ColumnType.LABEL: "text", ColumnType.NUMBER: "number"}
    return column.unit or words.get(column.kind, str(column.kind))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_told_column_by_column(name: str) -> None:
    table = TABLES[name]
    found = re.search(rf"^### {name}( \*)?\n(.*?)(?=^##)", TEXTS["dataset.md"], flags=re.S | re.M)
    assert found, f"dataset.md has no section on {name}"
    assert bool(found[1]) == table.required
    told = [cells[:3] for cells in _rows(found[2], "| column |")]
    wanted = []
    for column in table.columns:
        shown = f"**`{column.name}`**" if column.key else f"`{column.name}`"
        wanted.append([shown + (" *" if column.required else ""), _unit(column), _default(column)])
    assert told == wanted
    for cells, column in zip(_rows(found[2], "| column |"), table.columns, strict=True):
        assert set(column.refs) <= set(_codes(cells[3])), column.name


def test_no_table_is_told_that_is_not_there() -> None:
    told = re.findall(r"^### (\w+)", TEXTS["dataset.md"], flags=re.M)
    assert told == list(TABLES)


def test_settings_are_told_with_their_defaults() -> None:
    plain = {None: "none", (): "empty", True: "true", False: "false"}
    default = Settings()
    wanted = {}
    for name in Settings.__dataclass_fields__:
        value = getattr(default, name)
        wanted[name] = plain[value] if value is None or isinstance(value, bool | tuple) else f"{value}"
    told = {cells[0].strip("`"): cells[1] for cells in _rows(TEXTS["dataset.md"], "| setting |")}
    assert {name: value.removesuffix(".0") for name, value in wanted.items()} == told


def _keys(schema: Mapping[str, Any]) -> set[str]:
    """Names of the properties of a schema, of the items of its lists and of the values of its mappings."""
    found = set(schema.get("properties", {}))
    inner = [schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", ())]
    inner += schema.get("properties", {}).values()
    return found.union(*(_keys(one) for one in inner if isinstance(one, Mapping)))


def _told(head: str) -> dict[str, str]:
    """Second and later cells by each name in the first cell of the tables of one section of the plan chapter."""
    part = re.search(rf"^###? {head}$(.*?)(?=^##|\Z)", TEXTS["plan.md"], flags=re.S | re.M)
    assert part, head
    return {name: " ".join(cells) for cells in _rows(part[1], "| key |") for name in _codes(cells[0])}


def test_keys_of_the_plan_document_are_told() -> None:
    parts = plan_schema()["properties"]
    apart = {"proposals": "A proposal", "settlement": "A settlement"}
    told = _told("Plan document")
    assert set(told) == set(parts)
    for name, said in told.items():
        if name not in apart and name not in ("scenario", "standalone", "duals", "rows"):
            missing = _keys(parts[name]) - set(_codes(said)) - {"constraint", "subject", "commodity", "period", "value"}
            assert missing == set(), name
    for name, head in apart.items():
        said, inner = _told(head), parts[name]
        record = inner["items"] if name == "proposals" else next(o for o in inner["anyOf"] if "properties" in o)
        assert set(said) == set(record["properties"]), head
        for key, text in said.items():
            assert _keys(record["properties"][key]) <= {*_codes(text), "code", "number", "enterprises"}, key


def test_rules_statuses_benchmarks_scopes_and_the_catalogue_are_those_of_the_code() -> None:
    assert {cells[0].strip("`") for cells in _rows(TEXTS["model.md"], "| method |")} == set(RULES)
    told = {name for cells in _rows(TEXTS["developer.md"], "| name |") for name in _codes(cells[0])}
    assert told == set(BENCHES)
    assert tuple(sorted(cells[0].strip("`") for cells in _rows(TEXTS["program.md"], "| scope"))) == SCOPES
    assert f"A round has {MOST_QUESTIONS} questions." in TEXTS["enterprise.en.md"]
    assert f"可提问 {MOST_QUESTIONS} 次" in TEXTS["enterprise.zh.md"]
    assert f"({MOST_QUESTIONS} questions a round" in TEXTS["security.md"]
    statuses = [cells[0] for cells in _rows(TEXTS["plan.md"], "| status |")]
    assert statuses == [str(number) for number in range(7)]
    items = {int(cells[0]): tuple(cells[2].split(", ")) for cells in _rows(TEXTS["bad-input.md"], "| item |")}
    assert items == EXPECTED


def test_the_worked_change_names_every_place() -> None:
    rows = _rows(TEXTS["adding.md"], "| step |")
    told = {path for cells in rows for path in _codes(cells[1])}
    assert [path for path in told if not (ROOT / path).exists()] == []
    files = [path for folder in ("synergy", "web") for path in (ROOT / folder).rglob("*.py")]
    places = {path.relative_to(ROOT).as_posix() for path in files if "capex_budget" in path.read_text("utf-8")}
    assert places <= told
    quiet = [path for path in told if path.endswith(".py") and "capex_budget" not in (ROOT / path).read_text("utf-8")]
    assert quiet == []


def test_paths_named_exist() -> None:
    named = {one for one in _codes(WHOLE) if re.fullmatch(r"(?:synergy|web|tests|datasets|\.ci)/[\w./-]+", one)}
    named = {one for one in named if not re.fullmatch(r"synergy/\w+/\d+", one)}  # names of documents
    assert len(named) > 40
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_the_glossary_is_in_both_languages() -> None:
    rows = _rows(TEXTS["glossary.md"], "| word |")
    assert len(rows) > 30
    assert all(re.search(r"[一-鿿]", cells[1]) and cells[2] for cells in rows)


# addresses and pages


def _known(app: Flask) -> set[tuple[str, str]]:
    """Method and path of every address, what varies as {}."""
    return {
        (method, re.sub(r"<any\(zh, en\):lang>", "{lang}", re.sub(r"<(?!any)[^>]+>", "{}", rule.rule)))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def test_addresses_named_exist(web_world: World) -> None:
    known = _known(web_world.app)
    paths = {path for _, path in known}
    spans = [code for code in _codes(WHOLE) if re.match(r"(?:(?:GET|PUT|POST|PATCH|DELETE) )?/", code)]
    wrong = []
    for span in spans:
        method, _, path = span.rpartition(" ")
        plain = re.sub(r"^/(zh|en)(?=/|$)", "/{lang}", re.sub(r"\{[^}]+\}", "{}", path))
        if (method and (method, plain) not in known) or (not method and plain not in {*paths, "/api/v1", "/metrics"}):
            wrong.append(span)
    assert wrong == []
    assert len(spans) > 20


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chapter_is_a_page_for_everybody(web_world: World, lang: str) -> None:
    client = web_world.client()
    contents = client.get(f"/{lang}/help")
    assert contents.status_code == 200
    assert f'href="/{lang}/help"' in client.get(f"/{lang}/sign-in").text
    for name in CHAPTERS:
        assert f'href="/{lang}/help/{name}"' in contents.text
        page = client.get(f"/{lang}/help/{name}")
        assert page.status_code == 200
        assert page.text.count("<h1") == 1
        alone = name not in BILINGUAL and lang == "zh"
        assert ('<article class="manual" lang="en">' in page.text) == alone
        assert ("本章仅有英文版" in page.text) == alone
    for name in ("nothing", "..%2Fchapters.py", "enterprise.zh"):
        assert client.get(f"/{lang}/help/{name}").status_code == 404


def test_chapters_are_the_files() -> None:
    names = {f"{name}.{lang}.md" for name in BILINGUAL for lang in LANGUAGES}
    names |= {f"{name}.md" for name in CHAPTERS if name not in BILINGUAL}
    assert {path.name for path in FOLDER.glob("*.md")} == names
    assert all(f"(web/manual/{name})" in README for name in names)


def test_links_lead_somewhere() -> None:
    ids = {name: {slug(head) for head in re.findall(r"^#+ (.*)$", text, flags=re.M)} for name, text in TEXTS.items()}
    ids["README.md"] = set()
    wrong, count = [], 0
    for name, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)]+)\)", _FENCE.sub("", text)):
            count += 1
            file, _, part = target.partition("#")
            place = (ROOT if name == "README.md" else FOLDER) / file if file else FOLDER / name
            if not place.is_file() or (part and part not in ids[place.name]):
                wrong.append(f"{name}: {target}")
    assert wrong == []
    assert count > 40


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", CHAPTERS)
def test_pages_hold_what_the_files_hold(name: str, lang: str) -> None:
    page = str(rendered(name, lang))
    for target in re.findall(r'href="([^"]+)"', page):
        assert target.partition("#")[0] in (*CHAPTERS, ""), target
    found = re.findall(r'id="([^"]+)"', page)
    assert len(found) == len(set(found))
    assert [ident for ident, _ in sections(name, lang) if f'href="#{ident}"' not in page and ident not in found] == []
    assert page.count("<table>") == len(re.findall(r"^\| ---", source(name, lang), flags=re.M))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "[x](javascript:alert(1))",
        "| a |\n| --- |\n| <b>x</b> |",
        "```html\n<script>\n```",
    ],
)
def test_no_raw_html_passes(text: str) -> None:
    made = str(html(text))
    assert not re.search(r'<(script|img|b)\b|href="javascript', made)


def test_lines_of_chinese_are_joined_without_blanks() -> None:
    assert "申报截止" in str(html("申报\n截止"))
    assert "a\nb" in str(html("a\nb"))
    assert "表\na" in str(html("表\na"))


def test_the_newest_changes_come_first() -> None:
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", TEXTS["changes.md"], flags=re.M)
    parts: Sequence[tuple[int, ...]] = [tuple(map(int, one.split("."))) for one in versions]
    assert parts == sorted(parts, reverse=True)
    assert versions[0] == version("synergy-matching")
