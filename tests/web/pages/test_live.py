"""A job that runs, and one that fell silent, as the pages show them whichever state comes first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from duplistatus.i18n.wording import DEFAULT
from duplistatus.web.pages.live import operation_word, phase_word
from tests.web.api.live import status_document
from tests.web.api.reports import Made, send, warning
from tests.web.pages.html import Element, read, tree

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

PHASES = (
    "Starting_Operation",
    "Backup_Begin",
    "Backup_PreBackupVerify",
    "Backup_PostBackupTest",
    "Backup_PreviousBackupFinalize",
    "Backup_ProcessingFiles",
    "Backup_Finalize",
    "Backup_WaitForUpload",
    "Backup_Delete",
    "Backup_Compact",
    "Backup_Lock",
    "Backup_VerificationUpload",
    "Backup_PostBackupVerify",
    "Backup_Complete",
    "Backup_RemoteSynchronization",
    "Restore_Begin",
    "Restore_RecreateDatabase",
    "Restore_PreRestoreVerify",
    "Restore_CreateFileList",
    "Restore_CreateTargetFolders",
    "Restore_ScanForExistingFiles",
    "Restore_ScanForLocalBlocks",
    "Restore_PatchWithLocalBlocks",
    "Restore_DownloadingRemoteFiles",
    "Restore_PostRestoreVerify",
    "Restore_Finalize",
    "Restore_Complete",
    "Recreate_Running",
    "ReadLockInfo_Running",
    "Vacuum_Running",
    "Verify_Running",
    "BugReport_Running",
    "Delete_Listing",
    "Delete_Deleting",
    "PurgeFiles_Begin",
    "PurgeFiles_Process",
    "PurgeFiles_Compact",
    "PurgeFiles_Complete",
    "Sync_Begin",
    "Sync_CountingFiles",
    "Sync_ProcessingFiles",
    "Sync_WaitForUpload",
    "Sync_Complete",
    "Error",
    "RunScript_Running",
)
"""Those that Duplicati is known to name."""
COUNTED = {"filesProcessed": 18, "fileCount": 60, "fileSizeProcessed": 9_441_976, "fileSize": 26_303_212}


@pytest.fixture(autouse=True)
def british(admin: TestClient) -> None:
    admin.headers["accept-language"] = "en-GB"


def tell(client: TestClient, state: str, started: Instant, reported: Instant, **more: Any) -> None:
    body = orjson.dumps(status_document(state, started, reported, **more))
    assert client.post("/api/upload", content=body, headers={"content-type": "application/json"}).status_code == 200


def card(client: TestClient) -> Element:
    return read(client.get("/")).one("a", has="job")


def line(client: TestClient) -> Element:
    return next(each for each in read(client.get("/?view=table")).all("tr") if "data-row" in each.attributes)


def details(client: TestClient) -> Element:
    return tree(client.get("/jobs/1/details").text)


def places(client: TestClient) -> dict[str, Element]:
    """Wherever the one job is shown."""
    return {
        "card": card(client),
        "table": line(client),
        "details": details(client),
        "server": read(client.get("/detail/id-alpha")).one("section", id="jobs"),
        "job": read(client.get("/detail/id-alpha?backup=Files")).one("section", id="jobs"),
    }


STATES = {
    "Success": Made(Instant(0)),
    "Warning": Made(Instant(0), result="Warning", warnings=(warning("x"),)),
    "Error": Made(Instant(0), result="Error", errors=(warning("x").replace("Warning-", "Error-"),)),
}


@pytest.mark.parametrize("last", STATES)
@pytest.mark.parametrize("late", [False, True])
def test_a_job_that_runs_says_so_whatever_comes_first(admin: TestClient, clock: SetClock, last: str, *, late: bool) -> None:
    made, now = STATES[last], clock.now()
    next_run = Instant(now - HOUR if late else now + HOUR)
    send(admin, Made(Instant(now - DAY), result=made.result, warnings=made.warnings, errors=made.errors, next_run=next_run))
    clock.advance(12 * MINUTE)
    tell(admin, "Progress", now, clock.now(), phase="Backup_ProcessingFiles", progress=0, **COUNTED)
    for place, shown in places(admin).items():
        assert "Running" in shown.text, place
        assert "Processing files" in shown.text, place
        assert re.search(r"\b36%", shown.text), place
        bar = shown.one("progress")
        assert (bar.attributes["value"], bar.attributes["max"], bar.attributes["aria-label"]) == ("35.9", "100", "Progress of Files"), place
        assert [each for each in shown.all("svg", has="mark") if "run" in each.attributes["class"].split()], f"{place}: the ring"
        assert "overdue" not in shown.text.lower(), place
    for place in ("details", "server", "job"):
        text = places(admin)[place].text
        assert "18 of 60 files" in text, place
        assert "9.00 MiB of 25.1 MiB" in text, place
        assert "since 12:00 12 min" in text, place
    if last != "Success":
        assert last in card(admin).one("b").text


def test_where_nobody_knows_how_far_it_is_the_bar_has_no_value_and_there_is_no_percentage(admin: TestClient, clock: SetClock) -> None:
    now = clock.now()
    clock.advance(3 * MINUTE)
    tell(admin, "Progress", now, clock.now(), phase="Backup_WaitForUpload", progress=0, **COUNTED)
    for place, shown in places(admin).items():
        assert "Waiting for uploads" in shown.text, place
        assert "%" not in shown.text, place
        assert "value" not in shown.one("progress").attributes, place
    assert card(admin).one("time").text == "3 min"


def test_the_side_says_what_runs_and_since_when(admin: TestClient, clock: SetClock) -> None:
    now = clock.now()
    clock.advance(3 * MINUTE)
    tell(admin, "Progress", now, clock.now(), phase="Backup_ProcessingFiles", progress=0.5)
    coming = read(admin.get("/")).one("section", **{"aria-labelledby": "coming"})
    assert "alpha · Files, Running" in coming.text
    assert "Processing files, 50%" in coming.text
    assert "3 min" in coming.text


def test_another_operation_than_a_backup_is_named(admin: TestClient, clock: SetClock) -> None:
    tell(admin, "Progress", clock.now(), clock.now(), operation="Restore", phase="Restore_DownloadingRemoteFiles", progress=0.5)
    assert "Running · Restore" in card(admin).text
    assert "Restore: Downloading files" in details(admin).text


def test_a_job_that_fell_silent_says_since_when(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(Instant(clock.now() - DAY), next_run=Instant(clock.now() - 3 * HOUR)))
    begun = Instant(clock.now() - 3 * HOUR)
    for _ in range(2):
        tell(admin, "Progress", begun, clock.now(), phase="Backup_ProcessingFiles", progress=0.4)
        clock.advance(30 * SECOND)
    clock.advance(41 * MINUTE)
    for place, shown in places(admin).items():
        assert "stuck" in shown.text.lower(), place
        assert "ilent for 41 min" in shown.text, place
        assert "Running" not in shown.text, place
        assert [each for each in shown.all("svg", has="mark") if "stuck" in each.attributes["class"].split()], f"{place}: its own shape"
    for place in ("details", "server", "job"):
        assert "started 3 h ago, silent for 41 min" in places(admin)[place].text, place
    attention = read(admin.get("/")).one("section", **{"aria-labelledby": "attention"})
    assert "started 3 h ago, silent for 41 min" in attention.text


def test_a_row_that_is_kept_follows_progress_and_silence(admin: TestClient, clock: SetClock) -> None:
    begun = clock.now()
    tell(admin, "Started", begun, begun)
    assert "Running" in card(admin).text
    for share in (0.1, 0.2):
        clock.advance(30 * SECOND)
        tell(admin, "Progress", begun, clock.now(), phase="Backup_ProcessingFiles", progress=share)
        assert f"{share:.0%}" in card(admin).text
    clock.advance(11 * MINUTE)
    assert "Silent for 11 min" in card(admin).text
    clock.advance(5 * MINUTE)
    assert "Silent for 16 min" in card(admin).text
    tell(admin, "Completed", begun, clock.now())
    assert card(admin).all("progress") == []
    assert "Running" not in card(admin).text


def test_a_server_whose_clock_is_ahead_has_no_begin(admin: TestClient, clock: SetClock) -> None:
    ahead = Instant(clock.now() + DAY)
    tell(admin, "Started", ahead, ahead)
    assert "since" not in details(admin).text
    assert "Running" in details(admin).text


def test_names_of_phases_are_text(admin: TestClient, clock: SetClock) -> None:
    tell(admin, "Progress", clock.now(), clock.now(), operation="<b>x</b>", phase="<script>alert(1)</script>")
    for path in ("/", "/?view=table", "/jobs/1/details", "/detail/id-alpha"):
        assert "<script>alert" not in admin.get(path).text.lower(), path
        assert "<b>x" not in admin.get(path).text.lower(), path


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_of_duplicati_has_words_of_its_own(phase: str) -> None:
    words = phase_word(DEFAULT, phase)
    assert re.fullmatch(r"[A-Z][a-z ]+", words), words
    assert words not in {"Running", "Begin", "Complete"}, "it says more than the name"


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("Backup_ShufflingNewThings", "Shuffling new things"),
        ("Thinking", "Thinking"),
        ("Repair_", "Repair"),
        ("Backup_Größen", "Größen"),
        ("日本語", "日本語"),
    ],
)
def test_a_phase_that_is_new_reads_as_well_as_it_can(phase: str, words: str) -> None:
    assert phase_word(DEFAULT, phase) == words


def test_an_operation_that_is_new_reads_as_well_as_it_can() -> None:
    assert operation_word(DEFAULT, "TestFilters") == "Test filters"
