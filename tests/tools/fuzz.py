"""Ask the API whatever its own description allows, and what it forbids: no 5xx, no answer that is not described.

``python tests/tools/fuzz.py --cases 10000`` does it at length; the tests do it briefly.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks
from stores import PLANNER, accept, begun, proposals, responding_round, tiny, worked
from synergy.web.api.routes import room
from synergy.web.api.spec import OPERATIONS, PREFIX, AuthScheme, Mark, Operation
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings

from synergy.records.names import Role, StudyKind
from synergy.store import accounts, answers, datasets, freezing, runs, studies, subscriptions
from synergy.store.access import SCOPES
from synergy.store.accounts import MACHINE, AccountData, add_user, known
from synergy.store.store import Store, make_store, open_store
from synergy.store.studies import StudyQuestion
from synergy.worker.studies import study_once

PASSWORD = "correct horse battery"
# files by group of operations
FILES = {"declarations": b"sheet,site,subject,amount,unit\nneeds,GLASS-1,COG,60000,kNm3/a\n"}
PEOPLE = {"anna": Role.PLANNER, "erp": Role.CLIENT, "root": Role.ADMINISTRATOR}
# who is tried at an operation: the first that its rule lets in, and now and then one that it does not
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
    openapi_checks.missing_required_header,
    openapi_checks.ignored_auth,
    openapi_checks.unsupported_method,
]


LENIENT = (openapi_checks.negative_data_rejection, openapi_checks.missing_required_header)
# a version that is no longer there is as good a reason as a body that is wrong
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            "negative_data_rejection": {
                "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
            }
        }
    }
)


@dataclass
class Ground:
    """A store with rounds in several states, copied for each operation that is tried."""

    file: Path
    tokens: dict[str, str]
    ids: dict[str, list[Any]]
    seen: Counter[str] = field(default_factory=Counter)

    @contextlib.contextmanager
    def world(self) -> Iterator[tuple[Store, Flask]]:
        """Yield a copy of the store and an application on it."""
        with tempfile.TemporaryDirectory(prefix="synergy-") as folder:
            for path in self.file.parent.iterdir():
                shutil.copy(path, folder)
            store = open_store(Path(folder) / self.file.name)
            try:
                yield store, create_app(store, ServerSettings(secret=b"0" * 32, limited=False))
            finally:
                store.close()


def ground(folder: Path) -> Ground:
    """Return a store with rounds that are concluded, take answers, are in review and declaring."""
    store = make_store(folder / "store.db")
    hashed = accounts.hashed(PASSWORD)
    before, accounts.hashed = accounts.hashed, lambda _: hashed
    try:
        for name, role in PEOPLE.items():
            add_user(store, MACHINE, AccountData(name, role, "EAST" if role is Role.CLIENT else None, PASSWORD))
    finally:
        accounts.hashed = before
    tokens = {name: accounts.add_token(store, known(store, name), "fuzz", SCOPES).token for name in PEOPLE}
    done = responding_round(store)
    for one in proposals(store, done).values():
        accept(store, one)
    answers.conclude(store, PLANNER, done)
    open_ = responding_round(store)
    review = begun(store)
    freezing.freeze(store, PLANNER, review)
    runs.request_match(store, PLANNER, review)
    worked(store)
    declaring = begun(store)
    kept = datasets.add_dataset(store, PLANNER, tiny()).dataset
    ids = {
        "round": [done, open_, review, declaring],
        "match": [1, 2, 3],
        "partnership": [1, 2],
        "ruling": [1],
        "token": [1, 2],
        "proposal": [one.proposal for one in proposals(store, open_).values()],
        "enterprise": ["EAST", "GLASS"],
        "name": list(PEOPLE),
        "dataset": [kept],
        "schema": ["plan", "dataset"],
        "study": [1],
        "webhook": [1],
    }
    studies.ask(store, known(store, "anna"), open_, StudyQuestion(StudyKind.PATHWAYS, {"commodity": "COG", "depth": 2}))
    study_once(store, apart=False)
    subscriptions.add_webhook(store, known(store, "anna"), "https://erp.example/")
    store.close()
    return Ground(folder / "store.db", tokens, ids)


def _names(operation: Operation) -> list[str]:
    """Return the accounts that an operation is tried as."""
    tag = {"people": ["root", "anna"], "keeping": ["root", "anna"], "proposals": ["erp", "anna"]}.get(
        operation.tag, ["anna", "erp"]
    )
    return ["root"] if operation.spec.proof is AuthScheme.BASIC else tag


def tried(place: Ground, operation: Operation, cases: int, number: int) -> None:
    """Try one operation so many times."""
    with place.world() as (_, app):
        schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", app, config=CONFIG)
        found = schema.find_operation_by_id(operation.name)
        modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
        strategy = st.one_of(*(found.as_strategy(generation_mode=mode) for mode in modes))
        names = _names(operation)
        auth = {name: _auth(place, operation, name) for name in names}

        @seed(number)
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy, known=st.booleans(), name=st.sampled_from(names), pick=st.integers(0, 7))
        def once(case: Any, known: bool, name: str, pick: int) -> None:
            wrong = {at.value for at, part in case.meta.components.items() if part.mode is modes[1]}
            if known and "path" not in wrong:
                for key in operation.spec.places:
                    choices = place.ids[key]
                    case.path_parameters[key] = choices[pick % len(choices)]
                if "If-Match" in (case.headers or {}):
                    case.headers["If-Match"] = "*"
            # the token is put back where it was left out, and the version where it was wrong
            # and a file is wrong inside, which the description cannot say
            lenient = "header" in wrong or Mark.RAW in operation.spec.marks
            asked = [one for one in CHECKS if not lenient or one not in LENIENT]
            if Mark.RAW in operation.spec.marks and known:
                case.body = FILES.get(operation.tag) or tiny()
            place.seen[operation.name] += 1
            response = case.call(headers=auth[name])
            place.seen[str(response.status_code)] += 1
            case.validate_response(response, checks=asked, headers=auth[name])

        once()


def _auth(place: Ground, operation: Operation, name: str) -> dict[str, str]:
    plain = {"Accept-Encoding": "identity"}
    if operation.spec.proof is AuthScheme.BASIC:
        return plain | {"Authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()}
    return plain | {"Authorization": f"Bearer {place.tokens[name]}"}


def main() -> int:
    """Try every operation and print what was answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="one operation")
    given_ = parser.parse_args()
    begun_at = time.monotonic()
    assert room.name == "api"
    operations = [one for one in OPERATIONS.values() if given_.only in (None, one.name)]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="synergy-") as folder:
        os.environ.pop("SYNERGY_AUDIT_KEY_FILE", None)
        place = ground(Path(folder))
        for one in operations:
            try:
                tried(place, one, -(-given_.cases // len(operations)), given_.seed)
            except (Exception, BaseExceptionGroup) as error:
                failed += 1
                print(f"{one.name}: {error}", file=sys.stderr)
    seconds = time.monotonic() - begun_at
    statuses = {key: count for key, count in sorted(place.seen.items()) if key.isdigit()}
    print(f"{len(operations)} operations, {sum(statuses.values())} cases, {seconds:.0f} s, {failed} failed: {statuses}")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
