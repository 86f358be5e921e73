"""`synergy template`: blank workbooks for datasets and declarations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from synergy.cli.console import Talk, in_language

FORMS = (".xlsx", ".csv")  # what a form may be written as


def ending_of(talk: Talk, path: Path, endings: Sequence[str]) -> str:
    """Validate the extension of an output file, which determines its format, and return it in lower case."""
    if path.suffix.lower() not in endings:
        raise click.UsageError(talk.say("template.ending", path=path, endings=talk.say("comma").join(endings)))
    return path.suffix.lower()


@click.command("template")
@click.argument("file", metavar="FILE.xlsx", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dataset", type=click.Path(path_type=Path))
@click.option("--enterprise", "form_of")
@in_language
@click.pass_obj
def template(talk: Talk, /, **given: Any) -> None:
    """Write a blank dataset workbook, or the declaration form of an enterprise."""
    from synergy.dataset.read import read
    from synergy.forms.context import ground_of
    from synergy.forms.writing import declaration_file
    from synergy.outputs import written_whole
    from synergy.workbook.template import dataset_workbook

    path: Path = given["file"]
    if not path.resolve().parent.is_dir():
        raise click.UsageError(talk.say("no_folder", path=path))
    ending_of(talk, path, (".xlsx",) if given["form_of"] is None else FORMS)
    dataset = None if given["dataset"] is None else read(given["dataset"])
    if given["form_of"] is None:
        data = dataset_workbook(dataset, talk.lang)
    elif dataset is None:
        raise click.UsageError(talk.say("template.dataset"))
    else:
        data = declaration_file(ground_of(dataset, given["form_of"]), talk.lang, ending_of(talk, path, FORMS))
    written_whole(path, data)
    talk.line(talk.say("written", path=path))
