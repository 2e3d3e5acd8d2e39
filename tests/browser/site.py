"""A running product with what was reported to it. In: settings and reports; out: a `Site` that takes further reports as Duplicati sends
them, and whose clock, that of the story, stands still until a report or a test moves it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from duplistatus.app import build
from duplistatus.clock import DAY, HOUR, MINUTE, Instant, SetClock, instant, moment
from duplistatus.settings import RELEASES_URL, Settings
from duplistatus.store.facts import apply_due
from tests.fixtures.engines import place
from tests.fixtures.serving import serving
from tests.web.api.reports import Made, document, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from playwright.sync_api import BrowserContext, StorageState

    from duplistatus.web.context import Context

DATA = Path(__file__).parent.parent / "data" / "duplicati"
NOW = instant(datetime(2026, 11, 21, 12, tzinfo=UTC))
"""Saturday noon, after the newest recording."""
ADMIN_PASSWORD = "Correct7Horse"
_STEP = "Information-Duplicati.Library.Main.Operation.Backup-Step"


@dataclass
class Site:
    """One product. `address` has no slash at its end; `session` is the browser's state once somebody has signed in,
    `windows` are those to close before the product stops."""

    address: str
    application: FastAPI
    clock: SetClock
    password: str
    session: StorageState | None = None
    windows: list[BrowserContext] = field(default_factory=list)

    @property
    def context(self) -> Context:
        context: Context = self.application.state.context
        return context

    def deliver(self, body: bytes, content_type: str = "application/json") -> int:
        """Posts a body to the upload address; the status of the answer."""
        request = urllib.request.Request(f"{self.address}/api/upload", body, {"Content-Type": content_type}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def report(self, *runs: Made) -> None:
        """Runs of a job, in their order; the clock is at the end of each when its report arrives."""
        for run in runs:
            assert self.deliver(orjson.dumps(document(run))) == 200

    def replay(self, folder: str) -> None:
        """Everything that was recorded of one generation of Duplicati, byte for byte."""
        for file in sorted((DATA / "reports" / folder).glob("*.json")):
            recorded = json.loads(file.read_text(encoding="utf-8"))
            kinds = [value for name, value in recorded["headers"] if name.lower() == "content-type"]
            status = self.deliver(recorded["body"].encode(), kinds[0])
            assert status in {200, 400, 409}, f"{file.name}: {status}"

    def judge(self) -> None:
        """What has become late by now is called late."""
        self.context.writer.submit(lambda connection: apply_due(connection, self.clock.now())).result()


@contextmanager
def running(
    data_dir: Path, *, root_path: str = "", password: str | None = ADMIN_PASSWORD, releases_url: str = RELEASES_URL
) -> Iterator[Site]:
    """A product on an empty data folder. Without `password` the first account has the documented one, which must be changed."""
    clock = SetClock(NOW)
    settings = Settings(data_dir=data_dir, root_path=root_path, admin_password=password, releases_url=releases_url)
    place(settings.database_file)
    application = build(settings, clock)
    with serving(application) as address:
        site = Site(address + root_path, application, clock, password or "Duplistatus09")
        try:
            yield site
        finally:
            for window in site.windows:
                window.close()


def tell_story(site: Site) -> None:
    """Three servers and five jobs of which the tests know everything.

    `harbour`: Files is fine, with 75 daily runs, among them a warning 5 days ago and an error 12 days ago; Photos is overdue since 2 days.
    `mill`: Mail failed in its newest run; Scans has warnings. `quay`: Notes never says when it runs next.
    """
    today = Instant(NOW - 9 * HOUR)
    runs = [_file_run(today, age) for age in range(74, -1, -1)]
    runs += [
        Made(Instant(NOW - 9 * DAY), "harbour", job="Photos", next_run=Instant(NOW - 2 * DAY), files=2_000, source=9 * 1024**3, versions=2),
        Made(Instant(NOW - 30 * HOUR), "mill", job="Mail", next_run=Instant(NOW - 6 * HOUR)),
        Made(
            Instant(NOW - 6 * HOUR),
            "mill",
            job="Mail",
            result="Fatal",
            errors=("2026-11-21 06:00:02 +00 - [Error-Duplicati.Library.Main.Controller-FailedOperation]: The disk is <gone>",),
            next_run=Instant(NOW + 18 * HOUR),
        ),
        Made(
            Instant(NOW - 2 * HOUR),
            "mill",
            job="Scans",
            result="Warning",
            warnings=(warning("3 files are locked"),),
            next_run=Instant(NOW + 22 * HOUR),
        ),
        Made(Instant(NOW - 90 * MINUTE), "quay", job="Notes"),
    ]
    for run in sorted(runs, key=lambda run: run.begun):
        site.clock.at = Instant(run.begun + 22 * MINUTE)
        site.report(run)
    site.clock.at = NOW
    site.judge()


def _file_run(today: Instant, age: int) -> Made:
    begun = Instant(today - age * DAY)
    result = {5: "Warning", 12: "Error"}.get(age, "Success")
    return Made(
        begun,
        "harbour",
        job="Files",
        result=result,
        duration=f"00:{10 + age % 7:02d}:30",
        files=1_200 - age,
        source=(4_000 - age) * 1024**2,
        uploaded=(1 + age % 5) * 1024**2,
        stored=(3_000 - age) * 1024**2,
        versions=7,
        warnings=(warning("1 file is locked"),) if result == "Warning" else (),
        errors=("2026-11-09 03:00:02 +00 - [Error-Duplicati.Library.Main.Controller-Failed]: No answer",) if result == "Error" else (),
        next_run=Instant(begun + DAY),
        lines=tuple(f"{moment(begun):%Y-%m-%d %H:%M:%S} +00 - [{_STEP}]: Step {step} of the backup" for step in range(1, 41)),
    )
