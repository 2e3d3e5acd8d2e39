"""Sends every form of every page with hostile values, one field after the other, and asks every page with hostile parameters, as an
administrator. No answer may be an error of the server or lead off the site, and each page must still be shown afterwards.

    python -m tests.fuzz.fuzz_pages [--values 12] [--seed N]

Prints what it did, and each thing that was wrong once; exit status 1 if there was one."""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

import structlog
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

import tests.fixtures.loopback  # noqa: F401 - from here on nothing leaves this machine
from duplistatus.app import build
from duplistatus.clock import SECOND, Instant, SetClock, SystemClock
from duplistatus.settings import Settings
from duplistatus.web.access import access_of
from tests.fuzz.fuzz_api import INSIDE
from tests.web.hidden import SEEN, Ids, tell_of
from tests.web.pages.html import Element, tree
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from httpx2 import Response

_SHOWN = {200, 303, 400, 404, 409, 502}
"""How a page may be answered that was sent nonsense: it is shown, leads elsewhere, or says what is wrong, with another server too."""
NASTY: tuple[str, ...] = (
    *("", " ", "\0", "0", "-1", "1", "٣", "²", "9" * 30, "1e999", "NaN", "true", "[]", "{}", "null"),
    *("x" * 10_000, "é" * 3_000, "\u202e\u2028\U0001f4a9", "a\r\nSet-Cookie: a=b", "\t", "\ufeff", "a\u0301" * 500),
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "{{7*7}}", "{%", "%00", "%", "{", "{job", "\\"),
    *("http://[", "http://x:99999", "http://127.0.0.1:9", "//evil.test", "https://evil.test/%", "http://user:pass@x", "file:///etc/passwd"),
    *("../../etc/passwd", "0001-01-01", "9999-12-31", "9999-12-31T23:59", "2026-02-30", "0000-00-00T00:00", "24:60", "25:00", "P1D"),
    *(
        "Europe/Nowhere",
        "../x",
        "CET-1",
        "a@b",
        "a@b\n@c",
        "@",
        "0.0.0.0/0",
        "::/0",
        "1.2.3.4/33",
        "fe80::1%eth0",
        "tag:",
        'tag:"',
        "'; --",
    ),
)


@dataclass
class Findings:
    """What was sent and what was wrong: how often, and what it was the first time."""

    statuses: Counter[int] = field(default_factory=Counter)
    pages: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> int:
        return sum(self.statuses.values())


@dataclass(frozen=True)
class Form:
    """A form as a browser would send it unchanged."""

    action: str
    fields: tuple[tuple[str, str], ...]


def forms_of(page: Element) -> Iterator[Form]:
    """The forms of a page that change something, one for each of their buttons."""
    for form in page.all("form"):
        if form.attributes.get("method", "").lower() != "post":
            continue
        fields: list[tuple[str, str]] = []
        buttons: list[tuple[str, str]] = []
        for each in form:
            name, value = each.attributes.get("name", ""), each.attributes.get("value", "")
            if each.tag == "button" and name:
                buttons.append((name, value))
            elif each.tag == "select" and name:
                options = [option.attributes.get("value", option.text) for option in each.all("option")]
                fields.append((name, options[0] if options else ""))
            elif each.tag == "textarea" and name:
                fields.append((name, each.raw_text))
            elif each.tag == "input" and name and each.attributes.get("type") != "submit":
                fields.append((name, value))
        action = form.attributes.get("action", "")
        for button in buttons or [("", "")]:
            yield Form(action, tuple(fields) + ((button,) if button[0] else ()))


class Fuzz:
    """A product with a server of which everything is said that can be, and an administrator who sends nonsense."""

    def __init__(self, application: FastAPI, client: TestClient, clock: SetClock, number: int, values: int) -> None:
        self._application = application
        self._client = client
        self._clock = clock
        self._random = random.Random(number)
        self._values = values
        self._client.headers.update(enter(application, Kind.ADMIN).headers)
        self._ids: Ids = tell_of(application, client, SEEN)
        self.findings = Findings()

    def _some(self) -> list[str]:
        return self._random.sample(NASTY, min(self._values, len(NASTY)))

    def _ask(self, what: str, method: str, path: str, **more: object) -> Response:
        self._clock.at = Instant(self._clock.at + SECOND)
        # Whatever was sent before may have ended the session.
        self._client.headers.update(enter(self._application, Kind.ADMIN).headers)
        answer: Response = self._client.request(method, path, **more)  # type: ignore[arg-type]
        self.findings.statuses[answer.status_code] += 1
        told = f"{method} {path[:300]} {str(more)[:600]} -> {answer.status_code} {answer.text[:200]!r}"
        if answer.status_code >= 500 and answer.status_code != 502:
            self.findings.wrong.setdefault(f"{what}: {answer.status_code}", told)
        if answer.status_code >= 400 and INSIDE.search(answer.content):
            self.findings.wrong.setdefault(f"{what} tells of the inside", told)
        location = answer.headers.get("location", "/")
        if not re.match(r"/(?![/\\])", location) or not location.isascii() or not location.isprintable():
            self.findings.wrong.setdefault(f"{what} leads to {location[:60]!r}", told)
        if "set-cookie" in answer.headers and "a=b" in answer.headers["set-cookie"]:
            self.findings.wrong.setdefault(f"{what} sets a cookie", told)
        return answer

    def pages(self) -> list[str]:
        """An address of each page."""
        known = {"key": self._ids.key, "uid": self._ids.run, "job_id": str(self._ids.job_id), "period": "weekly", "language": "de"}
        found = []
        for route in iter_route_contexts(self._application.routes):
            path = route.path or ""
            if (
                "GET" not in (route.methods or ())
                or path.startswith(("/api/", "/static", "/{language", "/metrics"))
                or access_of(route) is None
            ):
                continue
            found.append(re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: quote(known.get(match[1], "1"), safe=""), path))
        return [*found, "/settings/channels/new?kind=webhook", "/settings/channels/new?kind=email", f"/silence?job={self._ids.job_id}"]

    def run(self) -> None:
        """Every page with parameters of its own and of others, then every form of it."""
        pages = self.pages()
        names = self._parameters()
        forms: dict[str, Form] = {}
        for path in pages:
            answer = self._ask(path, "GET", path)
            self.findings.pages.add(path)
            if answer.headers.get("content-type", "").startswith("text/html"):
                for form in forms_of(tree(answer.text)):
                    forms.setdefault(f"{path} {form.action} {form.fields[-1:]}", form)
            for name in self._random.sample(names, min(self._values * 2, len(names))):
                self._ask(f"{path}?{name}", "GET", path.partition("?")[0], params={name: self._random.choice(NASTY)})
        for shown, form in forms.items():
            self._send(shown.partition(" ")[0], form)
        for path in pages:
            if (answer := self._ask(f"{path} afterwards", "GET", path)).status_code not in _SHOWN:
                self.findings.wrong.setdefault(f"{path} afterwards: {answer.status_code}", answer.text[:300])

    def _parameters(self) -> list[str]:
        """The names of all parameters of all routes, and those that pages read by themselves."""
        named = {name for route in iter_route_contexts(self._application.routes) for name in _queries(route)}
        return sorted(
            named | {"q", "view", "state", "sort", "range", "backup", "size", "after", "before", "at", "part", "page", "edit", "tag"}
        )

    def _send(self, page: str, form: Form) -> None:
        parts = urlsplit(form.action or page)
        self.findings.forms.add(parts.path)
        for name in dict.fromkeys(name for name, _ in form.fields if name != "csrf_token"):
            for value in self._some():
                data: dict[str, list[str]] = {}
                for each, kept in form.fields:
                    if each != "csrf_token":
                        data.setdefault(each, []).append(value if each == name else kept)
                self._ask(f"{parts.path} {name}", "POST", parts.path, params=dict(parse_qsl(parts.query)), data=data)


def _queries(route: object) -> list[str]:
    dependant = getattr(route, "dependant", None)
    return [each.alias for each in dependant.query_params] if dependant else []


def run(folder: Path, values: int, number: int) -> Findings:
    """Sends so many values in each field."""
    logs = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        clock = SetClock(SystemClock().now())
        application = build(Settings(data_dir=folder, admin_password="Correct7Horse", upload_rate=0), clock)
        options = {"client": ("127.0.0.1", 50000), "raise_server_exceptions": False, "follow_redirects": False}
        with TestClient(application, base_url="http://dashboard.test", **options) as client:  # type: ignore[arg-type]
            fuzz = Fuzz(application, client, clock, number, values)
            fuzz.run()
            return fuzz.findings
    finally:
        structlog.configure(**logs)


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--values", type=int, default=12, help="values in each field")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        findings = run(Path(folder), chosen.values, chosen.seed)
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(findings.statuses.items()))
    counts = f"{findings.asked} requests to {len(findings.pages)} pages and {len(findings.forms)} forms"
    sys.stdout.write(f"{counts}, seed {chosen.seed}: {statuses}\n")
    for what, how in sorted(findings.wrong.items()):
        sys.stdout.write(f"\n{what}\n  {how}\n")
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
