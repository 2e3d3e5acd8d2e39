"""Asks every route that the description for programs names, with made-up parameters and bodies, as every kind of caller. Each answer must
be of a status and shape that are described, say nothing of the inside, carry the headers of safety, and hold nothing of a server that
the caller may not see. The same seed asks the same.

    python -m tests.fuzz.fuzz_api [--examples 50] [--seed N]

Prints what it did, and each thing that was wrong once; exit status 1 if there was one."""

from __future__ import annotations

import argparse
import copy
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from starlette.testclient import TestClient

import tests.fixtures.loopback  # noqa: F401 - from here on nothing leaves this machine
from duplistatus.app import build
from duplistatus.clock import SECOND, Instant, SetClock, SystemClock
from duplistatus.settings import Settings
from duplistatus.store.database import Connection
from duplistatus.store.ids import ServerId, UserId
from duplistatus.store.sight import choose_servers
from duplistatus.web.access import Access
from duplistatus.web.api.openapi import document
from duplistatus.web.security_headers import HEADERS
from tests.web.access_tables import levels
from tests.web.hidden import HIDDEN, SEEN, tell_of
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from fastapi import FastAPI
    from hypothesis.strategies import SearchStrategy
    from schemathesis import Case

    from duplistatus.web.context import Context
    from tests.web.hidden import Ids

ENDLESS = {"/api/events"}
"""Its answer does not end; it is asked by its own tests."""
SEE_ALL = {Kind.USER, Kind.ADMIN, Kind.KEY_READ, Kind.KEY_ADMIN}
ORDER = sorted(Kind, key=lambda kind: kind in {Kind.ADMIN, Kind.KEY_ADMIN})
"""Those who can change something come last."""
INSIDE = re.compile(
    rb"Traceback|sqlite3?\.|psycopg|sqlalchemy|starlette|uvicorn|pydantic|orjson|\.py\b|site-packages|/src/|no such table"
    rb"|SELECT [a-z0-9_.*, ]+ FROM |no such column|UNIQUE constraint|violates |duplistatus\.(?:web|store|security)",
    re.IGNORECASE,
)
"""What only the log may say."""
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
ANYTHING: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {"type": "integer"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "object"}]}, "maxItems": 3},
        {"type": "object", "maxProperties": 3},
        {
            "enum": [
                "",
                "\0",
                "1h",
                "2026-07-10T12:00:00Z",
                "22:00",
                "Europe/Oslo",
                "all",
                "server",
                "ntfy",
                "weekly",
                "a\r\nb",
                -1,
                2**63,
                1e308,
            ]
        },
    ]
}
_FIELD = re.compile(r'"(\w+)"\??')


@dataclass
class Findings:
    """What was asked and what was wrong: how often, and what it was the first time."""

    statuses: Counter[int] = field(default_factory=Counter)
    asked: int = 0
    operations: set[str] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, how: str) -> None:
        self.wrong.setdefault(what, how)


def richer(described: dict[str, Any], known: tuple[Ids, ...]) -> dict[str, Any]:
    """The document with bodies where it names their fields in words only, and with ids that exist among the parameters."""
    found = copy.deepcopy(described)
    ids: list[Any] = sorted({each for ids in known for each in ids.all})
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                numbers = [int(each) for each in ids if each.isdecimal()]
                is_number = parameter["schema"].get("type") == "integer"
                parameter["schema"] = {"anyOf": [{"enum": numbers if is_number else ids}, parameter["schema"]]}
            if method != "get" and "requestBody" not in operation:
                names = set(_FIELD.findall(operation.get("description", "")))
                schema = {"type": "object", "properties": dict.fromkeys(sorted(names), ANYTHING)}
                operation["requestBody"] = {"content": {"application/json": {"schema": schema}}, "x-path": path}
    return found


class Fuzz:
    """A product with two servers, one of which limited users do not see, and the questions to it."""

    def __init__(self, application: FastAPI, client: TestClient, clock: SetClock) -> None:
        self.application = application
        self._client = client
        self._clock = clock
        self.findings = Findings()
        administrator = TestClient(application, client=("127.0.0.1", 50000), headers=enter(application, Kind.ADMIN).headers)
        self.known = (tell_of(application, administrator, SEEN), tell_of(application, administrator, HIDDEN))
        self._let_in = levels()

    def _headers(self, kind: Kind) -> dict[str, str]:
        person = enter(self.application, kind)
        if kind is Kind.LIMITED:
            parts: Context = self.application.state.context

            def choose(connection: Connection) -> None:
                choose_servers(connection, UserId("id-LIMITED"), [ServerId(self.known[0].server_id)])

            parts.writer.submit(choose).result()
        return person.headers

    def ask(self, case: Case[Any], access: Access) -> None:
        """One question, from each kind of caller."""
        given = case.as_transport_kwargs(base_url="http://dashboard.test")
        self.findings.operations.add(case.operation.label)
        for kind in ORDER:
            # Who is limited to so many questions a minute would only be told that.
            self._clock.at = Instant(self._clock.at + SECOND)
            own = {name: value for name, value in given["headers"].items() if name.lower() in {"content-type", "accept"}}
            body = {name: given[name] for name in ("json", "data", "content") if name in given}
            if isinstance(body.get("data"), bytes):
                body["content"] = body.pop("data")
            self._client.cookies.clear()
            answer = self._client.request(
                given["method"], given["url"], params=given.get("params"), headers=own | self._headers(kind), **body
            )
            self.findings.asked += 1
            self.findings.statuses[answer.status_code] += 1
            self._judge(case, kind, access, answer)

    def _judge(self, case: Case[Any], kind: Kind, access: Access, answer: Any) -> None:
        name = f"{case.operation.label} by {kind.value}"
        told = f"{case.as_curl_command()} -> {answer.status_code} {answer.content[:300]!r}"
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                self.findings.add(f"{case.operation.label}: {type(failure).__name__} {answer.status_code}", f"{failure}\n{told}")
        # 502: another server, which the caller named, has failed.
        if answer.status_code >= 500 and answer.status_code != 502:
            self.findings.add(f"{case.operation.label}: {answer.status_code}", told)
        if (INSIDE.search(answer.content) and answer.status_code != 200) or "server" in answer.headers:
            self.findings.add(f"{case.operation.label} tells of the inside", told)
        missing = [each.decode() for each, _ in HEADERS if each.decode() not in answer.headers]
        if missing:
            self.findings.add(f"{case.operation.label} lacks {missing}", told)
        if answer.status_code < 300 and kind not in self._let_in[access.value]:
            self.findings.add(f"{name} is let in", told)
        if HIDDEN.encode() in answer.content and kind not in SEE_ALL and access not in {Access.EXTERNAL, Access.METRICS}:
            sent = case.as_curl_command()
            if HIDDEN not in sent:
                self.findings.add(f"{name} tells of what is hidden", told)


def run(folder: Path, examples: int, number: int, only: str | None = None) -> Findings:
    """Asks each operation, or those of one path, so many questions."""
    schemathesis_logs = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        clock = SetClock(SystemClock().now())
        application = build(Settings(data_dir=folder, admin_password="Correct7Horse", upload_rate=0), clock)
        with TestClient(application, client=("127.0.0.1", 50000), raise_server_exceptions=False, follow_redirects=False) as client:
            fuzz = Fuzz(application, client, clock)
            described = document(application)
            schema = schemathesis.openapi.from_dict(richer(described, fuzz.known))
            for found in schema.get_all_operations():
                if isinstance(found, Err):
                    raise found.err()
                operation = found.ok()
                if operation.path in ENDLESS or only not in {None, operation.path}:
                    continue
                access = Access(described["paths"][operation.path][operation.method]["x-access"])
                _ask_of(fuzz, operation.as_strategy(), access, examples, number)
            return fuzz.findings
    finally:
        structlog.configure(**schemathesis_logs)


def _ask_of(fuzz: Fuzz, cases: SearchStrategy[Case[Any]], access: Access, examples: int, number: int) -> None:
    @seed(number)
    @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=cases)
    def ask(case: Case[Any]) -> None:
        fuzz.ask(case, access)

    ask()


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--examples", type=int, default=50, help="questions to each route")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        findings = run(Path(folder), chosen.examples, chosen.seed)
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(findings.statuses.items()))
    sys.stdout.write(f"{findings.asked} questions to {len(findings.operations)} operations, seed {chosen.seed}: {statuses}\n")
    for what, how in sorted(findings.wrong.items()):
        sys.stdout.write(f"\n{what}\n  {how}\n")
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
