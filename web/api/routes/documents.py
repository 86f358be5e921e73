"""What describes the rest: the start, schemas of documents, the OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version

from synergy.web.api.document import document
from synergy.web.api.models.records import Root, Schema, Schemas
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import OPERATIONS, PREFIX, Call, Proof, Reply, Spec, serves

from synergy.records.schema import dataset_schema, plan_schema, proposal_schema
from synergy.records.schema_studies import STUDIES

_SCHEMAS = {"dataset": dataset_schema, "plan": plan_schema, "proposal": proposal_schema, **STUDIES}


@serves(Spec("GET", "/", None, ("See where things are", "查看入口"), Root, proof=Proof.NONE))
def see_root(_call: Call) -> Reply:
    """Return the addresses of lists and of the documentation."""
    paths = {one.spec.path for one in OPERATIONS.values() if one.spec.reads}
    lists = sorted(path for path in paths if "{" not in path and path != "/")
    links = {path[1:].replace("/", "."): PREFIX + path for path in lists}
    return Reply({"name": "Synergy", "version": version("synergy-matching"), "links": links})


@serves(Spec("GET", "/schemas", None, ("List schemas", "列出模式"), Schemas, proof=Proof.NONE))
def list_schemas(_call: Call) -> Reply:
    """Return the names of the documents that there are schemas of."""
    return Reply({"items": sorted(_SCHEMAS), "next": None})


@serves(Spec("GET", "/schemas/{schema}", None, ("See a schema", "查看模式"), Schema, proof=Proof.NONE))
def see_schema(call: Call) -> Reply:
    """Return the JSON Schema of a dataset, a plan document, a proposal of it, or a study of it."""
    if call.path["schema"] not in _SCHEMAS:
        raise ApiProblem("not_found")
    return Reply(_SCHEMAS[call.path["schema"]]())


# names and descriptions of fields are English: without a wish for another language, all of it is
@serves(
    Spec("GET", "/openapi.json", None, ("See this description", "查看接口描述"), Schema, proof=Proof.NONE, lang="en")
)
def see_openapi(call: Call) -> Reply:
    """Return the OpenAPI document of this API."""
    return Reply(_described(call.lang))


@cache
def _described(lang: str) -> bytes:
    return json.dumps(document(lang), ensure_ascii=False, separators=(",", ":")).encode()
