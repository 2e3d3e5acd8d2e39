"""Deliveries in words: what a message says of a run, an overdue job, a return, many jobs at once; in every form, and when what it is about
is gone meanwhile."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, instant
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.template import Name, Template
from duplistatus.i18n.languages import LANGUAGES, Language
from duplistatus.notify.phrasebook import texts_of
from duplistatus.notify.rendering import Renderer
from duplistatus.notify.samples import sample_of
from duplistatus.notify.templates import TemplateSet, templates_in_use
from duplistatus.report.reading import read_body
from duplistatus.settings import Settings
from duplistatus.store.database import Database
from duplistatus.store.outbox import Delivery
from duplistatus.store.runs import newest_runs
from duplistatus.store.schema import migrate
from duplistatus.store.subjects import details_of
from duplistatus.store.templates import save_templates
from duplistatus.store.watch_changes import jobs_by_key
from tests.store.telling import Recording, tell
from tests.web.api.reports import Made, document, warning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

NOW = instant(datetime(2026, 7, 10, 12, tzinfo=UTC))
ADDRESS = "https://backups.example.org"
EVIL = "*My_<script>alert(1)</script>* & [x](javascript:1)"


@pytest.fixture
def connection(data_dir: Path) -> Iterator[Connection]:
    database = Database(data_dir / "duplistatus.db")
    migrate(database)
    opened = database.connect()
    yield opened
    opened.close()
    database.close()


@pytest.fixture
def renderer(clock: SetClock) -> Renderer:
    return Renderer(Settings(time_zone="Europe/Berlin", public_url=ADDRESS), clock)


def told(connection: Connection, made: Made) -> Delivery:
    """A run that was reported, as its notice has it."""
    body = orjson.dumps(document(made))
    tell(connection, Recording(made.job, body, "application/json", read_body(body, "application/json", None, 1 << 25)), NOW)
    job_id = jobs_by_key(connection)[f"id-{made.server}:{made.job}"]
    run = newest_runs(connection, job_id, 1)[0]
    return delivery(Event(made.result.lower()), details_of(run), job_id=job_id, run_id=run.id)


def delivery(
    event: Event, details: dict[str, Any], *, job_id: int | None = None, server_id: int | None = None, run_id: int | None = None
) -> Delivery:
    return Delivery(1, "uid-1", 1, "", 0, NOW, 1, event, job_id, server_id, run_id, NOW, json.loads(json.dumps(details)))


def visible(html: str) -> str:
    """The text of a mail."""
    body = html[html.index("<body") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<div style=\"display:none.*?</div>", "", body)))


def overdue(job_id: int | None = None) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "last_begun_at": NOW - 50 * HOUR,
        "last_status": "Success",
        "expected_at": NOW - 26 * HOUR,
        "overdue_at": NOW - 24 * HOUR,
        "source": "report",
    }


def test_a_success_is_told_with_its_numbers(connection: Connection, renderer: Renderer) -> None:
    message = renderer.message(connection, told(connection, Made(Instant(NOW - 3 * HOUR), uploaded=48_300_000)))
    assert message.title == "Backup done: Files on alpha"
    assert message.text.startswith("The backup Files of alpha is done. It began on 10 Jul 2026, 11:00.")
    assert "Duration: 21 minutes 53 seconds\nUploaded: 46.1\u00a0MiB" in message.text
    assert "Note" not in message.text
    assert (message.priority, message.tags, message.language, message.uid) == ("default", ("white_check_mark",), "en", "uid-1")
    run = message.facts["run"]
    assert message.link == f"{ADDRESS}/detail/id-alpha/backup/{run['id']}"
    assert f"Show this run ({message.link})" in message.text
    assert f"[Show this run]({message.link})" in message.markdown
    assert message.html.count(f'href="{message.link}"') == 1
    assert (run["status"], run["begun_at"], run["duration_seconds"], run["uploaded_bytes"]) == (
        "Success",
        "2026-07-10T09:00:00.000Z",
        1312.928,
        48_300_000,
    )
    assert message.facts["server"] == {"id": "id-alpha", "name": "alpha", "alias": None}
    assert message.facts["job"]["name"] == "Files"
    json.dumps(dict(message.facts))


def test_nothing_is_said_twice_in_a_mail(connection: Connection, renderer: Renderer) -> None:
    text = visible(renderer.message(connection, told(connection, Made(Instant(NOW - 3 * HOUR)))).html)
    for label in ("Duration", "Uploaded", "Stored in all", "Files", "Size of the files"):
        assert len(re.findall(rf"\b{label}\b(?! of)", text)) == (2 if label == "Files" else 1), label


def test_trouble_is_told_with_what_duplicati_says(connection: Connection, renderer: Renderer) -> None:
    made = Made(Instant(NOW - HOUR), result="Warning", warnings=(warning("3 files are `locked`"), warning("*more*")))
    message = renderer.message(connection, told(connection, made))
    assert message.title == "Warning: Files on alpha"
    assert "What Duplicati says:\n\nWarning: 3 files are `locked`\nWarning: *more*" in message.text
    assert "```\nWarning: 3 files are `locked`\nWarning: *more*\n```" in message.markdown
    assert "Warning: 3 files are `locked`\nWarning: *more*</pre>" in message.html
    assert "Backup with warnings" in visible(message.html)


def test_a_fatal_run_is_red_and_a_warning_is_not(connection: Connection, renderer: Renderer) -> None:
    fatal = renderer.message(connection, told(connection, Made(Instant(NOW - HOUR), result="Fatal", errors=("gone",))))
    assert fatal.title == "Fatal: Files on alpha"
    assert '<td class="error-ground"' in fatal.html
    assert "Backup failed" in visible(fatal.html)


def test_an_overdue_job_is_told_with_since_when_and_how_often(connection: Connection, renderer: Renderer) -> None:
    job_id = None
    for days in range(9, 2, -1):
        job_id = told(connection, Made(Instant(NOW - days * DAY))).job_id
    message = renderer.message(connection, delivery(Event.OVERDUE, overdue(job_id), job_id=job_id))
    assert message.title == "Overdue: Files on alpha"
    assert "It should have run on 9 Jul 2026, 12:00 (1 day ago)." in message.text
    assert "Last backup: 8 Jul 2026, 12:00 (2 days ago)\nShould run every: 1 day\nTolerance: 2 hours" in message.text
    assert message.link == f"{ADDRESS}/detail/id-alpha"
    assert message.facts["overdue"] == {
        "expected_at": "2026-07-09T10:00:00.000Z",
        "overdue_since": "2026-07-09T12:00:00.000Z",
        "last_run_at": "2026-07-08T10:00:00.000Z",
        "last_status": "Success",
        "late_seconds": 26 * 3600,
        "source": "report",
    }


def test_a_return_says_how_long_the_job_was_overdue(connection: Connection, renderer: Renderer) -> None:
    run = told(connection, Made(Instant(NOW - 5 * MINUTE)))
    details = {"overdue_since": NOW - 49 * HOUR, "status": "Success", "begun_at": NOW - 5 * MINUTE}
    message = renderer.message(connection, delivery(Event.BACK, details, job_id=run.job_id, run_id=run.run_id))
    assert message.title == "Back to normal: Files on alpha"
    assert "It had been overdue for 2 days." in message.text
    assert "Uploaded: 700" in message.text, "what the notice does not hold is read of the run"


def test_many_overdue_jobs_are_one_message(connection: Connection, renderer: Renderer) -> None:
    first = told(connection, Made(Instant(NOW - 3 * DAY), job="*A*"))
    second = told(connection, Made(Instant(NOW - 3 * DAY), job="B"))
    jobs = [overdue(first.job_id), overdue(second.job_id), overdue(999_999)]
    message = renderer.message(connection, delivery(Event.OVERDUE, {"jobs": jobs, "down_since": None}))
    assert message.title == "3 backups are overdue"
    assert "• *A* on alpha – expected on 9 Jul 2026, 12:00 (1 day ago)\n• B on alpha" in message.text
    assert "a removed backup on a removed server" in message.text
    assert [each["job"] and each["job"]["name"] for each in message.facts["overdue"]] == ["*A*", "B", None]
    after = renderer.message(connection, delivery(Event.OVERDUE, {"jobs": jobs, "down_since": NOW - 3 * HOUR}))
    assert "duplistatus itself did not run since 10 Jul 2026, 11:00" in after.text


def test_a_very_long_list_of_overdue_jobs_is_cut(connection: Connection, renderer: Renderer) -> None:
    message = renderer.message(connection, delivery(Event.OVERDUE, {"jobs": [overdue(1)] * 1_200}))
    assert message.title == "1,200 backups are overdue"
    assert message.text.count("•") == 50
    assert "… and 1,150 more" in message.text
    assert len(message.facts["overdue"]) == 1_200


@pytest.mark.parametrize("event", [Event.SUCCESS, Event.WARNING, Event.ERROR, Event.FATAL, Event.OVERDUE, Event.BACK])
def test_a_job_and_a_run_that_are_gone_leave_their_numbers(connection: Connection, renderer: Renderer, event: Event) -> None:
    details = {"status": "Warning", "warnings": 3, "reason": "locked files", **overdue()}
    message = renderer.message(connection, delivery(event, details, job_id=77, server_id=78, run_id=79))
    assert "a removed backup" in message.title
    assert message.facts["server"] is None
    if event is Event.WARNING:
        assert "Warnings: 3" in message.text
        assert "locked files" in message.text
    named = details | {"names": {"server_name": "old-nas", "job_name": "Mail"}}
    assert "Mail on old-nas" in renderer.message(connection, delivery(event, named, job_id=77)).title


@pytest.mark.parametrize("event", list(Event))
def test_a_notice_without_any_details_breaks_nothing(connection: Connection, renderer: Renderer, event: Event) -> None:
    if event in (Event.WEEKLY, Event.MONTHLY):
        return
    message = renderer.message(connection, delivery(event, {}))
    assert message.title
    assert message.text


def test_names_are_shown_literally_in_every_form(connection: Connection, renderer: Renderer) -> None:
    made = Made(Instant(NOW - HOUR), server=EVIL, server_id="id-evil", job=EVIL, result="Warning", warnings=(warning("</pre><b>x"),))
    body = orjson.dumps(document(made))
    tell(connection, Recording("x", body, "application/json", read_body(body, "application/json", None, 1 << 25)), NOW)
    job_id = next(iter(jobs_by_key(connection).values()))
    run = newest_runs(connection, job_id, 1)[0]
    message = renderer.message(connection, delivery(Event.WARNING, details_of(run), job_id=job_id, run_id=run.id))
    assert message.title == f"Warning: {EVIL} on {EVIL}"
    assert f"The backup {EVIL} of {EVIL}" in message.text
    assert "<script>" not in message.html
    assert "javascript:1)" in visible(message.html)
    assert 'href="javascript' not in message.html
    assert "<b>x" not in message.html


def test_without_an_address_there_are_no_links_and_no_gaps(connection: Connection, clock: SetClock) -> None:
    made = told(connection, Made(Instant(NOW - HOUR), result="Warning", warnings=(warning("w"),)))
    message = Renderer(Settings(), clock).message(connection, made)
    assert message.link == ""
    assert message.text.endswith("Warning: w")
    assert "<a " not in message.html


def test_a_template_without_the_link_has_a_button_in_the_mail(connection: Connection, renderer: Renderer) -> None:
    changed = templates_in_use(connection).with_template(Name.SUCCESS, Template("{status}", "{backup_name}"))
    save_templates(connection, changed.stored())
    message = renderer.message(connection, told(connection, Made(Instant(NOW - HOUR))))
    assert (message.title, message.text) == ("Success", "Files")
    assert f'class="button" href="{message.link}">Open in duplistatus</a>' in message.html


def test_texts_of_earlier_releases_are_filled(connection: Connection, renderer: Renderer) -> None:
    job_id = None
    for days in range(9, 2, -1):
        job_id = told(connection, Made(Instant(NOW - days * DAY))).job_id
    old = Template("{backup_name}", "Every {backup_interval_value} {backup_interval_type}, note {server_note}")
    changed = templates_in_use(connection).with_template(Name.OVERDUE, old)
    message = renderer.preview(connection, delivery(Event.OVERDUE, overdue(job_id), job_id=job_id), changed)
    assert message.text == "Every 1 day , note"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("name", Name)
def test_every_template_is_filled_in_every_language(connection: Connection, renderer: Renderer, language: Language, name: Name) -> None:
    told(connection, Made(Instant(NOW - HOUR)))
    told(connection, Made(Instant(NOW - HOUR), job="Mail", result="Error", errors=("no answer",)))
    sample = sample_of(connection, name, "Europe/Berlin", NOW)
    message = renderer.preview(connection, sample.delivery, TemplateSet(texts_of(language), {}))
    for form in (message.title, message.text, message.markdown, visible(message.html)):
        assert "{" not in form
        assert "\ue000" not in form
    assert f'<html lang="{language.code}"' in message.html
    assert message.language == language.code
    assert max(map(len, message.html.encode().split(b"\n"))) < 300_000


def test_a_test_and_a_self_test_say_what_they_are(connection: Connection, renderer: Renderer) -> None:
    assert renderer.message(connection, delivery(Event.TEST, {})).title == "Test message of duplistatus"
    assert "invented a failed backup" in renderer.message(connection, delivery(Event.TEST, {"self_test": True})).text


def test_a_message_is_the_same_at_each_try(connection: Connection, renderer: Renderer, clock: SetClock) -> None:
    made = told(connection, Made(Instant(NOW - HOUR)))
    first = renderer.message(connection, made)
    clock.advance(7 * DAY)
    assert renderer.message(connection, made) == first
