"""The command admin-recovery: passwords, accounts, doors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from duplistatus.cli import main
from duplistatus.clock import DAY, Instant
from duplistatus.security.access_policy import AccessPolicy, AddressList, as_text, entered, read_networks
from duplistatus.security.new_session import Visitor, new_session
from duplistatus.security.passwords import DEFAULT_PASSWORD, fits
from duplistatus.store import accounts, sessions, sign_in_failures
from duplistatus.store.access_setting import read_access, save_access
from duplistatus.store.sign_in_failures import Failures
from tests.flows.product import ADMIN_PASSWORD
from tests.rescue import NOW, PASSWORD, account, dismiss, hire, read, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from duplistatus.store.database import Connection, Database

pytestmark = pytest.mark.usefixtures("own_environment")


def log(database: Database) -> list[tuple[str, str, str]]:
    rows = read(database, lambda connection: connection.raw.execute("SELECT action, username, details FROM audit ORDER BY id").fetchall())
    return [tuple(row) for row in rows]


def test_a_forgotten_password_is_replaced_by_one_that_is_told_once_and_must_be_changed(
    call: Callable[..., Result], database: Database
) -> None:
    before = account(database, "admin")
    opened = new_session(Visitor("192.0.2.1", "browser"), before.user, NOW)

    def lock(connection: Connection) -> None:
        sessions.add(connection, opened.session)
        sign_in_failures.keep(connection, "user:admin", Failures(5, NOW, Instant(NOW + DAY), 3))

    write(database, lock)
    done = call("admin-recovery")
    assert done.exit_code == 0, done.output
    assert "admin has a new password" in done.stdout
    assert "1 session was ended" in done.stdout
    (password,) = [line.rpartition(" ")[2] for line in done.stdout.splitlines() if line.startswith("Temporary password")]
    after = account(database, "admin")
    assert fits(after.password_hash, password)
    assert not fits(after.password_hash, ADMIN_PASSWORD)
    assert after.user.must_change_password
    assert read(database, lambda connection: sessions.find(connection, opened.session.token_hash, NOW)) is None
    assert read(database, lambda connection: sign_in_failures.find(connection, "user:admin")) is None
    action, who, details = log(database)[-1]
    assert (action, who) == ("password_reset", "system")
    assert password not in details
    assert '"targetUsername": "admin"' in details


def test_a_password_from_standard_input_meets_the_policy_and_is_not_repeated(call: Callable[..., Result], database: Database) -> None:
    weak = call("admin-recovery", "--password-stdin", stdin="short\n")
    assert weak.exit_code == 1
    assert "at least 8 characters" in weak.stderr
    assert "uppercase" in weak.stderr
    for refused in ("", DEFAULT_PASSWORD):
        assert call("admin-recovery", "--password-stdin", stdin=f"{refused}\n").exit_code == 1
    assert fits(account(database, "admin").password_hash, ADMIN_PASSWORD)
    done = call("admin-recovery", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert done.exit_code == 0
    assert PASSWORD not in done.output
    assert fits(account(database, "admin").password_hash, PASSWORD)
    assert not account(database, "admin").user.must_change_password


def test_another_administrator_is_named(call: Callable[..., Result], database: Database) -> None:
    hire(database, "kim", is_admin=True)
    assert "kim has a new password" in call("admin-recovery", "KIM").stdout
    assert fits(account(database, "admin").password_hash, ADMIN_PASSWORD)


def test_nobody_becomes_an_administrator_while_there_is_one(call: Callable[..., Result], database: Database) -> None:
    hire(database, "kim")
    for name, why in (("kim", "kim is no administrator"), ("ann", "there is no account ann")):
        done = call("admin-recovery", name)
        assert done.exit_code == 1
        assert done.stderr == f"Error: {why}; administrators are: admin\n"
    assert not account(database, "kim").user.is_admin
    assert read(database, accounts.count) == 2


def test_without_an_administrator_the_account_becomes_one(call: Callable[..., Result], database: Database) -> None:
    dismiss(database, "admin")
    hire(database, "kim")
    done = call("admin-recovery", "kim")
    assert done.exit_code == 0
    assert "kim is one now" in done.stdout
    assert account(database, "kim").user.is_admin
    assert [action for action, _, _ in log(database)][-2:] == ["user_updated", "password_reset"]


def test_without_any_account_one_is_made(call: Callable[..., Result], database: Database) -> None:
    dismiss(database, "admin")
    done = call("admin-recovery")
    assert done.exit_code == 0
    assert "the account admin was made" in done.stdout
    assert account(database, "admin").user.is_admin
    assert log(database)[-1][:2] == ("user_created", "system")


def test_doors_are_opened_and_the_lists_stay(call: Callable[..., Result], database: Database) -> None:
    networks = read_networks(["192.0.2.0/24"])
    shut = AccessPolicy(key_for_uploads=True, key_for_reading=False, admin=AddressList(True, networks), external=AddressList(True, ()))
    write(database, lambda connection: save_access(connection, as_text(shut)))
    assert "list of addresses" not in call("admin-recovery").stdout
    assert entered(read(database, read_access)) == shut
    done = call("admin-recovery", "--open-doors", EXTERNAL_API_IP_ALLOWLIST_ENABLED="true")
    assert "Switched off: the list of addresses for pages." in done.stdout
    assert "Switched off: the key that reports need." in done.stdout
    assert "set EXTERNAL_API_IP_ALLOWLIST_ENABLED=false there" in done.stdout
    assert "ADMIN_IP" not in done.stdout
    policy = entered(read(database, read_access))
    assert (policy.key_for_uploads, policy.admin, policy.external) == (False, AddressList(False, networks), AddressList(False, ()))
    action, who, details = log(database)[-1]
    assert (action, who) == ("access_updated", "system")
    assert json.loads(details)["after"] == {"admin_enabled": False, "external_enabled": False, "key_for_uploads": False}
    assert "Neither" in call("admin-recovery", "--open-doors").stdout


def test_a_folder_without_a_database_is_said_and_stays_as_it_is(tmp_path: Path) -> None:
    for command in ("admin-recovery", "rotate-key"):
        done = CliRunner().invoke(main, [command, "--data-dir", str(tmp_path / "elsewhere")])
        assert done.exit_code == 1
        assert "there is no database" in done.stderr
        assert not (tmp_path / "elsewhere").exists()
