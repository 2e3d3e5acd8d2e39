"""Secrets at rest: who reads them again, and what is said when nobody can."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.evaluate.routing import Filter
from duplistatus.notify.channels.kind import ChannelSetting
from duplistatus.notify.channels.smtp import SmtpServer
from duplistatus.security.key_check import CHANNEL, HEARTBEAT, check_key, key_state
from duplistatus.security.secrets import KeyTrouble, SecretLost, Secrets
from duplistatus.store.channels import ChannelValues, add_channel, own_channel, save_channel
from duplistatus.store.heartbeat import save_heartbeat
from duplistatus.store.key_mark import kept_fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from duplistatus.store.database import Connection
    from tests.security.conftest import Office


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".duplistatus.key"


def lose(file: Path) -> None:
    """Another key takes the place of the one that was used."""
    file.write_bytes(os.urandom(32))


# --- the key file ------------------------------------------------------------------------------------------------------------------


def test_the_key_is_made_at_its_first_use_for_the_account_of_the_product_alone(file: Path) -> None:
    secrets = Secrets(file)
    assert not secrets.is_made
    assert not file.exists()
    secrets.encrypt("token", CHANNEL)
    assert secrets.is_made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_bytes()) == 32
    assert list(file.parent.iterdir()) == [file]


def test_whoever_opens_the_same_file_reads_what_was_stored(file: Path) -> None:
    stored = Secrets(file).encrypt("pä$$wörd", CHANNEL)
    assert Secrets(file).decrypt(stored, CHANNEL) == "pä$$wörd"
    assert "pä" not in stored


def test_the_same_text_is_never_stored_alike_and_nothing_stays_nothing(file: Path) -> None:
    secrets = Secrets(file)
    assert secrets.encrypt("token", CHANNEL) != secrets.encrypt("token", CHANNEL)
    assert secrets.encrypt("", CHANNEL) == ""
    assert secrets.decrypt("", CHANNEL) == ""


def test_another_key_reads_nothing(file: Path) -> None:
    stored = Secrets(file).encrypt("token", CHANNEL)
    lose(file)
    with pytest.raises(SecretLost, match="entered again"):
        Secrets(file).decrypt(stored, CHANNEL)


def test_what_was_stored_for_one_use_is_not_read_for_another(file: Path) -> None:
    secrets = Secrets(file)
    with pytest.raises(SecretLost):
        secrets.decrypt(secrets.encrypt("token", CHANNEL), "server")


@given(position=st.integers(min_value=3), bit=st.integers(0, 7))
def test_a_single_changed_character_is_noticed(tmp_path_factory: pytest.TempPathFactory, position: int, bit: int) -> None:
    secrets = Secrets(tmp_path_factory.getbasetemp() / "damage.key")
    stored = secrets.encrypt("token of a server", CHANNEL)
    at = 3 + position % (len(stored) - 3)
    damaged = stored[:at] + chr(ord(stored[at]) ^ (1 << bit)) + stored[at + 1 :]
    # Base64 ends in bits that mean nothing: the same bytes are the same secret.
    try:
        assert secrets.decrypt(damaged, CHANNEL) == "token of a server"
        assert at >= len(stored.rstrip("=")) - 1
    except SecretLost:
        pass


def test_a_key_that_is_too_short_is_said_and_kept_as_it_is(file: Path) -> None:
    file.write_bytes(b"short")
    with pytest.raises(KeyTrouble, match="holds no key of 32 bytes"):
        Secrets(file).encrypt("token", CHANNEL)
    assert file.read_bytes() == b"short"


def test_a_key_that_cannot_be_read_is_said_with_its_name(file: Path) -> None:
    file.mkdir()
    with pytest.raises(KeyTrouble, match=rf"{file} cannot be read: Is a directory"):
        Secrets(file).encrypt("token", CHANNEL)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyTrouble, match="could not be made: No such file"):
        Secrets(tmp_path / "gone" / "key").encrypt("token", CHANNEL)


def test_what_a_process_left_that_died_while_it_made_the_key_is_in_nobodys_way(file: Path) -> None:
    file.with_name(f"{file.name}.{os.getpid()}").write_bytes(b"half")
    secrets = Secrets(file)
    assert secrets.decrypt(secrets.encrypt("token", CHANNEL), CHANNEL) == "token"


def test_a_file_system_without_links_holds_a_key_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    stored = Secrets(file).encrypt("token", CHANNEL)
    assert Secrets(file).decrypt(stored, CHANNEL) == "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


_ENCRYPT = """
import sys
from pathlib import Path
from duplistatus.security.secrets import Secrets
sys.stdin.readline()
print(Secrets(Path(sys.argv[1])).encrypt("token", "channel"))
"""


def test_processes_that_begin_at_the_same_moment_agree_on_one_key(file: Path) -> None:
    begun = [
        subprocess.Popen([sys.executable, "-c", _ENCRYPT, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in begun:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    stored = [process.communicate(timeout=60)[0].strip() for process in begun]
    assert [Secrets(file).decrypt(each, CHANNEL) for each in stored] == ["token"] * 3
    assert list(file.parent.iterdir()) == [file]


# --- whether it is the right one ---------------------------------------------------------------------------------------------------


def add(office: Office, name: str, secret: str) -> int:
    values = ChannelValues(name, True, {}, secret, Filter())
    return office.write(lambda connection: add_channel(connection, "webhook", values, "admin", office.clock.now()))


def check(office: Office, file: Path) -> str:
    """As at the start of a process."""
    return office.write(lambda connection: check_key(connection, Secrets(file)))


def mark(office: Office) -> str:
    return office.read(kept_fingerprint)


def test_nothing_is_said_and_no_key_is_made_while_there_is_no_secret(office: Office, file: Path) -> None:
    assert check(office, file) == ""
    assert not file.exists()
    assert mark(office) == ""


def test_a_key_that_reads_everything_is_kept_in_mind(office: Office, file: Path) -> None:
    secrets = Secrets(file)
    add(office, "Hook", secrets.encrypt("{}", CHANNEL))
    assert check(office, file) == ""
    assert mark(office) == secrets.fingerprint
    assert secrets.fingerprint not in (file.read_bytes().hex(), "")


def test_another_key_is_said_with_what_it_cannot_read_and_wipes_nothing(office: Office, file: Path) -> None:
    add(office, "Hook", stored := Secrets(file).encrypt("{}", CHANNEL))
    check(office, file)
    before = mark(office)
    right = file.read_bytes()
    lose(file)
    for _ in range(2):
        said = check(office, file)
        assert "is not the one" in said
        assert "of Hook cannot be read" in said
        assert str(file) in said
    assert mark(office) == before

    def row(connection: Connection) -> object:
        return connection.raw.execute("SELECT secret FROM channel WHERE name = 'Hook'").fetchone()[0]

    assert office.read(row) == stored
    file.write_bytes(right)
    assert check(office, file) == ""


def test_a_key_that_is_gone_is_said_and_no_other_takes_its_place(office: Office, file: Path) -> None:
    for number in range(7):
        add(office, f"Hook {number}", Secrets(file).encrypt("{}", CHANNEL))
    file.unlink()
    assert "is gone" in check(office, file)
    assert "Hook 0, Hook 1, Hook 2, Hook 3, Hook 4 and 2 more" in check(office, file)
    assert not file.exists()


def test_the_address_of_the_heartbeat_is_looked_at_too(office: Office, file: Path) -> None:
    stored = Secrets(file).encrypt("https://watch.example/token", HEARTBEAT)
    office.write(lambda connection: save_heartbeat(connection, stored, "watch.example"))
    assert check(office, file) == ""
    lose(file)
    assert "of the heartbeat cannot be read" in check(office, file)


def test_damage_in_the_database_is_not_blamed_on_the_key(office: Office, file: Path) -> None:
    stored = Secrets(file).encrypt("{}", CHANNEL)
    check(office, file)
    add(office, "Hook", stored[:-8] + "AAAAAAA=")
    assert "damaged" in check(office, file)
    assert "Hook" in check(office, file)


def test_a_key_that_cannot_be_read_is_said_at_the_start(office: Office, file: Path) -> None:
    file.write_bytes(b"short")
    assert "holds no key" in check(office, file)


def test_when_everything_was_entered_anew_the_present_key_is_the_right_one(office: Office, file: Path) -> None:
    secret = Secrets(file).encrypt("{}", CHANNEL)
    row = office.read(lambda connection: own_channel(connection, "ntfy"))

    def save(text: str) -> None:
        values = ChannelValues(row.name, True, {}, text, Filter())
        office.write(lambda connection: save_channel(connection, row.id, values, "admin", office.clock.now()))

    save(secret)
    check(office, file)
    lose(file)
    assert "of ntfy cannot be read" in check(office, file)
    save(Secrets(file).encrypt("{}", CHANNEL))
    assert check(office, file) == ""
    assert mark(office) == Secrets(file).fingerprint


# --- what nobody gets to see -------------------------------------------------------------------------------------------------------


def test_neither_the_key_nor_a_secret_is_in_what_python_says_of_the_values(office: Office, file: Path) -> None:
    secrets = Secrets(file)
    stored = secrets.encrypt("pä$$wörd-7", CHANNEL)
    add(office, "Hook", stored)
    setting = ChannelSetting({"url": "https://x.example/…"}, {"key": "pä$$wörd-7"})
    server = SmtpServer("smtp.example", 25, "plain", ("kim", "pä$$wörd-7"), verify=True)
    state = office.read(lambda connection: key_state(connection, secrets))
    said = [repr(secrets), repr(setting), repr(server), repr(state)]
    for use, text in ((HEARTBEAT, stored), (CHANNEL, stored[:-8] + "AAAAAAA=")):
        with pytest.raises(SecretLost) as lost:
            secrets.decrypt(text, use)
        said += ["".join(traceback.format_exception(lost.value)), repr(lost.value)]
    for text in said:
        assert "pä$$wörd-7" not in text
        assert stored not in text
        assert file.read_bytes().hex() not in text
        assert repr(file.read_bytes()) not in text
