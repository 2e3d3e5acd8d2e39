"""Another key in the place of the present one: whoever dies meanwhile, and whoever works beside it, every secret stays readable."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duplistatus.cli.rotate_key import note
from duplistatus.evaluate.routing import Filter
from duplistatus.security.key_check import CHANNEL, HEARTBEAT, Cause, check_key, key_state, sealed
from duplistatus.security.key_file import next_file
from duplistatus.security.key_rotation import CannotRotate, Rotation, put_in_place, rotate_key, settle
from duplistatus.security.secret_holders import HOLDERS, held
from duplistatus.security.secrets import SecretLost, Secrets
from duplistatus.store import all_tables
from duplistatus.store.channels import ChannelValues, add_channel, channel_by_id, save_channel
from duplistatus.store.database import StoreBusy
from duplistatus.store.heartbeat import heartbeat, note_beat, save_heartbeat
from duplistatus.store.key_mark import kept_fingerprint
from duplistatus.store.secret_rows import is_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database
    from tests.security.conftest import Office

EVERYTHING = {"Hook 0": "token 0", "Hook 1": "token 1", "Hook 2": "pä$$wörd", "heartbeat": "https://watch.example/token"}


@pytest.fixture
def file(data_dir: Path) -> Path:
    return data_dir / ".duplistatus.key"


@pytest.fixture
def stored(office: Office, file: Path) -> Office:
    """Three channels and the heartbeat, stored under a first key."""
    secrets = Secrets(file)

    def work(connection: Connection) -> None:
        for number in range(3):
            text = sealed(connection, secrets, EVERYTHING[f"Hook {number}"], CHANNEL)
            add_channel(connection, "webhook", ChannelValues(f"Hook {number}", True, {}, text, Filter()), "admin", office.clock.now())
        save_heartbeat(connection, sealed(connection, secrets, EVERYTHING["heartbeat"], HEARTBEAT), "watch.example")
        assert check_key(connection, secrets) == ""

    office.write(work)
    return office


def read_all(office: Office, secrets: Secrets) -> dict[str, str]:
    """Every secret in the clear, by its name."""
    found = office.read(held)
    return {each.name.removeprefix("the "): secrets.decrypt(each.sealed.text, each.holder.use) for each in found}


def in_order(office: Office, file: Path) -> bool:
    """One key file, which the database names, and which reads everything."""
    state = office.read(lambda connection: key_state(connection, Secrets(file)))
    return (
        not next_file(file).exists()
        and state.cause is Cause.NOTHING
        and state.mark == Secrets(file).fingerprint == state.kept
        and read_all(office, Secrets(file)) == EVERYTHING
    )


def wait_for_the_dead(office: Office) -> None:
    """PostgreSQL ends what a killed process had begun, but not in the same moment."""
    end = time.monotonic() + 20
    while not office.write(is_alone):
        assert time.monotonic() < end, "a killed process is still at work"


# --- what it does ------------------------------------------------------------------------------------------------------------------


def test_everything_is_stored_anew_under_a_new_key(stored: Office, file: Path) -> None:
    before, texts = file.read_bytes(), {each.id: each.sealed.text for each in stored.read(held)}
    done = rotate_key(stored.desk.database, Secrets(file), note)
    assert file.read_bytes() != before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert done.secrets == 4
    assert done.after == Secrets(file).fingerprint != done.before
    assert in_order(stored, file)
    now = {each.id: each.sealed.text for each in stored.read(held)}
    assert now.keys() == texts.keys()
    assert not set(now.values()) & set(texts.values())


def test_nothing_else_of_a_channel_or_the_heartbeat_changes(stored: Office, file: Path) -> None:
    stored.write(lambda connection: note_beat(connection, "gone", stored.clock.now()))

    def rest(connection: Connection) -> object:
        rows = connection.raw.execute("SELECT id, key, kind, name, config, filter, enabled, created_by FROM channel ORDER BY id").fetchall()
        beat = heartbeat(connection)
        return rows, beat.host, beat.health

    before = stored.read(rest)
    rotate_key(stored.desk.database, Secrets(file), note)
    assert stored.read(rest) == before


def test_it_is_written_into_the_audit_log_without_a_key(stored: Office, file: Path) -> None:
    old = file.read_bytes()
    done = rotate_key(stored.desk.database, Secrets(file), note)
    assert ("key_rotated", "system", "success") in stored.audit()
    said = str(stored.read(lambda connection: connection.raw.execute("SELECT details FROM audit").fetchall()))
    assert done.after[:12] in said
    assert done.after not in said
    assert old.hex() not in said
    assert file.read_bytes().hex() not in said


def test_a_process_that_knew_the_old_key_reads_and_writes_under_the_new_one_at_once(stored: Office, file: Path) -> None:
    running = Secrets(file)
    read_all(stored, running)
    rotate_key(stored.desk.database, Secrets(file), note)
    assert read_all(stored, running) == EVERYTHING

    def work(connection: Connection) -> str:
        return sealed(connection, running, "new", CHANNEL)

    assert Secrets(file).decrypt(stored.write(work), CHANNEL) == "new"


def test_between_the_commit_and_the_change_of_the_file_the_next_key_is_the_key(stored: Office, file: Path) -> None:
    running, old = Secrets(file), file.read_bytes()
    rotate_key(stored.desk.database, Secrets(file), note)
    file.rename(next_file(file))
    file.write_bytes(old)
    assert read_all(stored, running) == EVERYTHING
    text = stored.write(lambda connection: sealed(connection, running, "new", CHANNEL))
    assert stored.read(lambda connection: key_state(connection, running)).cause is Cause.NOTHING
    put_in_place(file)
    assert Secrets(file).decrypt(text, CHANNEL) == "new"
    assert in_order(stored, file)


def test_what_was_read_just_before_is_sent_for_a_moment_by_who_knew_the_key(stored: Office, file: Path) -> None:
    now = [100.0]
    running = Secrets(file, lambda: now[0])
    texts = [(each.sealed.text, each.holder.use) for each in stored.read(held)]
    assert running.decrypt(*texts[0]) == EVERYTHING["Hook 0"]
    rotate_key(stored.desk.database, Secrets(file), note)
    assert running.decrypt(*texts[0], with_former=True) == EVERYTHING["Hook 0"]
    assert not running.reads(*texts[0])
    with pytest.raises(SecretLost):
        running.decrypt(*texts[0])
    now[0] += 61
    with pytest.raises(SecretLost, match="another key file"):
        running.decrypt(*texts[0], with_former=True)


def test_with_a_secret_that_nobody_can_read_the_key_stays(stored: Office, file: Path) -> None:
    with stored.desk.database.change() as connection:
        connection.raw.execute("UPDATE channel SET secret = 'v1:AAAA' WHERE name = 'Hook 1'")
    before, texts = file.read_bytes(), [each.sealed.text for each in stored.read(held)]
    with pytest.raises(CannotRotate, match="the secret of Hook 1 cannot be read"):
        rotate_key(stored.desk.database, Secrets(file), note)
    assert file.read_bytes() == before
    assert [each.sealed.text for each in stored.read(held)] == texts


def test_without_a_key_there_is_nothing_to_change(office: Office, file: Path) -> None:
    with pytest.raises(CannotRotate, match="there is no key yet"):
        rotate_key(office.desk.database, Secrets(file), note)
    assert not file.exists()


def test_every_column_of_secrets_is_looked_after() -> None:
    """A secret that a later table holds must not be forgotten here: its key would be gone with the first rotation."""
    columns = {f"{table.name}.{column.name}" for table in all_tables.metadata.sorted_tables for column in table.columns}
    sealed_columns = {name for name in columns if name.endswith((".secret", "_enc"))}
    assert sealed_columns == {"channel.secret", "server.secret", "collection_part.secret"}
    assert {"channel", "setting", "server", "collection_part"} == {name for holder in HOLDERS for name in holder.tables}


# --- whoever dies ------------------------------------------------------------------------------------------------------------------


class Mortal:
    """Rotations in processes of their own, each of which dies some lines later than the one before."""

    def __init__(self, database: Database, folder: Path) -> None:
        # The server of PostgreSQL takes a while to notice each death.
        step = "1" if database.dialect == "sqlite" else "4"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.security.rotating", str(folder), database.url or "", "0", step],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def deaths(self) -> Iterator[int]:
        """The number of the line before which the process was killed; ends once one came to its end."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        while (said := process.stdout.readline().split())[0] == "died":
            yield int(said[1])
            process.stdin.write("go on\n")
            process.stdin.flush()
        assert said == ["done", "0"]
        assert process.wait(60) == 0

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def mortal(stored: Office, data_dir: Path) -> Iterator[Mortal]:
    made = Mortal(stored.desk.database, data_dir)
    yield made
    made.close()


def test_a_rotation_that_dies_before_any_line_leaves_everything_readable_and_is_settled_at_the_next_start(
    stored: Office, file: Path, mortal: Mortal
) -> None:
    running = Secrets(file)
    outcomes = set()
    for line in mortal.deaths():
        beside, mark = next_file(file).exists(), stored.read(kept_fingerprint)
        assert read_all(stored, Secrets(file)) == EVERYTHING, line
        assert read_all(stored, running) == EVERYTHING, line
        committed = mark != Secrets(file).fingerprint
        outcomes.add((beside, committed))
        # Whoever stores something before the next start does so under a key that stays.
        late = stored.write(lambda connection: sealed(connection, running, "late", CHANNEL))
        wait_for_the_dead(stored)
        stored.write(lambda connection: settle(connection, file))
        assert in_order(stored, file), line
        assert Secrets(file).decrypt(late, CHANNEL) == "late", line
        assert stored.read(kept_fingerprint) == mark, line
    assert in_order(stored, file)
    # Before the new key was written, after it, and after the commit: it died in each of these.
    assert outcomes == {(False, False), (True, False), (True, True)}


def test_what_a_dead_rotation_left_is_no_hindrance_to_the_next(stored: Office, file: Path) -> None:
    next_file(file).write_bytes(b"half")
    assert read_all(stored, Secrets(file)) == EVERYTHING
    rotate_key(stored.desk.database, Secrets(file), note)
    assert in_order(stored, file)
    old = file.read_bytes()
    rotate_key(stored.desk.database, Secrets(file), note)
    file.rename(next_file(file))
    file.write_bytes(old)
    rotate_key(stored.desk.database, Secrets(file), note)
    assert in_order(stored, file)


def test_a_start_beside_a_rotation_takes_nothing_back(stored: Office, file: Path) -> None:
    """The key that waits beside is no leftover while the one who wrote it lives."""
    seen: list[bool] = []
    started = threading.Event()

    def meanwhile(connection: Connection, done: Rotation) -> None:
        note(connection, done)

        def start() -> None:
            started.set()
            stored.write(lambda other: check_key(other, Secrets(file)))

        threads.append(threading.Thread(target=start))
        threads[0].start()
        started.wait(10)
        seen.append(next_file(file).exists())

    threads: list[threading.Thread] = []
    rotate_key(stored.desk.database, Secrets(file), meanwhile)
    threads[0].join(30)
    assert seen == [True]
    assert in_order(stored, file)


# --- whoever works beside it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_who_has_read_a_secret_keeps_the_rotation_out_until_it_is_stored_again(stored: Office, file: Path) -> None:
    database, secrets = stored.desk.database, Secrets(file)
    other = database.connect()
    other.script("BEGIN")
    number = stored.read(lambda connection: held(connection)[0].sealed.row)
    row = channel_by_id(other, number)
    assert row is not None
    with pytest.raises(StoreBusy):
        rotate_key(database, secrets, note, patience=0.0)
    # An update that writes back what it read before, as a change of the name does.
    save_channel(other, number, ChannelValues("Other name", True, {}, row.secret, Filter()), "admin", stored.clock.now())
    other.script("COMMIT")
    other.close()
    rotate_key(database, secrets, note)
    assert read_all(stored, Secrets(file))["Other name"] == EVERYTHING["Hook 0"]


def test_two_rotations_at_once_both_come_about(stored: Office, file: Path) -> None:
    done: list[Rotation] = []

    def rotate() -> None:
        done.extend(rotate_key(stored.desk.database, Secrets(file), note) for _ in range(3))

    threads = [threading.Thread(target=rotate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({each.after for each in done}) == 6
    assert in_order(stored, file)


_STORE = """
import os, sys
from pathlib import Path
from duplistatus.security.key_check import CHANNEL, sealed
from duplistatus.security.secrets import SecretLost, Secrets
from duplistatus.store.channels import ChannelValues, channel_by_id, save_channel
from duplistatus.store.database import Database
from duplistatus.evaluate.routing import Filter
from duplistatus.clock import Instant
folder, number = Path(sys.argv[1]), int(sys.argv[3])
database, secrets = Database(folder / "duplistatus.db", sys.argv[2] or None), Secrets(folder / ".duplistatus.key")
print("ready", flush=True)
for count in range(1, 16):
    with database.change() as connection:
        row = channel_by_id(connection, number)
        assert secrets.decrypt(row.secret, CHANNEL).startswith("text ") or count == 1
        # Every other time what was read is written back as it is.
        text = sealed(connection, secrets, f"text {count}", CHANNEL) if count % 2 else row.secret
        save_channel(connection, number, ChannelValues(row.name, True, {}, text, Filter()), "admin", Instant(count))
"""


def test_processes_that_store_secrets_without_a_pause_lose_none_while_the_key_changes(stored: Office, file: Path) -> None:
    database = stored.desk.database
    numbers = [each.sealed.row for each in stored.read(held) if each.sealed.row]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _STORE, str(file.parent), database.url or "", str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in numbers[:2]
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        marks = [rotate_key(database, Secrets(file), note).after]
        while any(process.poll() is None for process in processes):
            marks.append(rotate_key(database, Secrets(file), note).after)
    finally:
        said = [process.communicate(timeout=60) for process in processes]
    assert [error for _, error in said] == ["", ""]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(set(marks)) == len(marks)
    texts = read_all(stored, Secrets(file))
    assert (texts["Hook 0"], texts["Hook 1"]) == ("text 15", "text 15")
    assert texts["Hook 2"] == EVERYTHING["Hook 2"]
    assert not next_file(file).exists()
