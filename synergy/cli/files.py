"""`synergy template`: blank workbooks for datasets, and declaration forms."""

from __future__ import annotations

from pathlib import Path

import click

from synergy.cli.console import Talk
from synergy.cli.options import FORMS, OutFile, in_language, refuse_value


@click.command("template")
@click.argument("file", metavar="FILE.xlsx", type=OutFile(*FORMS))
@click.option("--dataset", type=click.Path(path_type=Path))
@click.option("--enterprise", "form_of")
@in_language
@click.pass_obj
def template(talk: Talk, /, file: Path, dataset: Path | None, form_of: str | None) -> None:
    """Write a blank dataset workbook, or the declaration form of an enterprise."""
    from synergy.dataset.read import read
    from synergy.forms.context import ground_of
    from synergy.forms.writing import declaration_file
    from synergy.outputs import written_whole
    from synergy.workbook.template import dataset_workbook

    ending = file.suffix.lower()
    if form_of is None and ending != ".xlsx":
        refuse_value("file", str(file), "expected.ending", endings=".xlsx")
    if form_of is not None and dataset is None:
        raise click.UsageError(talk.say("template.dataset"))
    rows = None if dataset is None else read(dataset)
    if form_of is None or rows is None:
        data = dataset_workbook(rows, talk.lang)
    else:
        data = declaration_file(ground_of(rows, form_of), talk.lang, ending)
    written_whole(file, data)
    talk.line(talk.say("written", path=file))
