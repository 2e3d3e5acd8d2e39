"""The command check: what it finds, and that it changes nothing."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from duplistatus.cli import main
from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.routing import Filter
from duplistatus.security.access_policy import AccessPolicy, AddressList, as_text, read_networks
from duplistatus.security.key_check import CHANNEL, check_key, sealed
from duplistatus.security.passwords import DEFAULT_PASSWORD
from duplistatus.security.secrets import Secrets
from duplistatus.store import api_keys, audit, sign_in_failures
from duplistatus.store.access_setting import save_access
from duplistatus.store.api_keys import Scope
from duplistatus.store.audit import Entry
from duplistatus.store.channels import ChannelValues, add_channel, note_failed
from duplistatus.store.sign_in_failures import Failures
from tests.notify.certificates import self_signed
from tests.notify.stand_ins import HttpStandIn, NtfyStandIn
from tests.rescue import NOW, dismiss, hire, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from duplistatus.store.database import Connection, Database

pytestmark = pytest.mark.usefixtures("own_environment")


def findings(done: Result) -> dict[str, list[dict[str, str]]]:
    """The findings of a check, by their level."""
    answer = json.loads(done.stdout)
    assert done.exit_code == (0 if answer["ok"] else 1)
    found: dict[str, list[dict[str, str]]] = {"ok": [], "warning": [], "problem": []}
    for each in answer["findings"]:
        found[each["level"]].append(each)
    return found


def texts(found: list[dict[str, str]], area: str) -> str:
    return "\n".join(f"{each['text']} → {each['hint']}" for each in found if each["area"] == area)


def test_a_product_in_order_has_no_problem(call: Callable[..., Result], database: Database, data_dir: Path) -> None:
    before = {path: path.read_bytes() for path in data_dir.iterdir() if not path.name.endswith(("-wal", "-shm"))}
    found = findings(call("check", "--json"))
    assert found["problem"] == []
    assert {each["area"] for each in found["ok"]} >= {
        "data folder",
        "database",
        "key file",
        "accounts",
        "address lists",
        "clock",
        "TLS",
        "port",
    }
    assert {path: path.read_bytes() for path in before} == before
    assert not (data_dir / ".duplistatus.key").exists()
    done = call("check")
    assert done.exit_code == 0
    assert "ok       accounts: 1 account, 1 of them administrators\n" in done.stdout
    assert done.stdout.endswith("1 warning.\n")


def test_each_variable_that_cannot_be_used_is_named_and_secrets_are_not_shown(call: Callable[..., Result]) -> None:
    given = {
        "PORT": "many",
        "TZ": "Mars/Olympus",
        "UPLOAD_RATE": "100",
        "DUPLISTATUS_ADMIN_PASSWORD": "Geheim12345",
        "DUPLISTATUS_DATADIR": "/x",
    }
    done = call("check", "--json", **given)
    found = findings(done)
    said = texts(found["problem"], "configuration")
    assert "PORT must be a whole number, not 'many'" in said
    assert "TZ must be a time zone" in said
    assert "UPLOAD_RATE: 100" in texts(found["ok"], "configuration")
    assert "DUPLISTATUS_ADMIN_PASSWORD: set, not shown" in texts(found["ok"], "configuration")
    assert "DUPLISTATUS_DATADIR means nothing here" in texts(found["warning"], "configuration")
    assert "Geheim12345" not in done.stdout
    # The rest is looked at all the same.
    assert texts(found["ok"], "database")


def test_a_key_that_others_may_read_is_a_problem_with_the_command_that_mends_it(
    call: Callable[..., Result], database: Database, data_dir: Path
) -> None:
    file = data_dir / ".duplistatus.key"
    Secrets(file).encrypt("x", CHANNEL)
    file.chmod(0o644)
    assert f"chmod 600 {file}" in texts(findings(call("check", "--json"))["problem"], "key file")
    file.chmod(0o600)
    assert texts(findings(call("check", "--json"))["problem"], "key file") == ""


def hook(database: Database, data_dir: Path, name: str = "Hook", secret: str = '{"url": "https://x.example/token"}', **more: Any) -> int:
    """A webhook whose secret is stored."""
    secrets = Secrets(data_dir / ".duplistatus.key")

    def work(connection: Connection) -> int:
        text = sealed(connection, secrets, secret, CHANNEL)
        values = ChannelValues(name, True, more.pop("config", {}), text, Filter())
        number = add_channel(connection, more.pop("kind", "webhook"), values, "tests", NOW)
        check_key(connection, secrets)
        return number

    found: int = write(database, work)
    return found


def test_secrets_that_are_lost_are_named_and_not_shown(call: Callable[..., Result], database: Database, data_dir: Path) -> None:
    hook(database, data_dir, "Pager")
    found = findings(call("check", "--json"))
    assert "reads all of 1 stored secret" in texts(found["ok"], "key file")
    (data_dir / ".duplistatus.key").write_bytes(os.urandom(32))
    done = call("check", "--json")
    problems = findings(done)["problem"]
    assert "is not the one that secrets were stored under, so that the secrets of Pager" in texts(problems, "key file")
    assert "Pager: its secret cannot be read" in texts(problems, "channels")
    (data_dir / ".duplistatus.key").unlink()
    assert "is gone" in texts(findings(call("check", "--json"))["problem"], "key file")
    assert not (data_dir / ".duplistatus.key").exists()
    assert "token" not in done.stdout


def test_accounts_with_the_documented_password_without_one_of_their_own_or_locked(call: Callable[..., Result], database: Database) -> None:
    hire(database, "kim", DEFAULT_PASSWORD, is_admin=True, must_change=True)
    hire(database, "ann", is_admin=True, must_change=True)
    hire(database, "bob")
    write(database, lambda connection: sign_in_failures.keep(connection, "user:bob", Failures(5, NOW, Instant(NOW + HOUR), 1)))
    found = findings(call("check", "--json"))
    assert "kim still has the documented password" in texts(found["problem"], "accounts")
    assert "ann must still choose" in texts(found["warning"], "accounts")
    assert "bob is locked until" in texts(found["warning"], "accounts")
    assert "3 of them administrators" in texts(found["ok"], "accounts")
    for name in ("admin", "kim", "ann"):
        dismiss(database, name)
    assert "admin-recovery" in texts(findings(call("check", "--json"))["problem"], "accounts")


def test_lists_that_shut_everybody_out_and_keys_that_nobody_has(call: Callable[..., Result], database: Database) -> None:
    policy = AccessPolicy(key_for_uploads=True, admin=AddressList(True, ()), trusted_proxies=read_networks(["0.0.0.0/0"]))
    write(database, lambda connection: save_access(connection, as_text(policy)))
    write(database, lambda connection: api_keys.add(connection, "old", "0" * 64, frozenset({Scope.UPLOAD}), Instant(NOW - DAY), "", NOW))
    found = findings(call("check", "--json"))
    assert "pages: the list is on and empty" in texts(found["problem"], "address lists")
    assert "admin-recovery --open-doors" in texts(found["problem"], "address lists")
    assert "every address is a trusted proxy" in texts(found["problem"], "address lists")
    assert "reports are served with a key only, and there is none" in texts(found["problem"], "API keys")
    assert "“old” ended at" in texts(found["warning"], "API keys")
    write(database, lambda connection: api_keys.add(connection, "new", "1" * 64, frozenset({Scope.UPLOAD}), Instant(NOW + DAY), "", NOW))
    found = findings(call("check", "--json"))
    assert texts(found["problem"], "API keys") == ""
    assert "“new” ends at" in texts(found["warning"], "API keys")


def test_a_clock_that_is_behind_what_the_database_has_seen(call: Callable[..., Result], database: Database) -> None:
    write(database, lambda connection: audit.record(connection, Entry(Instant(NOW + DAY), "login", "auth")))
    assert "it is behind" in texts(findings(call("check", "--json"))["problem"], "clock")


def test_channels_that_fail_or_are_not_set_up(call: Callable[..., Result], database: Database, data_dir: Path) -> None:
    number = hook(database, data_dir, "Pager")
    hook(database, data_dir, "Empty", secret="{}")
    write(database, lambda connection: note_failed(connection, number, "503 Service Unavailable", NOW))
    said = texts(findings(call("check", "--json"))["problem"], "channels")
    assert "Pager fails since" in said
    assert "503 Service Unavailable" in said
    assert "Empty is switched on and not set up" in said


def test_servers_of_channels_are_asked_only_when_wished_and_get_no_message(
    call: Callable[..., Result], database: Database, data_dir: Path
) -> None:
    with NtfyStandIn() as ntfy, HttpStandIn() as web:
        config = {"url": ntfy.url, "topic": "backups", "markdown": False}
        hook(database, data_dir, "Phone", secret="", kind="ntfy", config=config)
        hook(database, data_dir, "Hook", secret=json.dumps({"url": f"{web.url}token"}))
        call("check", "--json")
        assert (ntfy.connections, web.connections) == (0, 0)
        found = findings(call("check", "--json", "--send"))
        said = texts(found["ok"], "channels")
        assert "Hook: " in said
        assert "takes connections; nothing was asked" in said
        assert web.received == []
        assert [each.path for each in ntfy.received if each.method != "GET"] == []
    assert "Hook cannot be reached: no connection" in texts(findings(call("check", "--json", "--send"))["problem"], "channels")


def test_a_certificate_that_ends_soon_or_fits_no_key(call: Callable[..., Result], tmp_path: Path) -> None:
    file = self_signed(tmp_path).file
    key = file.with_suffix(".key")
    given = {"TLS_CERT_FILE": str(file), "TLS_KEY_FILE": str(key)}
    found = findings(call("check", "--json", **given))
    assert texts(found["problem"], "TLS") == ""
    assert "is valid until" in texts(found["ok"] + found["warning"], "TLS")
    expired = tmp_path / "expired"
    expired.mkdir()
    old = self_signed(expired, expired=True).file
    given_expired = {"TLS_CERT_FILE": str(old), "TLS_KEY_FILE": str(old.with_suffix(".key"))}
    assert "was valid until" in texts(findings(call("check", "--json", **given_expired))["problem"], "TLS")
    key.write_text("no key")
    assert "cannot be used" in texts(findings(call("check", "--json", **given))["problem"], "TLS")


def test_a_port_that_another_program_has(call: Callable[..., Result]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        found = findings(call("check", "--json", HOST="127.0.0.1", PORT=str(other.getsockname()[1])))
    assert "is used by another program" in texts(found["problem"], "port")


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "duplistatus.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    done = CliRunner().invoke(main, ["check", "--json", "--data-dir", str(folder)])
    assert "is no SQLite database" in texts(findings(done)["problem"], "database")
