"""The command `duplistatus`: what its tools print, and that whatever keeps it from working is said in one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import literal, select

from duplistatus import __version__
from duplistatus.cli import main
from duplistatus.clock import Instant
from duplistatus.store.database import Database
from duplistatus.store.record import record
from duplistatus.store.schema import NEWEST, migrate
from duplistatus.store.statement import Statement
from duplistatus.store.tables import job
from tests.flows.product import free_port
from tests.report.samples import DATA, backup, encoded, read
from tests.store.telling import arrival, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

RECORDED = DATA / "reports" / "2.3.0.4" / "backup-documents-success.json"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of whoever runs the tests reaches the command, and its default data folder is one of the test's own."""
    for name in [name for name in os.environ if name.startswith(("DUPLISTATUS_", "DATABASE_URL", "TLS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def call(*words: str | Path, given: bytes | None = None, **environment: str) -> Result:
    """Runs the command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words], input=given, env=environment)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def test_the_version_is_told() -> None:
    assert call("--version").output == f"duplistatus, version {__version__}\n"


def test_help_names_every_command() -> None:
    output = call("--help").output
    assert set(main.commands) <= set(re.findall(r"^  ([\w-]+)", output, re.MULTILINE))


def test_the_module_is_the_command_too() -> None:
    told = subprocess.run([sys.executable, "-m", "duplistatus", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"duplistatus, version {__version__}\n"


# read


def test_read_prints_what_it_understands_of_a_report(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(encoded(backup(extra={"next-scheduled-run": "20260711T010000Z"})))
    done = call("read", file)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "operation": "Backup",
        "status": "Success",
        "server": {"machine_id": "de061ef940dc4e2d98e397383be75bb8", "name": "fileserver"},
        "job": {"id": "DB-3", "name": "Documents"},
        "begun_at": "2026-07-10T01:00:00.003Z",
        "ended_at": "2026-07-10T01:00:51.389Z",
        "duration_seconds": 51.3856057,
        "next_run": "2026-07-11T01:00:00.000Z",
        "versions": {"count": 3, "at": None},
    }


def test_read_takes_recorded_requests_with_their_headers() -> None:
    done = call("read", RECORDED)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["operation"] == "Backup"


def test_read_takes_standard_input() -> None:
    done = call("read", "-", given=encoded(backup()))
    assert done.exit_code == 0
    assert json.loads(done.stdout)["job"]["name"] == "Documents"


def test_read_goes_on_after_a_file_it_cannot_read_and_ends_with_1(tmp_path: Path) -> None:
    good, bad, gone = tmp_path / "good", tmp_path / "bad", tmp_path / "gone"
    good.write_bytes(encoded(backup()))
    bad.write_bytes(b'{"test": "connection"}')
    done = call("read", bad, gone, good)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["operation"] == "Backup"
    first, second = lines(done.stderr)
    assert first.startswith(f"{bad}: ")
    assert "no report" in first
    assert second == f"{gone}: cannot be read: No such file or directory"


def test_read_knows_no_zone_that_is_none() -> None:
    done = call("read", RECORDED, "--zone", "Mars/Olympus")
    assert (done.exit_code, done.stderr) == (1, "Error: there is no time zone 'Mars/Olympus'\n")


def test_read_decides_local_times_by_the_zone(tmp_path: Path) -> None:
    """Versions that the log lists have no offset of their own."""
    listed = "2026-07-10 03:00:40 +02 - [Information-Duplicati.Library.Main.Operation.DeleteHandler:RetentionPolicy-"
    log = [f"{listed}BackupList]: Backups to consider: 13/12/2025 03:00:01", f"{listed}AllBackupsToDelete]: All backups to delete: "]
    document = backup(LogLines=log)
    found = [
        json.loads(call("read", "-", *zone, given=encoded(document)).stdout)["versions"]["at"] for zone in ([], ["--zone", "Europe/Oslo"])
    ]
    assert found == [
        ["2026-07-10T01:00:01.000Z", "2025-12-13T01:00:01.000Z"],
        ["2026-07-10T01:00:01.000Z", "2025-12-13T02:00:01.000Z"],
    ]


# migrate


def test_migrate_makes_the_database_and_can_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    for _ in range(2):
        done = call("migrate", "--data-dir", folder)
        assert (done.exit_code, done.stdout) == (0, "The database has the newest schema.\n")
    with sqlite3.connect(folder / "duplistatus.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWEST,)]
    connection.close()


def test_the_data_folder_is_that_of_the_command_line_then_of_the_environment_then_data_here(tmp_path: Path) -> None:
    named, meant = tmp_path / "named", tmp_path / "meant"
    assert call("migrate", "--data-dir", named, DUPLISTATUS_DATA_DIR=str(meant)).exit_code == 0
    assert (named.exists(), meant.exists()) == (True, False)
    assert call("migrate", DUPLISTATUS_DATA_DIR=str(meant)).exit_code == 0
    assert (meant / "duplistatus.db").exists()
    assert call("migrate").exit_code == 0
    assert (tmp_path / "data" / "duplistatus.db").exists()


@pytest.mark.postgres
def test_migrate_works_on_postgresql(postgres_url: Callable[[], str]) -> None:
    assert call("migrate", DATABASE_URL=postgres_url()).exit_code == 0


@pytest.mark.parametrize("command", ["migrate", "rebuild"])
def test_tools_say_plainly_what_is_wrong_with_the_data(tmp_path: Path, command: str) -> None:
    for prepare, says in _TROUBLES:
        folder = tmp_path / prepare.__name__
        prepare(folder)
        done = call(command, "--data-dir", folder / "data")
        assert done.exit_code == 1
        assert lines(done.stderr)[-1].startswith("Error: ")
        assert says in done.stderr, prepare.__name__


def file_in_the_way(folder: Path) -> None:
    folder.write_text("not a folder", encoding="utf-8")


def newer_schema(folder: Path) -> None:
    _with_database(folder)
    with sqlite3.connect(folder / "data" / "duplistatus.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0815'")
    connection.close()


def no_database(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "duplistatus.db").write_bytes(b"a letter " * 1000)


def other_program(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    with sqlite3.connect(folder / "data" / "duplistatus.db") as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def _with_database(folder: Path) -> Database:
    (folder / "data").mkdir(parents=True)
    database = Database(folder / "data" / "duplistatus.db")
    migrate(database)
    return database


_TROUBLES = (
    (file_in_the_way, "cannot be used: Not a directory"),
    (newer_schema, "has the schema 0815, which this release does not know"),
    (no_database, "is no SQLite database"),
    (other_program, "holds tables of another program (recipes)"),
)


# rebuild


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Database]:
    """A database with three runs of two jobs, in `tmp_path`/data."""
    database = _with_database(tmp_path)
    connection = database.connect()
    for number, name in enumerate(("Documents", "Documents", "Photos")):
        begin = f"2026-07-0{number + 1}T01:00:00Z"
        document = backup({"BeginTime": begin, "EndTime": begin}, {"backup-name": name, "backup-id": name})
        connection.script("BEGIN")
        record(connection, arrival(encoded(document), read(document), Instant(1_783_684_800_000)), read(document))
        connection.script("COMMIT")
    connection.close()
    yield database
    database.close()


def test_rebuild_puts_right_what_is_kept_beside_the_history(filled: Database) -> None:
    before = state(filled)
    connection = filled.connect()
    connection.raw.execute("UPDATE job SET run_count = 99, stored_size = 1, recent = '[]'")
    connection.raw.execute("DELETE FROM day")
    connection.raw.execute("UPDATE fleet_day SET runs = 7")
    connection.close()
    assert state(filled) != before
    done = call("rebuild", "--data-dir", filled.file.parent)
    assert (done.exit_code, done.stdout) == (0, "Rebuilt 2 jobs.\n")
    assert state(filled) == before


def test_rebuild_passes_over_a_job_that_has_gone_meanwhile(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product may be running: a report in between can make two jobs one."""
    with_gone = select(job.c.id).union_all(select(literal(999)))
    monkeypatch.setattr("duplistatus.store.summaries._JOB_IDS", Statement(with_gone))
    before = state(filled)
    assert call("rebuild", "--data-dir", filled.file.parent).exit_code == 0
    assert state(filled) == before


def test_rebuild_says_when_somebody_else_keeps_the_database(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.store.database._SQLITE_PRAGMAS", ("PRAGMA busy_timeout=1",))
    other = filled.connect()
    other.script("BEGIN IMMEDIATE")
    done = call("rebuild", "--data-dir", filled.file.parent)
    other.script("ROLLBACK")
    other.close()
    assert (done.exit_code, done.stderr) == (1, "Error: the database cannot be rebuilt: database is locked\n")


# serve


def bare(**environment: str) -> dict[str, str]:
    """An environment with nothing but what is given."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **environment}


def serve(*words: str | Path, **environment: str) -> tuple[int, str]:
    """Exit code and standard error of a server that cannot start."""
    command = [sys.executable, "-m", "duplistatus", "serve", "--host", "127.0.0.1", *map(str, words)]
    done = subprocess.run(command, env=bare(**environment), capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_a_port_that_is_in_use_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = serve("--port", str(port), "--data-dir", tmp_path / "data")
    assert (code, said) == (1, f"Error: port {port} is used by another program already; choose another with --port or PORT\n")
    assert not (tmp_path / "data" / "duplistatus.db").exists(), "nothing is begun"


def test_an_address_of_another_machine_is_said(tmp_path: Path) -> None:
    code, said = serve("--port", str(free_port()), "--data-dir", tmp_path / "data", "--host", "192.0.2.1")
    assert code == 1
    assert said.startswith("Error: 192.0.2.1 port ")
    assert said.endswith(" cannot be listened on: Cannot assign requested address\n")


@pytest.mark.parametrize(("prepare", "says"), _TROUBLES)
def test_serve_says_plainly_what_is_wrong_with_the_data(tmp_path: Path, prepare: Callable[[Path], None], says: str) -> None:
    folder = tmp_path / "place"
    prepare(folder)
    code, said = serve("--port", str(free_port()), "--data-dir", folder / "data")
    assert code == 1
    assert says in lines(said)[-1]
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"PORT": "many"}, "Error: PORT must be a whole number, not 'many'"),
        ({"DUPLISTATUS_ADMIN_PASSWORD": "weak"}, "Error: DUPLISTATUS_ADMIN_PASSWORD cannot be used: Password must be at least 8"),
        ({"DATABASE_URL": "postgresql://me:hidden@127.0.0.1:1/none"}, "Error: the database cannot be opened: connection failed"),
        ({"TLS_CERT_FILE": __file__, "TLS_KEY_FILE": __file__}, "Error: TLS_CERT_FILE and TLS_KEY_FILE cannot be used: "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_setting_that_cannot_be_used_is_said(tmp_path: Path, environment: dict[str, str], says: str) -> None:
    code, said = serve("--port", str(free_port()), "--data-dir", tmp_path / "data", **environment)
    assert code == 1
    assert lines(said)[-1].startswith(says)
    assert "Traceback" not in said
    assert "hidden" not in said


def test_a_start_says_where_to_go_and_how_to_sign_in_the_first_time(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "duplistatus", "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", "data"]
    told = []
    for _ in range(2):
        with subprocess.Popen(command, env=bare(), stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                if "startup complete" in line:
                    process.send_signal(signal.SIGTERM)
            told.append([line for line in said if not line.startswith("timestamp=")])
        assert process.returncode == 0
    where = f"duplistatus {__version__} is at http://localhost:{port}/\n"
    assert told == [[where, "First sign-in: admin / Duplistatus09 (you choose a new password then)\n"], [where]]


def test_next_run_prints_the_next_run_of_one_schedule() -> None:
    words = ["--zone", "America/New_York", "--repeat", "1D", "--days", "1,2,3,4,5", "--base", "2026-03-07T01:30:00Z"]
    answer = CliRunner().invoke(main, ["next-run", *words, "--not-before", "2026-03-07T02:00:00Z"])
    assert (answer.exit_code, answer.output) == (0, "2026-03-10T01:30:00Z\n")


def test_next_run_answers_each_row_of_standard_input() -> None:
    rows = (DATA / "next-run-before-2.1.2.tsv").read_text()
    answer = CliRunner().invoke(main, ["next-run", "--before-2.1.2"], input=rows)
    assert answer.exit_code == 0
    assert answer.output.splitlines() == [line.split("\t")[5] for line in rows.splitlines()[1:]]


def test_next_run_says_which_row_it_cannot_answer_and_answers_the_others() -> None:
    rows = "UTC\t1D\t-\t2026-01-01\t2026-01-02\nUTC\t1d\t-\t2026-01-01\t2026-01-02\nUTC\t1D\n\t1D\t\t2026-01-01\t2026-01-03\n"
    answer = CliRunner().invoke(main, ["next-run"], input=rows)
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == ["2026-01-02T00:00:00Z", "error", "error", "2026-01-03T00:00:00Z"]
    assert [line.partition(":")[0] for line in answer.stderr.splitlines()] == ["line 2", "line 3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--repeat", "1D"], "--repeat, --base and --not-before are needed"),
        (["--repeat", "1m", "--base", "2026-01-01", "--not-before", "2026-01-01"], "longer than 5 minutes"),
        (["--repeat", "1D", "--base", "2026-01-01", "--not-before", "2026-01-01", "--zone", "Mars/Phobos"], "no time zone 'Mars/Phobos'"),
        (["--repeat", "1D", "--base", "2026-01-01", "--not-before", "2026-01-01", "--days", "8"], "no weekdays"),
    ],
)
def test_next_run_says_what_is_wrong_with_its_options(words: list[str], said: str) -> None:
    answer = CliRunner().invoke(main, ["next-run", *words])
    assert answer.exit_code in {1, 2}
    assert said in answer.output
