"""Record the documents of the API, so that two versions of the code can be compared.

``python tests/tools/api_documents.py record FILE`` takes rounds of the tiny dataset through a scripted life on a store
of its own, and writes the answer to every request, by a name of the request, as JSON: ``{status, content type, body}``.
``python tests/tools/api_documents.py compare BEFORE AFTER`` prints each difference of two such files, and exits with 1
if there is one.

Run both at the root of a checkout: the helpers are those of the folder ``tests`` or ``tests/tools`` there, the package
is that of the interpreter. Masked are times, identifiers that depend on keys or time, computing seconds, the solver and
the seal of plans, the size of backups, and titles and details in problem documents. Floats have 9 significant digits.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import sys
import tempfile
import zipfile
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd() / "tests"))
sys.path.insert(0, str(Path.cwd() / "tests" / "tools"))

from api_worlds import API
from stores import tiny
from synergy.web.api.spec import OPERATIONS, AuthScheme
from synergy.web.api.webhooks import deliver
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from web_worlds import PASSWORD, PEOPLE, SECRET
from werkzeug.test import TestResponse

from synergy.store import accounts
from synergy.store.access import SCOPES
from synergy.store.accounts import MACHINE, AccountData, add_user
from synergy.store.store import Store, make_store
from synergy.worker.studies import study_once
from synergy.worker.work import Habits, work_once

KEY = "0f" * 32  # of the audit chain: codes, and what is ordered by them, are the same each time
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOOKS = "inside:localhost:9"  # nobody listens there
ACCOUNTS = PEOPLE | {
    "west": ("ed-west", PEOPLE["east"][1], "WEST"),
    "alumina": ("ed-alumina", PEOPLE["east"][1], "ALUMINA"),
}
SPEAKERS = {"EAST": "east", "WEST": "west", "ALUMINA": "alumina", "TARCO": "tarco", "GLASS": "editor"}
STALE = {"If-Match": '"77.00000000000000000000"'}
ANY = {"If-Match": "*"}
OPTIONS = {"time_limit": 3600.0, "gap": 0.0001, "workers": 1}
NEED = {"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": "60000", "price": "950"}
EXCHANGE = {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"}
PUBLIC = ("/", "/schemas", "/openapi.json")

MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)"), "<time>"),
    (re.compile(r"\b\d{8}T\d{6}Z?"), "<time>"),
    (re.compile(r"\bsyn_[A-Za-z0-9_-]{20,}"), "<token>"),
    (re.compile(r"\bwhsec_[0-9a-f]+"), "<secret>"),
    (re.compile(r"\bP[0-9a-f]{20}\b"), "<proposal>"),
    (re.compile(r"\bN[0-9a-f]{20}\b"), "<notice>"),
    (re.compile(r"\b[0-9a-f]{20,}\b"), "<digest>"),
)
PLACE = re.compile(r"[0-9]+\.[0-9]+")  # in the progress of a run


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.moment = BEGIN

    def __call__(self) -> datetime:
        """Return the moment, in UTC."""
        return self.moment


class Recorder:
    """Who asks the API, and the documents that came back.

    Parameters
    ----------
    folder : Path
        Where the store lies.
    """

    def __init__(self, folder: Path) -> None:
        file, self.clock = folder / "store.db", Clock()
        key = file.with_name(f"{file.name}.key")
        key.write_text(KEY, "ascii")
        key.chmod(0o600)
        self.store: Store = make_store(file)
        object.__setattr__(self.store, "now", self.clock)
        hashed = accounts.hashed(PASSWORD)
        slow, accounts.hashed = accounts.hashed, lambda _: hashed  # one slow hash for all of them
        for name, role, enterprise in ACCOUNTS.values():
            add_user(self.store, MACHINE, AccountData(name, role, enterprise, PASSWORD))
        accounts.hashed = slow
        settings = ServerSettings(
            secret=SECRET, limited=False, zone=UTC, webhook_hosts=(HOOKS,), backup_folder=folder / "copies"
        )
        self.client = create_app(self.store, settings).test_client()
        self.tokens = {who: self._token(who) for who in ACCOUNTS}
        self.step = ""
        self.documents: dict[str, Any] = {}
        self.unasked = set(OPERATIONS)
        self._names: Counter[str] = Counter()

    def _token(self, who: str) -> str:
        body = {"label": who, "scopes": list(SCOPES)}
        answer = self.client.post(f"{API}/tokens", json=body, headers={"Authorization": basic(who)})
        return str(answer.get_json()["token"])

    def ask(self, who: str, method: str, path: str, places: Mapping[str, Any] | None = None, **given: Any) -> Any:
        """Ask, keep the answer, and return it.

        Parameters
        ----------
        who : str
            One of `ACCOUNTS`; "" is nobody.
        method, path : str
            The path has names in braces for what is in `places`.
        places : mapping, optional
            Ids of this store.
        **given
            ``lang``, ``headers``, ``basic`` (name and password instead of a token), and what the test client takes.
        """
        lang, named = given.pop("lang", "en"), given.pop("basic", False)
        headers = {"Accept-Language": lang, **given.pop("headers", {})}
        if who and "Authorization" not in headers:
            headers["Authorization"] = basic(who) if named else f"Bearer {self.tokens[who]}"
        self.clock.moment += timedelta(seconds=20)
        asked = path.format(**places or {})
        self.unasked.discard(operation(method, asked.partition("?")[0]))
        answer = self.client.open(API + asked, method=method, headers=headers, **given)
        name = f"{self.step} | {who or 'nobody'} | {method} {path}" + (f" [{lang}]" if lang != "en" else "")
        self._names[name] += 1
        if self._names[name] > 1:
            name += f" #{self._names[name]}"
        self.documents[name] = document(answer)
        return answer

    def read(self, who: str, path: str, places: Mapping[str, Any] | None = None, **given: Any) -> Any:
        """Return the JSON of an answer that is kept too."""
        return self.ask(who, "GET", path, places, **given).get_json()

    def work(self) -> None:
        """Let a worker do the next run."""
        work_once(self.store, Habits(apart=False, name="test"))

    def steps(self, place: Mapping[str, Any], *names: str) -> None:
        """Take a round on as a planner."""
        for name in names:
            self.ask("planner", "POST", f"/rounds/{{round}}/{name}", place, headers=ANY)

    def walk(self, places: Mapping[str, Any]) -> None:
        """Read everything there is to read, as everybody."""
        for one in OPERATIONS.values():
            spec = one.spec
            if not spec.reads or spec.proof is AuthScheme.NONE:
                continue
            path = spec.path
            if path == "/comparisons":
                path += "?first={first}&second={match}"
            firms = ("GLASS", "EAST") if "enterprise" in spec.places else ("",)
            for firm in firms:
                named = path.replace("{enterprise}", firm)
                wanted = set(re.findall(r"\{(\w+)\}", named))
                for who in () if wanted - set(places) else PEOPLE:
                    self.ask(who, "GET", named, places, basic=spec.proof is AuthScheme.BASIC)


def basic(who: str) -> str:
    """Return the header by which one of `ACCOUNTS` asks with name and password."""
    return "Basic " + b64encode(f"{ACCOUNTS[who][0]}:{PASSWORD}".encode()).decode()


def operation(method: str, path: str) -> str:
    """Return the name of the operation at a path, "" where there is none."""
    fits = [
        one
        for one in OPERATIONS.values()
        if one.spec.method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one.spec.path), path)
    ]
    return min(fits, key=lambda one: len(one.spec.places)).name if fits else ""


def document(answer: TestResponse) -> dict[str, Any]:
    """Return an answer as it is kept."""
    kind, content, body = answer.mimetype, answer.data, None
    if "json" in kind and content:
        body = json.loads(content)
    elif kind == "text/event-stream":
        body = [dict(_field(line) for line in block.split("\n")) for block in answer.text.strip().split("\n\n")]
    elif content[:2] == b"PK":
        body = dict(_members(content))
    elif content:
        body = answer.text
    return {
        "status": answer.status_code,
        "content type": answer.content_type,
        "body": masked(body, problem=kind == "application/problem+json"),
    }


def _field(line: str) -> tuple[str, Any]:
    name, _, text = line.partition(": ")
    return name, json.loads(text) if name == "data" else text


def _members(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the files of an archive or workbook, each with the beginning of its digest."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in sorted(archive.namelist()):
            if name != "docProps/core.xml":  # when it was written
                text = hidden(archive.read(name).decode("utf-8", "backslashreplace"))
                yield name, hashlib.sha256(text.encode()).hexdigest()[:16]


def hidden(text: str) -> str:
    """Return a text without times and identifiers."""
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def masked(value: Any, *, problem: bool = False) -> Any:
    """Return JSON data without what differs from run to run.

    Parameters
    ----------
    value : Any
    problem : bool
        Whether it is a problem document, whose titles and details are left out.
    """
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [masked(one, problem=problem) for one in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for name, one in value.items():
        key, count = hidden(name), 1
        while key in made:
            count += 1
            key = f"{hidden(name)} #{count}"
        word = _word(name, one, value, problem=problem)
        made[key] = word or masked(one, problem=problem)
    return made


def _word(name: str, one: Any, whole: Mapping[str, Any], *, problem: bool) -> str:
    """Return what stands for a member of an object, "" where it is kept."""
    text, number = isinstance(one, str), isinstance(one, int | float) and not isinstance(one, bool)
    fits = {
        "<text>": problem and text and name in ("title", "detail"),
        "<request>": text and name == "request_id",
        "<cursor>": text and name == "next" and "items" in whole and not PLACE.fullmatch(one),
        "<seconds>": number and name.endswith("seconds"),
        "<solver>": name == "solver" and isinstance(one, dict) and isinstance(one.get("seconds"), int | float),
        "<bytes>": number and name == "bytes" and "file" in whole,
    }
    return next((word for word, fit in fits.items() if fit), "")


def documents_and_refusals(recorder: Recorder) -> None:
    """Ask for what is open to all, and wrongly."""
    recorder.step, ask = "documents", recorder.ask
    for path in PUBLIC:
        ask("", "GET", path)
    ask("", "GET", "/openapi.json", lang="zh")
    for name in recorder.read("", "/schemas")["items"]:
        ask("", "GET", f"/schemas/{name}")
    recorder.step = "refusals"
    for lang in ("en", "zh"):
        ask("", "GET", "/schemas/nothing", lang=lang)
        ask("", "GET", "/nothing", lang=lang)
        ask("", "GET", "/rounds", lang=lang)
        ask("editor", "GET", "/datasets", lang=lang)
        ask("planner", "GET", "/rounds/99", lang=lang)
    ask("planner", "PUT", "/rounds")
    ask("planner", "GET", "/rounds", headers={"Authorization": "Bearer syn_" + "0" * 43})
    ask("planner", "GET", "/rounds", headers={"Accept": "text/csv"})
    for query in ("limit=0", "limit=201", "cursor=bm9uZQ", "state=nothing", "unknown=1", "limit=2&limit=3"):
        ask("planner", "GET", f"/rounds?{query}")
    ask("planner", "GET", "/rounds/zero")
    ask("planner", "GET", "/rounds/99999999999")
    ask("planner", "GET", "/comparisons")
    ask("planner", "GET", "/comparisons?first=1&second=2")
    ask("planner", "GET", "/audit?number=3")
    json_type = "application/json"
    for body in (b"{", b'{"name": 1, "name": 2}', b"[]", b'{"name": NaN}', b"\xff"):
        ask("planner", "POST", "/rounds", data=body, content_type=json_type)
    ask("planner", "POST", "/rounds", data=b"name=x", content_type="application/x-www-form-urlencoded")
    ask("planner", "POST", "/rounds", json={"name": "", "dataset": "x", "unknown": 1, "ladder": "much"})
    ask("planner", "POST", "/rounds", json={"name": "none", "dataset": "0" * 64})


def people(recorder: Recorder) -> None:
    """Make accounts and tokens, and end them."""
    recorder.step, ask = "people", recorder.ask
    new = {"name": "new", "role": "reader", "enterprise": "EAST"}
    ask("admin", "POST", "/users", json=new)
    ask("admin", "POST", "/users", json=new)
    ask("planner", "POST", "/users", json=new)
    ask("admin", "POST", "/users", json={"name": "lost", "role": "editor"})
    ask("admin", "POST", "/users", json={"name": "odd", "role": "king", "enterprise": None, "x": 1})
    ask("admin", "POST", "/users", json={"name": "weak", "role": "planner", "password": "short"})
    ask("admin", "PATCH", "/users/new", headers=STALE, json={"disabled": True})
    ask("admin", "PATCH", "/users/new", json={"disabled": True})
    ask("admin", "PATCH", "/users/new", headers={"If-Match": f'"1.{"0" * 20}"'}, json={"disabled": True})
    ask("admin", "PATCH", "/users/new", headers=ANY, json={})
    ask("admin", "PATCH", "/users/@11", headers=ANY, json={"disabled": False})
    ask("admin", "PATCH", "/users/none", headers=ANY, json={"disabled": True})
    ask("admin", "GET", "/users?limit=4")
    label = {"label": "erp", "scopes": ["read"], "days": 30}
    made = ask("client", "POST", "/tokens", json=label, basic=True).get_json()
    ask("client", "POST", "/tokens", json={"label": "", "scopes": ["all"], "days": 0}, basic=True)
    ask("client", "POST", "/tokens", json=label)
    bearer = {"Authorization": f"Bearer {made['token']}"}
    ask("client", "GET", "/me", headers=bearer)
    ask("client", "POST", "/notices/read", headers=bearer, json={})
    ask("client", "GET", "/tokens", basic=True)
    ask("east", "DELETE", "/tokens/{token}", {"token": made["id"]}, basic=True)
    ask("client", "DELETE", "/tokens/{token}", {"token": made["id"]}, basic=True)
    ask("client", "GET", "/me", headers=bearer)
    spare = ask("auditor", "POST", "/tokens", json=label, basic=True).get_json()
    ask("planner", "DELETE", "/issued-tokens/{token}", {"token": spare["id"]})
    ask("admin", "DELETE", "/issued-tokens/{token}", {"token": spare["id"]})
    ask("admin", "DELETE", "/issued-tokens/{token}", {"token": spare["id"]})


def datasets(recorder: Recorder) -> str:
    """Send datasets; return the digest of the tiny one."""
    recorder.step, ask = "datasets", recorder.ask
    archive = "application/zip"
    kept = ask("planner", "POST", "/datasets", data=tiny(), content_type=archive).get_json()
    ask("planner", "POST", "/datasets", data=tiny(), content_type=archive)
    ask("editor", "POST", "/datasets", data=tiny(), content_type=archive)
    ask("planner", "POST", "/datasets/check", data=tiny(), content_type=archive)
    for lang in ("en", "zh"):
        ask("planner", "POST", "/datasets/check", data=b"PK no zip", lang=lang)
        ask("planner", "GET", "/datasets/template", lang=lang)
    ask("planner", "POST", "/datasets", data=b"PK no zip")
    ask("planner", "POST", "/datasets/check", json={"offers": [{"site": ["EAST-1"]}], "none": 1})
    ask("planner", "POST", "/datasets", json={"name": "odd", "offers": [{"site": "NOWHERE", "quantity": "x"}]})
    ask("planner", "GET", "/datasets/{dataset}", {"dataset": kept["dataset"]})
    ask("planner", "GET", "/datasets/{dataset}", {"dataset": "0" * 64})
    for who in ("planner", "editor"):
        for form in ("graph", "graph.graphml"):
            ask(who, "GET", f"/datasets/{{dataset}}/{form}", {"dataset": kept["dataset"]})
    return str(kept["dataset"])


def hooks(recorder: Recorder) -> dict[str, int]:
    """Register webhooks; return their numbers by account."""
    recorder.step, ask = "webhooks", recorder.ask
    url, made = "http://localhost:9/hook", {}
    for who, actions in (("planner", ["round."]), ("editor", [])):
        answer = ask(who, "POST", "/webhooks", json={"url": url, "actions": actions})
        made[who] = int(answer.get_json()["webhook"])
    ask("planner", "POST", "/webhooks", json={"url": "https://elsewhere.example/", "actions": []})
    ask("planner", "POST", "/webhooks", json={"url": url, "actions": ["nothing."]})
    ask("reader", "POST", "/webhooks", json={"url": url})
    return made


def declared(recorder: Recorder, place: Mapping[str, Any]) -> None:
    """Declare in a round: by JSON, by a workbook, as last time, and wrongly."""
    recorder.step, ask = "declaring", recorder.ask
    path = "/rounds/{round}/declarations/GLASS"
    ask("planner", "GET", "/rounds/{round}/declarations", place)
    ask("editor", "GET", path, place)
    ask("editor", "GET", f"{path}/workbook", place)
    ask("editor", "GET", f"{path}/workbook", place, lang="zh")
    unit = {**NEED, "amount": {"value": "6000", "unit": "万Nm3"}, "price": {"amount": "0.95", "currency": "CNY"}}
    wrong = [
        {**NEED, "amount": {"value": "3", "unit": "GJ"}},
        {**NEED, "subject": "GOC"},
        {**NEED, "amount": "1", "period": "never"},
        {**NEED, "price": {"amount": "1", "currency": "USD"}},
        {**NEED, "amount": "-5"},
        {**NEED, "site": "EAST-1"},
    ]
    for lang in ("en", "zh"):
        ask("editor", "POST", f"{path}/check", place, json={"entries": wrong}, lang=lang)
    ask("editor", "PUT", path, place, json={"entries": wrong}, headers=ANY)
    ask("editor", "POST", f"{path}/check", place, json={"entries": [{**NEED, "unknown": 1, "amount": 5}]})
    few = {**NEED, "amount": "6"}
    ask("editor", "POST", f"{path}/check", place, json={"entries": [few]})
    meant = {"entries": [{**few, "checked": True, "other": {"columns": {"site": "x", "strange": 1}}}]}
    for lang in ("en", "zh"):
        ask("editor", "POST", f"{path}/check", place, json=meant, lang=lang)
    ask("editor", "POST", f"{path}/check", place, json={"entries": [unit]})
    ask("editor", "POST", f"{path}/check", place, json={"entries": [{**unit, "price": "950"}]})
    ask("editor", "PUT", path, place, json={"entries": [NEED]})
    ask("editor", "PUT", path, place, json={"entries": [NEED]}, headers=STALE)
    ask("editor", "PUT", path.replace("GLASS", "EAST"), place, json={"entries": [NEED]}, headers=ANY)
    ask("reader", "PUT", path.replace("GLASS", "TARCO"), place, json={"entries": []}, headers=ANY)
    ask("auditor", "PUT", path, place, json={"entries": [NEED]}, headers=ANY)
    keyed = {**ANY, "Idempotency-Key": "one"}
    limits = {"limits": {"h2s": {"min": 0.0, "max": 500.0}}}
    ask("editor", "POST", f"{path}/check", place, json={"entries": [{**NEED, "other": limits}]})
    for _ in range(2):
        ask("editor", "PUT", path, place, json={"entries": [NEED]}, headers=keyed)
    ask("editor", "PUT", path, place, json={"entries": []}, headers=keyed)
    tar = {"sheet": "offers", "site": "GLASS-1", "subject": "TAR", "amount": "5"}
    added = ask("client", "PUT", path, place, json={"entries": [tar]}, headers=ANY).get_json()
    ask("client", "PUT", path, place, json={"entries": [], "withdraw": ["NONE"]}, headers=ANY)
    names = [one["ident"] for one in added["entries"] if one["subject"] == "TAR"]
    ask("client", "PUT", path, place, json={"entries": [], "withdraw": names}, headers=ANY)
    ask("editor", "GET", f"{path}/balance", place)
    sheet = b"sheet,site,subject,amount,unit,price,price_unit\nneeds,GLASS-1,COG,60000,kNm3,950,CNY/kNm3\n"
    ask("editor", "POST", f"{path}/workbook/check", place, data=sheet, content_type="text/csv")
    bad = sheet.replace(b"60000", b"many").replace(b"COG", b"GOC")
    ask("editor", "PUT", f"{path}/workbook", place, data=bad, content_type="text/csv", headers=ANY)
    ask("editor", "PUT", f"{path}/workbook", place, data=sheet, content_type="text/csv", headers=ANY)
    ask("editor", "PUT", path, place, json={"entries": [NEED], "only": True}, headers=ANY)
    repeated(recorder, place, "EAST", "WEST", "ALUMINA")
    told = recorder.read("east", "/rounds/{round}/declarations/EAST", place)["entries"]
    sent = [{name: value for name, value in one.items() if name != "assumed"} for one in told]
    ask("east", "PUT", "/rounds/{round}/declarations/EAST", place, json={"entries": sent}, headers=ANY)


def repeated(recorder: Recorder, place: Mapping[str, Any], *names: str) -> None:
    """Let enterprises declare as last time."""
    for name in names:
        path = f"/rounds/{{round}}/declarations/{name}/repeat"
        recorder.ask(SPEAKERS[name], "POST", path, place, headers=ANY)


def begun(recorder: Recorder, dataset: str) -> dict[str, Any]:
    """Make a round, take declarations, and freeze it; return its place."""
    recorder.step, ask = "making a round", recorder.ask
    body = {
        "name": "spring",
        "dataset": dataset,
        "scenario": {"name": "dearer carbon", "settings": {"carbon_price": 20}},
        "options": OPTIONS,
        "ladder": 0,
        "deadline": "2026-03-31T16:00:00+00:00",
        "answer_by": "2026-04-30T16:00:00+00:00",
    }
    keyed = {"Idempotency-Key": "spring"}
    number = ask("planner", "POST", "/rounds", json=body, headers=keyed).get_json()["round"]
    place = {"round": number}
    ask("planner", "POST", "/rounds", json=body, headers=keyed)
    ask("planner", "POST", "/rounds", json={**body, "name": "other"}, headers=keyed)
    ask("editor", "POST", "/rounds", json=body)
    ask("planner", "POST", "/rounds", json={**body, "members": ["NOBODY"]})
    ask("planner", "POST", "/rounds", json={**body, "scenario": {"settings": {"carbon": 1}}})
    ask("planner", "POST", "/rounds", json={**body, "options": {"settlement": "fair", "gap": 2}})
    ask("planner", "POST", "/rounds", json={**body, "deadline": "2026-03-31T16:00:00"})
    ask("planner", "GET", "/rounds/{round}", place)
    ask("planner", "GET", "/rounds/{round}/setup", place)
    ask("planner", "GET", "/rounds/{round}/plan", place)
    opening = "/rounds/{round}/open"
    ask("planner", "POST", opening, place)
    ask("planner", "POST", opening, place, headers=STALE)
    ask("planner", "POST", opening, place, headers={"If-Match": "nonsense"})
    ask("planner", "POST", opening, place, headers=ANY, json={"note": "x", "unknown": 1})
    ask("editor", "POST", opening, place, headers=ANY)
    recorder.steps(place, "publish", "match", "conclude")
    ask("planner", "POST", opening, place, headers=ANY, json={"note": "agreed in the meeting"})
    recorder.steps(place, "open")
    declared(recorder, place)
    recorder.step = "before freezing"
    recorder.steps(place, "remind")
    extending = "/rounds/{round}/extend"
    for sent in ({}, {"deadline": "2020-01-01T00:00:00+00:00"}, {"deadline": "tomorrow"}):
        ask("planner", "POST", extending, place, headers=ANY, json=sent)
    recorder.clock.moment = datetime(2026, 4, 1, 8, tzinfo=UTC)
    ask("tarco", "POST", "/rounds/{round}/declarations/TARCO/repeat", place, headers=ANY)
    later = {"deadline": "2026-04-15T16:00:00+08:00", "note": "asked by one"}
    ask("planner", "POST", extending, place, headers=ANY, json=later)
    repeated(recorder, place, "TARCO")
    ask("planner", "GET", "/rounds/{round}/doubtful", place)
    recorder.steps(place, "freeze", "freeze", "reopen", "freeze")
    ask("editor", "PUT", "/rounds/{round}/declarations/GLASS", place, json={"entries": [NEED]}, headers=ANY)
    return place


def matched(recorder: Recorder, place: dict[str, Any]) -> None:
    """Match a round twice, with rulings between, and compare the runs."""
    recorder.step, ask = "matching", recorder.ask
    asked = ask("planner", "POST", "/rounds/{round}/match", place, headers=ANY).get_json()
    first = place["first"] = asked["match"]
    recorder.steps(place, "match", "publish")
    ask("planner", "GET", "/matches/{first}", place)
    ask("planner", "GET", "/matches/{first}/plan", place)
    ask("planner", "GET", "/matches/{first}/progress", place)
    recorder.work()
    recorder.step = "reviewing"
    for name in ("", "/plan", "/progress"):
        ask("planner", "GET", f"/matches/{{first}}{name}", place)
    last = recorder.read("planner", "/matches/{first}/progress", place)["next"]
    ask("planner", "GET", "/matches/{first}/progress?after={after}", {**place, "after": last})
    ask("planner", "GET", "/matches/{first}/progress?after=x", place)
    ask("planner", "GET", "/matches/{first}/progress", place, headers={"Accept": "text/event-stream"})
    ask("planner", "GET", "/rounds/{round}/labels", place)
    for who in ("planner", "editor"):
        for form in ("graph", "graph.graphml"):
            ask(who, "GET", f"/rounds/{{round}}/{form}", place)
    ask("planner", "GET", "/rounds/{round}/proposals", place)
    ask("editor", "GET", "/rounds/{round}/proposals", place)
    rulings, numbers = "/rounds/{round}/rulings", []
    for one in (
        {"kind": "fix", "pattern": {"to_site": "GLASS-1", "commodity": "COG", "quantity": "30000"}},
        {"kind": "fix", "pattern": {**EXCHANGE, "quantity": {"value": "30", "unit": "MNm3"}}},
        {"kind": "forbid", "pattern": {"from_enterprise": "WEST", "to_enterprise": "EAST", "commodity": "COG"}},
        {"kind": "note", "text": "looked at in the meeting"},
        {"kind": "forbid", "pattern": {"commodity": "GOC"}},
        {"kind": "forbid", "pattern": {**EXCHANGE, "quantity": "3"}},
        {"kind": "fix", "pattern": EXCHANGE},
        {"kind": "fix", "pattern": {**EXCHANGE, "quantity": {"value": "3", "unit": "GJ"}}},
        {"kind": "bless", "pattern": {}},
    ):
        answer = ask("planner", "POST", rulings, place, json={"ruling": one}, headers=ANY)
        numbers += [answer.get_json()["ruling"]] if answer.status_code == 201 else []
    ask("planner", "POST", rulings, place, json={"ruling": {"kind": "note", "text": "x"}}, headers=STALE)
    ask("planner", "DELETE", f"{rulings}/{{ruling}}", {**place, "ruling": numbers[0]}, headers=ANY)
    ask("planner", "DELETE", f"{rulings}/{{ruling}}", {**place, "ruling": numbers[0]}, headers=ANY)
    ask("planner", "GET", rulings, place)
    recorder.step = "matching again"
    body = {"note": "with rulings", "start": [first]}
    ask("planner", "POST", "/rounds/{round}/match", place, headers=ANY, json={"start": [99]})
    place["match"] = ask("planner", "POST", "/rounds/{round}/match", place, headers=ANY, json=body).get_json()["match"]
    recorder.work()
    ask("planner", "GET", "/matches/{match}", place)
    ask("planner", "GET", "/rounds/{round}/plan", place)
    ask("planner", "GET", "/comparisons?first={first}&second={match}", place)
    ask("planner", "GET", "/comparisons?first={match}&second={first}", place)
    recorder.steps(place, "collect", "publish", "collect")


def offered(recorder: Recorder, place: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the proposals of a round by what they are about."""
    items = recorder.read("planner", "/rounds/{round}/proposals?limit=200", place)["items"]
    return sorted(items, key=lambda one: str(one["id"]))


def reply(recorder: Recorder, one: Mapping[str, Any], who: str, body: Mapping[str, Any], **given: Any) -> None:
    """Answer a proposal."""
    before, recorder.step = recorder.step, f"{recorder.step}: {one['id']}"
    recorder.ask(who, "POST", "/proposals/{proposal}/answers", {"proposal": one["proposal"]}, json=body, **given)
    recorder.step = before


def counter(one: Mapping[str, Any], firm: str) -> dict[str, Any] | None:
    """Return a counter-offer of half the quantity of the first line of an enterprise, None if it has no line."""
    for line in one["lines"]:
        if firm in (line["from_enterprise"], line["to_enterprise"]):
            half = {"value": str(int(float(line["quantity"]["value"]) / 2)), "unit": line["quantity"]["unit"]}
            return {"answer": "countered", "counter": [{"number": line["number"], "quantity": half}]}
    return None


def answered(recorder: Recorder, place: dict[str, Any]) -> None:
    """Let enterprises answer in every way."""
    recorder.step = "answering"
    found = offered(recorder, place)
    gas = next(one for one in found if any(party["enterprise"] == "GLASS" for party in one["parties"]))
    place["proposal"] = gas["proposal"]
    line = next(one for one in gas["lines"] if "GLASS" in (one["from_enterprise"], one["to_enterprise"]))
    for body in (
        {"answer": "declined"},
        {"answer": "maybe", "unknown": 1},
        {"answer": "countered"},
        {"answer": "countered", "counter": [{"number": line["number"]}]},
        {"answer": "countered", "counter": [{"number": 99, "quantity": "1"}]},
        {"answer": "countered", "counter": [{"number": line["number"], "quantity": {"value": "1", "unit": "t"}}]},
        {"answer": "countered", "counter": [{"number": line["number"], "quantity": "999999999"}]},
        {
            "answer": "countered",
            "counter": [{"number": line["number"], "price": {"amount": "9", "currency": "USD"}}],
        },
    ):
        reply(recorder, gas, "editor", body)
    for who in ("tarco", "reader", "planner"):
        reply(recorder, gas, who, {"answer": "accepted"})
    reply(recorder, gas, "editor", {"answer": "interested"}, headers=STALE)
    keyed = {"Idempotency-Key": "erp-1"}
    for word in ("interested", "interested", "accepted"):
        reply(recorder, gas, "client", {"answer": word}, headers=keyed)
    reply(recorder, gas, "editor", counter(gas, "GLASS") or {})
    recorder.step = "reading while answers are taken"
    recorder.walk(place)
    recorder.step = "answering on"
    for number, one in enumerate(found):
        firms = [party["enterprise"] for party in one["parties"]]
        if one is not gas and number == len(found) - 1:
            reply(recorder, one, SPEAKERS[firms[0]], {"answer": "declined", "reason": "promised elsewhere"})
            reply(recorder, one, SPEAKERS[firms[-1]], {"answer": "accepted"})
            continue
        for firm in firms:
            reply(recorder, one, SPEAKERS[firm], {"answer": "accepted"})
        reply(recorder, one, SPEAKERS[firms[0]], {"answer": "interested"})


def studied(recorder: Recorder, place: dict[str, Any]) -> None:
    """Ask every kind of study, let a worker answer, and fetch the answers."""
    recorder.step, ask = "studies", recorder.ask
    asked = (
        ("planner", "explanations", EXCHANGE),
        ("editor", "explanations", EXCHANGE),
        ("editor", "explanations", {**EXCHANGE, "to_site": "TARCO-1"}),
        ("auditor", "explanations", {**EXCHANGE, "to_site": "ALUMINA-1"}),
        ("planner", "explanations", {"from_site": "EAST-1", "unknown": 1}),
        ("planner", "pathways", {"commodity": "COG", "depth": 3}),
        ("editor", "pathways", {"commodity": "COG", "depth": 3}),
        ("editor", "pathways", {"commodity": "GOC"}),
        ("reader", "pathways", {"commodity": "TAR", "depth": 9}),
        ("planner", "sensitivities", {"time_limit": 600}),
        ("editor", "sensitivities", {}),
        ("auditor", "alternatives", {"within": 0.02, "time_limit": 600}),
        ("editor", "alternatives", {}),
        ("admin", "alternatives", {}),
    )
    numbers = []
    for who, path, body in asked:
        answer = ask(who, "POST", f"/rounds/{{round}}/{path}", place, json=body)
        numbers += [(who, answer.get_json()["study"])] if answer.status_code == 202 else []
    place["study"] = numbers[0][1]
    ask("planner", "GET", "/studies/{study}", place)
    for who, study in numbers:
        study_once(recorder.store, apart=False)
        ask(who, "GET", "/studies/{study}", {"study": study})
    ask("editor", "GET", "/studies/{study}", place)
    for who in ("planner", "editor", "reader"):
        ask(who, "GET", "/rounds/{round}/studies?limit=3", place)


def concluded(recorder: Recorder, place: dict[str, Any]) -> None:
    """End a round whose time to answer had passed, and follow its partnerships."""
    recorder.step, ask = "concluding", recorder.ask
    for who in ("planner", "editor", "east"):
        ask(who, "GET", "/proposals/{proposal}/history", place)
        ask(who, "GET", "/rounds/{round}/proposals?answer=accepted", place)
        ask(who, "GET", "/rounds/{round}/proposals?kind=extension&limit=1", place)
    recorder.clock.moment = datetime(2026, 5, 1, 8, tzinfo=UTC)
    ask("west", "POST", "/proposals/{proposal}/answers", place, json={"answer": "accepted"})
    ask("east", "POST", "/proposals/{proposal}/answers", place, json={"answer": "accepted"})
    later = {"answer_by": "2026-05-10T16:00:00+08:00", "note": "asked by two"}
    ask("planner", "POST", "/rounds/{round}/extend", place, headers=ANY, json=later)
    ask("east", "POST", "/proposals/{proposal}/answers", place, json={"answer": "accepted"})
    ask("planner", "POST", "/rounds/{round}/conclude", place, headers=STALE)
    made = ask("planner", "POST", "/rounds/{round}/conclude", place, headers=ANY).get_json()
    recorder.steps(place, "conclude", "cancel", "extend")
    recorder.step = "following"
    ask("planner", "GET", "/partnerships", place)
    first, path = made["partnerships"][0], "/partnerships/{partnership}"
    place["partnership"] = first
    for body in ({"stage": "permits"}, {"stage": "agreed"}, {"stage": "permits"}, {"stage": "ended"}, {"stage": "up"}):
        ask("planner", "PATCH", path, place, json=body, headers=ANY)
    ask("planner", "PATCH", path, place, json={"stage": "building"}, headers=STALE)
    ask("auditor", "PATCH", path, place, json={"stage": "building"}, headers=ANY)
    for number in made["partnerships"]:
        held = {"partnership": number}
        for who in ("east", "west", "alumina", "tarco", "editor"):
            ask(who, "GET", path, held)
            ask(who, "PATCH", path, held, json={"stage": "financing"}, headers=ANY)
    ended = {"stage": "ended", "reason": "no permit"}
    ask("planner", "PATCH", path, place, json=ended, headers=ANY)
    ask("planner", "PATCH", path, place, json={"stage": "running"}, headers=ANY)
    for query in ("stage=ended", "stage=financing", "round=1", "round=2", "stage=none"):
        ask("planner", "GET", f"/partnerships?{query}")
    for firm in SPEAKERS:
        ask("planner", "GET", f"/rounds/{{round}}/declarations/{firm}/balance", place)


def anonymous(recorder: Recorder, dataset: str, previous: Mapping[str, Any]) -> dict[str, Any]:
    """Take a round with a ladder in which partners have no names to its answers, and match it again after them."""
    recorder.step, ask = "anonymous", recorder.ask
    body = {"name": "autumn", "dataset": dataset, "options": {**OPTIONS, "settlement": "shapley"}, "anonymous": True}
    made = ask("planner", "POST", "/rounds", json=body | {"previous": previous["round"]}).get_json()
    place = {"round": made["round"]}
    recorder.steps(place, "open")
    repeated(recorder, place, *SPEAKERS)
    recorder.steps(place, "freeze", "match")
    recorder.work()
    place["first"] = place["match"] = recorder.read("planner", "/rounds/{round}/matches", place)["items"][0]["match"]
    recorder.steps(place, "publish", "collect")
    recorder.step = "reading an anonymous round"
    found = offered(recorder, place)
    place["proposal"] = next(
        one["proposal"] for one in found if any(party["enterprise"] == "GLASS" for party in one["parties"])
    )
    recorder.walk(place)
    recorder.step = "anonymous, answering"
    for number, one in enumerate(found):
        firms = [party["enterprise"] for party in one["parties"]]
        for firm in firms[:1] if number == 1 else firms:
            reply(recorder, one, SPEAKERS[firm], {"answer": "interested"})
    recorder.step = "anonymous, interested"
    for firm in SPEAKERS.values():
        ask(firm, "GET", "/rounds/{round}/proposals", place)
        ask(firm, "GET", "/rounds/{round}/proposals", place, lang="zh")
    for number, one in enumerate(found):
        firm = one["parties"][0]["enterprise"]
        countered = counter(one, firm)
        if number == 0:
            reply(recorder, one, SPEAKERS[firm], {"answer": "declined", "reason": "too far"})
        elif countered is not None and number % 2:
            reply(recorder, one, SPEAKERS[firm], countered)
    recorder.step = "anonymous, again"
    recorder.steps(place, "match")
    recorder.work()
    place["match"] = recorder.read("planner", "/rounds/{round}/matches", place)["items"][-1]["match"]
    for path in ("/rounds/{round}/rulings", "/rounds/{round}/plan", "/comparisons?first={first}&second={match}"):
        ask("planner", "GET", path, place)
    recorder.steps(place, "publish", "collect")
    for who in ("planner", *SPEAKERS.values()):
        ask(who, "GET", "/rounds/{round}/proposals", place)
    ask("editor", "GET", "/proposals/{proposal}", place)
    return place


def others(recorder: Recorder, dataset: str, place: Mapping[str, Any]) -> None:
    """Take rounds to other ends: stopped, halted, without a plan, cancelled."""
    recorder.step, ask = "without a plan", recorder.ask
    wanted = {**EXCHANGE, "quantity": 900000}
    body = {"name": "too much", "dataset": dataset, "options": OPTIONS, "members": ["EAST", "GLASS"]}
    made = ask("planner", "POST", "/rounds", json=body | {"scenario": {"settings": {"fix": [wanted]}}}).get_json()
    held = {"round": made["round"]}
    recorder.steps(held, "open")
    ask("west", "GET", "/rounds/{round}/declarations/WEST", held)
    recorder.steps(held, "freeze")
    run = ask("planner", "POST", "/rounds/{round}/match", held, headers=ANY).get_json()["match"]
    recorder.work()
    for path in ("/matches/{match}", "/matches/{match}/plan", "/rounds/{round}", "/rounds/{round}/proposals"):
        ask("planner", "GET", path, {**held, "match": run})
    ask("planner", "GET", "/comparisons?first={first}&second={match}", {"first": place["first"], "match": run})
    recorder.step = "stopping"
    recorder.steps(held, "stop", "halt", "match", "halt")
    ask("editor", "POST", "/rounds/{round}/stop", held)
    ask("planner", "POST", "/rounds/{round}/stop", held, json={"note": "not now"})
    ask("planner", "GET", "/rounds/{round}/matches", held)
    recorder.steps(held, "halt", "cancel", "open")
    ask("planner", "GET", "/rounds?state=cancelled&limit=1")


def kept(recorder: Recorder, numbers: Mapping[str, int], place: dict[str, Any]) -> None:
    """Read notices, calls of webhooks, backups and the record, and let an enterprise leave."""
    recorder.step, ask = "notices", recorder.ask
    for who in ("planner", *SPEAKERS.values(), "reader"):
        for lang in ("en", "zh"):
            ask(who, "GET", "/notices?limit=200", lang=lang)
    told = recorder.read("editor", "/notices?unread=true&limit=2")["items"]
    ask("tarco", "POST", "/notices/read", json={"notices": [told[0]["notice"]]})
    for _ in range(2):
        ask("editor", "POST", "/notices/read", json={"notices": [told[0]["notice"]]})
    ask("editor", "GET", "/notices?unread=true&limit=2")
    ask("editor", "POST", "/notices/read")
    ask("editor", "GET", "/notices?unread=true")
    ask("auditor", "POST", "/notices/read")
    recorder.step = "calls of webhooks"
    while deliver(recorder.store, (HOOKS,)):
        pass
    for who, number in numbers.items():
        for other in numbers:
            ask(other, "GET", "/webhooks/{webhook}/deliveries", {"webhook": number})
        ask(who, "GET", "/webhooks/{webhook}/deliveries?limit=3", {"webhook": number})
    recorder.step = "backups"
    for _ in range(2):
        ask("admin", "POST", "/backups", headers={"Idempotency-Key": "copy"})
    ask("planner", "POST", "/backups")
    ask("admin", "GET", "/backups")
    recorder.step = "reading at the end"
    place["webhook"] = numbers["planner"]
    recorder.walk(place)
    ask("planner", "GET", "/events?limit=200")
    ask("auditor", "GET", "/events?round={round}&limit=200", place)
    pages(recorder)
    head = recorder.read("auditor", "/audit")["head"]
    ask("auditor", "GET", "/audit?number={number}&mac={mac}", head)
    ask("auditor", "GET", "/audit?number={number}&mac={mac}", {**head, "mac": "0" * 64})


def pages(recorder: Recorder) -> None:
    """Read the events page by page."""
    cursor = recorder.read("planner", "/events?limit=40")["next"]
    for _ in range(3):
        cursor = recorder.read("planner", "/events?limit=40&cursor={cursor}", {"cursor": cursor})["next"]


def left(recorder: Recorder, numbers: Mapping[str, int], place: Mapping[str, Any]) -> None:
    """Let an enterprise leave, end what is left, and change a password."""
    recorder.step, ask = "leaving", recorder.ask
    leaving = {"enterprise": "TARCO", "note": "closed"}
    for who in ("planner", "admin"):
        ask(who, "POST", "/departures", json=leaving)
    ask("admin", "POST", "/departures", json={"enterprise": "NOBODY"})
    recorder.steps(place, "cancel")
    for one in recorder.read("planner", "/partnerships?limit=200")["items"]:
        ended = {"stage": "ended", "reason": "a party has left"}
        ask("planner", "PATCH", "/partnerships/{partnership}", one, json=ended, headers=ANY)
    for _ in range(2):
        ask("admin", "POST", "/departures", json=leaving)
    ask("tarco", "GET", "/rounds")
    for path in ("/departures", "/users", "/issued-tokens"):
        ask("admin", "GET", path)
    ask("planner", "GET", "/notices?limit=1")
    for who in ("planner", "admin", "admin"):
        ask(who, "DELETE", "/departures/TARCO")
    ask("admin", "GET", "/departures")
    recorder.step = "ending"
    for who in ("editor", "planner", "planner"):
        ask(who, "DELETE", "/webhooks/{webhook}", {"webhook": numbers["planner"]})
    ask("planner", "GET", "/webhooks")
    ask("alumina", "PUT", "/me/password", json={"password": "short"}, basic=True)
    ask("alumina", "PUT", "/me/password", json={"password": "another long password"}, basic=True)
    ask("alumina", "GET", "/me")
    ask("alumina", "GET", "/tokens", basic=True)
    ask("auditor", "GET", "/audit")


def recorded(folder: Path) -> dict[str, Any]:
    """Return the documents of a scripted life, by name of the request.

    Parameters
    ----------
    folder : Path
        For the store.
    """
    recorder = Recorder(folder)
    documents_and_refusals(recorder)
    people(recorder)
    dataset = datasets(recorder)
    numbers = hooks(recorder)
    place = begun(recorder, dataset) | {"dataset": dataset, "webhook": numbers["editor"]}
    matched(recorder, place)
    studied(recorder, place)
    answered(recorder, place)
    concluded(recorder, place)
    nameless = anonymous(recorder, dataset, place)
    others(recorder, dataset, place)
    kept(recorder, numbers, place)
    left(recorder, numbers, nameless)
    recorder.store.close()
    if recorder.unasked:
        print(f"operations not asked: {', '.join(sorted(recorder.unasked))}")
    return recorder.documents


def differences(before: Any, after: Any, path: str = "$") -> Iterator[tuple[str, Any, Any]]:
    """Yield the JSON path of each difference, with what was there before and after.

    Parameters
    ----------
    before, after : Any
        JSON data.
    path : str
        Where they stand.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from differences(before.get(name, "<none>"), after.get(name, "<none>"), f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            pair = [one[number] if number < len(one) else "<none>" for one in (before, after)]
            yield from differences(*pair, f"{path}[{number}]")
    elif before != after or type(before) is not type(after):
        yield path, before, after


def record(file: Path) -> int:
    """Write the documents into a file."""
    with tempfile.TemporaryDirectory(prefix="synergy-") as folder:
        found = recorded(Path(folder))
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    states = Counter(one["status"] for one in found.values())
    print(f"{len(found)} requests: " + ", ".join(f"{count} x {status}" for status, count in sorted(states.items())))
    return 0


def compare(before: Path, after: Path) -> int:
    """Print the differences of two files; return 1 if there is one."""
    first, second = (json.loads(one.read_text("utf-8")) for one in (before, after))
    counts = Counter({"equal": 0, "different": 0, "missing": 0})
    for name in dict.fromkeys((*first, *second)):
        if name not in first or name not in second:
            counts["missing"] += 1
            print(f"{name}\n  only in {before if name in first else after}")
            continue
        found = list(differences(first[name], second[name]))
        counts["different" if found else "equal"] += 1
        if found:
            print(name)
        for path, old, new in found:
            print(f"  {path}: {_short(old)} -> {_short(new)}")
    print(f"{counts.total()} requests: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    return int(counts["different"] + counts["missing"] > 0)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:197]}..."


def main() -> int:
    """Record or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="write the documents of a scripted life")
    recording.add_argument("file", type=Path)
    comparing = commands.add_parser("compare", help="print the differences of two records")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    return record(given.file) if given.command == "record" else compare(given.before, given.after)


if __name__ == "__main__":
    sys.exit(main())
