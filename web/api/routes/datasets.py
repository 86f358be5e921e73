"""Dataset endpoints: list, upload, check and download; also schemas, the entry point and the OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version

from synergy.web.api.dispatch import Page, paged
from synergy.web.api.document import document
from synergy.web.api.models.records import Checked, Dataset, Datasets, Root, Schema, Schemas
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import BOOK, OPERATIONS, PREFIX, ZIP, AuthScheme, Call, HandlerResult, Mark, Spec, serves

from synergy.errors import SHOWN
from synergy.records.schema import STUDIES, dataset_schema, plan_schema, proposal_schema
from synergy.store import datasets
from synergy.store.access import Action, Resource, require
from synergy.store.datasets import read_upload
from synergy.workbook.template import dataset_workbook

_RAW = frozenset({Mark.RAW})
_SCHEMAS = {"dataset": dataset_schema, "plan": plan_schema, "proposal": proposal_schema, **STUDIES}


@serves(
    Spec(
        "GET",
        "/datasets",
        Action.SEE_PLANS,
        ("List datasets", "列出数据集"),
        Datasets,
        query=Page,
        marks=frozenset({Mark.PAGED}),
    )
)
def list_datasets(call: Call) -> HandlerResult:
    """Return the stored datasets, newest first, including those that rounds were frozen to."""
    return paged(datasets.list_datasets(call.store, call.actor), "dataset", call.query, f"{PREFIX}/datasets")


@serves(
    Spec(
        "POST",
        "/datasets",
        Action.CREATE_ROUND,
        ("Keep a dataset", "上传数据集"),
        Dataset,
        201,
        marks=_RAW | {Mark.KEY},
        problems=("dataset", "too_large"),
    )
)
def add_dataset(call: Call) -> HandlerResult:
    """Store a dataset, completely or not at all; rounds refer to it by its digest.

    Send a zip archive of its folder, a workbook, or JSON that follows `/schemas/dataset`, with `name` and `synergy`
    (settings) beside the tables.
    """
    told = datasets.add_dataset(call.store, call.actor, call.raw, call.asked.key)
    return HandlerResult(told, headers={"Location": f"{PREFIX}/datasets/{told['dataset']}"})


@serves(
    Spec(
        "POST",
        "/datasets/check",
        Action.CREATE_ROUND,
        ("Check a dataset without keeping it", "检查数据集（不保存）"),
        Checked,
        marks=_RAW,
        problems=("too_large",),
    )
)
def check_dataset(call: Call) -> HandlerResult:
    """Validate a dataset and return all errors and warnings, as `synergy check --json` does; nothing is stored."""
    require(call.actor, Action.CREATE_ROUND, Resource("snapshot"))
    found, problems = read_upload(call.raw)
    return HandlerResult({"valid": found is not None, "items": [one.record(call.lang) for one in problems[:SHOWN]]})


@serves(
    Spec(
        "GET",
        "/datasets/template",
        Action.CREATE_ROUND,
        ("Take an empty workbook for a dataset", "下载空白数据集工作簿"),
        None,
        media=BOOK,
    )
)
def see_dataset_template(call: Call) -> HandlerResult:
    """Return an empty workbook for a dataset: one sheet per table, with explanations of the columns."""
    return HandlerResult(dataset_workbook(None, call.lang))


@serves(
    Spec(
        "GET",
        "/datasets/{dataset}",
        Action.SEE_PLANS,
        ("Take a dataset", "下载数据集"),
        None,
        media=ZIP,
    )
)
def see_dataset(call: Call) -> HandlerResult:
    """Return a dataset as a zip archive of its folder."""
    return HandlerResult(datasets.dataset_archive(call.store, call.actor, call.path["dataset"]))


@serves(Spec("GET", "/", None, ("See where things are", "查看入口"), Root, proof=AuthScheme.NONE))
def see_root(_call: Call) -> HandlerResult:
    """Return the product version and the addresses of the lists and of the documentation."""
    paths = {one.spec.path for one in OPERATIONS.values() if one.spec.reads}
    lists = sorted(path for path in paths if "{" not in path and path != "/")
    links = {path[1:].replace("/", "."): PREFIX + path for path in lists}
    return HandlerResult({"name": "Synergy", "version": version("synergy-matching"), "links": links})


@serves(Spec("GET", "/schemas", None, ("List schemas", "列出模式"), Schemas, proof=AuthScheme.NONE))
def list_schemas(_call: Call) -> HandlerResult:
    """Return the names of the available JSON Schemas."""
    return HandlerResult({"items": sorted(_SCHEMAS), "next": None})


@serves(Spec("GET", "/schemas/{schema}", None, ("See a schema", "查看模式"), Schema, proof=AuthScheme.NONE))
def see_schema(call: Call) -> HandlerResult:
    """Return a JSON Schema: of datasets, plan documents, proposals or study results."""
    if call.path["schema"] not in _SCHEMAS:
        raise ApiProblem("not_found")
    return HandlerResult(_SCHEMAS[call.path["schema"]]())


# names and descriptions of fields are English: without a wish for another language, all of it is
@serves(
    Spec(
        "GET", "/openapi.json", None, ("See this description", "查看接口描述"), Schema, proof=AuthScheme.NONE, lang="en"
    )
)
def see_openapi(call: Call) -> HandlerResult:
    """Return the OpenAPI document of this API."""
    return HandlerResult(_described(call.lang))


@cache
def _described(lang: str) -> bytes:
    return json.dumps(document(lang), ensure_ascii=False, separators=(",", ":")).encode()
