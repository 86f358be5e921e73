"""Dataset endpoints: list, upload, check, download, graph; also schemas, the entry point and the OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version

import networkx as nx
from pydantic import ConfigDict
from synergy.web.api import graphs
from synergy.web.api.dispatch import paged
from synergy.web.api.document import document
from synergy.web.api.models import Items
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import BOOK, OPERATIONS, PREFIX, ZIP, AuthScheme, Call, HandlerResult, Mark, gives, serves

from synergy.errors import SHOWN, Severity
from synergy.records.figures import Record, example
from synergy.records.runs import DatasetHead, DatasetMade
from synergy.records.schema import STUDIES, dataset_schema, plan_schema, proposal_schema
from synergy.store import datasets
from synergy.store.access import Action, Resource, require
from synergy.store.datasets import read_upload
from synergy.workbook.writing import dataset_workbook


class Datasets(Items[DatasetHead]):
    """One page of datasets, newest first."""


class Finding(Record):
    """One error or warning in a dataset, as printed by `synergy check --json`."""

    model_config = ConfigDict(extra="allow")  # the cell of a workbook
    table: str
    row: int | None
    column: str
    value: str
    message: str
    hint: str
    severity: Severity
    code: str


class Checked(Record):
    """Errors and warnings found in a dataset; nothing is stored."""

    model_config = example({"valid": True, "items": []})
    valid: bool
    items: list[Finding]


class Schemas(Items[str]):
    """Names of the available JSON Schemas."""

    model_config = example({"items": ["dataset", "plan", "proposal"], "next": None})


class Schema(Record):
    """A JSON Schema."""

    model_config = example({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})


class Root(Record):
    """Product version, and addresses of the lists and of the documentation."""

    model_config = example({"name": "Synergy", "version": "0.1.0", "links": {"rounds": "/api/v1/rounds"}})
    name: str
    version: str
    links: dict[str, str]


_SCHEMAS = {"dataset": dataset_schema, "plan": plan_schema, "proposal": proposal_schema, **STUDIES}


@serves("GET /datasets", Action.SEE_PLANS, ("List datasets", "列出数据集"))
@gives(Datasets, Mark.PAGED)
def list_datasets(call: Call) -> HandlerResult:
    """Return the stored datasets, newest first, including those that rounds were frozen to."""
    return paged(datasets.list_datasets(*call.caller), "dataset", call.query)


@serves("POST /datasets", Action.CREATE_ROUND, ("Keep a dataset", "上传数据集"))
@gives(DatasetMade, Mark.RAW, Mark.KEY, status=201, problems=("dataset", "too_large"))
def add_dataset(call: Call) -> HandlerResult:
    """Store a dataset, completely or not at all; rounds refer to it by its digest.

    Send a zip archive of its folder, a workbook, or JSON that follows `/schemas/dataset`, with `name` and `synergy`
    (settings) beside the tables.
    """
    told = datasets.add_dataset(*call.caller, call.raw, call.asked.key)
    return HandlerResult(told, headers={"Location": f"{PREFIX}/datasets/{told.dataset}"})


@serves("POST /datasets/check", Action.CREATE_ROUND, ("Check a dataset without keeping it", "检查数据集（不保存）"))
@gives(Checked, Mark.RAW, problems=("too_large",))
def check_dataset(call: Call) -> HandlerResult:
    """Validate a dataset and return all errors and warnings, as `synergy check --json` does; nothing is stored."""
    require(call.actor, Action.CREATE_ROUND, Resource("snapshot"))
    found, problems = read_upload(call.raw)
    items = [Finding.model_validate(one.record(call.lang)) for one in problems[:SHOWN]]
    return HandlerResult(Checked(valid=found is not None, items=items))


@serves("GET /datasets/template", Action.CREATE_ROUND, ("Take an empty workbook for a dataset", "下载空白数据集工作簿"))
@gives(None, media=BOOK)
def see_dataset_template(call: Call) -> HandlerResult:
    """Return an empty workbook for a dataset: one sheet per table, with explanations of the columns."""
    return HandlerResult(dataset_workbook(None, call.lang))


@serves("GET /datasets/{dataset}", Action.SEE_PLANS, ("Take a dataset", "下载数据集"))
@gives(None, media=ZIP)
def see_dataset(call: Call) -> HandlerResult:
    """Return a dataset as a zip archive of its folder."""
    return HandlerResult(datasets.dataset_archive(*call.caller, call.path["dataset"]))


@graphs.serves_graph(
    "/datasets/{dataset}/graph",
    graphs.ProductGraph,
    ("See the products as a graph", "查看产品关系图"),
    ("Take the products as GraphML", "下载产品关系图"),
)
def products(call: Call) -> nx.Graph[str]:
    """Return the commodities and processes of a dataset as a graph."""
    return graphs.products(call.caller, call.path["dataset"])


@serves("GET /", None, ("See where things are", "查看入口"), proof=AuthScheme.NONE)
@gives(Root)
def see_root(_call: Call) -> HandlerResult:
    """Return the product version and the addresses of the lists and of the documentation."""
    paths = {one.spec.path for one in OPERATIONS.values() if one.spec.reads}
    lists = sorted(path for path in paths if "{" not in path and path != "/")
    links = {path[1:].replace("/", "."): PREFIX + path for path in lists}
    return HandlerResult(Root(name="Synergy", version=version("synergy-matching"), links=links))


@serves("GET /schemas", None, ("List schemas", "列出模式"), proof=AuthScheme.NONE)
@gives(Schemas)
def list_schemas(_call: Call) -> HandlerResult:
    """Return the names of the available JSON Schemas."""
    return HandlerResult(Schemas(items=sorted(_SCHEMAS), next=None))


@serves("GET /schemas/{schema}", None, ("See a schema", "查看模式"), proof=AuthScheme.NONE)
@gives(Schema)
def see_schema(call: Call) -> HandlerResult:
    """Return a JSON Schema: of datasets, plan documents, proposals or study results."""
    if call.path["schema"] not in _SCHEMAS:
        raise ApiProblem("not_found")
    return HandlerResult(_SCHEMAS[call.path["schema"]]())


# names and descriptions of fields are English: without a wish for another language, all of it is
@serves("GET /openapi.json", None, ("See this description", "查看接口描述"), proof=AuthScheme.NONE, lang="en")
@gives(Schema)
def see_openapi(call: Call) -> HandlerResult:
    """Return the OpenAPI document of this API."""
    return HandlerResult(_described(call.lang))


@cache
def _described(lang: str) -> bytes:
    return json.dumps(document(lang), ensure_ascii=False, separators=(",", ":")).encode()
