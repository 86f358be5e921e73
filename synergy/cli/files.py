"""`synergy template`: workbooks to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synergy.cli.options import in_language
from synergy.cli.talk import Talk


@click.command("template")
@click.argument("file", metavar="FILE.xlsx", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dataset", type=click.Path(path_type=Path))
@click.option("--enterprise", "form_of")
@in_language
@click.pass_obj
def template(talk: Talk, /, **given: Any) -> None:
    """Write a workbook to fill in."""
    from synergy.dataset.read import read
    from synergy.forms.context import ground_of
    from synergy.forms.writing import declaration_workbook
    from synergy.workbook.template import dataset_workbook

    path: Path = given["file"]
    if not path.resolve().parent.is_dir():
        raise click.UsageError(talk.say("no_folder", path=path))
    dataset = None if given["dataset"] is None else read(given["dataset"])
    if given["form_of"] is None:
        data = dataset_workbook(dataset, talk.lang)
    elif dataset is None:
        raise click.UsageError(talk.say("template.dataset"))
    else:
        data = declaration_workbook(ground_of(dataset, given["form_of"]), talk.lang)
    path.write_bytes(data)
    talk.line(talk.say("written", path=path))
