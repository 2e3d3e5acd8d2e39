"""The commands for whoever runs the product: check, admin-recovery, rotate-key."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from duplistatus.cli import main
from duplistatus.clock import DAY, HOUR, Instant, SystemClock
from duplistatus.evaluate.routing import Filter
from duplistatus.security.access_policy import AccessPolicy, AddressList, as_text, entered, read_networks
from duplistatus.security.first_account import ensure_first_account
from duplistatus.security.key_check import CHANNEL, check_key, sealed
from duplistatus.security.new_session import Visitor, new_session
from duplistatus.security.passwords import DEFAULT_PASSWORD, fits, hash_password
from duplistatus.security.secrets import Secrets
from duplistatus.settings import Settings
from duplistatus.store import accounts, api_keys, audit, sessions, sign_in_failures
from duplistatus.store.access_setting import read_access, save_access
from duplistatus.store.accounts import Account, User
from duplistatus.store.api_keys import Scope
from duplistatus.store.audit import Entry
from duplistatus.store.channels import ChannelValues, add_channel, note_failed
from duplistatus.store.ids import UserId
from duplistatus.store.sign_in_failures import Failures
from tests.flows.product import ADMIN_PASSWORD, free_port, running, sign_in
from tests.notify.certificates import self_signed
from tests.notify.stand_ins import HttpStandIn, NtfyStandIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from duplistatus.store.database import Connection, Database

PASSWORD = "Another7Horse"
NOW = SystemClock().now()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("DUPLISTATUS_", "DATABASE_URL", "TLS_", "PORT", "HOST", "TZ"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(database: Database, data_dir: Path) -> Callable[..., Result]:
    """Runs a command on the database of the test, which its first start has filled."""
    write(database, lambda connection: ensure_first_account(connection, Settings(admin_password=ADMIN_PASSWORD), SystemClock()))
    given = {"DATABASE_URL": database.url} if database.url else {}

    def run(*words: str, stdin: str | None = None, **environment: str) -> Result:
        return CliRunner().invoke(
            main, [*words, "--data-dir", str(data_dir)], input=stdin, env={**given, "PORT": str(free_port()), **environment}
        )

    return run


def write(database: Database, work: Callable[[Connection], Any]) -> Any:
    with database.change() as connection:
        return work(connection)


def read(database: Database, work: Callable[[Connection], Any]) -> Any:
    with database.read() as connection:
        return work(connection)


def account(database: Database, name: str) -> Account:
    found: Account | None = read(database, lambda connection: accounts.by_name(connection, name))
    assert found is not None
    return found


def hire(database: Database, name: str, password: str = "no password", *, is_admin: bool = False, must_change: bool = False) -> User:
    user = User(UserId(f"id-{name}"), name, is_admin, must_change)
    hashed = hash_password(password)
    write(database, lambda connection: accounts.add(connection, Account(user, hashed), NOW))
    return user


def dismiss(database: Database, name: str) -> None:
    gone = account(database, name).user.id
    write(database, lambda connection: accounts.remove(connection, gone))


def log(database: Database) -> list[tuple[str, str, str]]:
    rows = read(database, lambda connection: connection.raw.execute("SELECT action, username, details FROM audit ORDER BY id").fetchall())
    return [tuple(row) for row in rows]


# --- admin-recovery ----------------------------------------------------------------------------------------------------------------


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


# --- check -------------------------------------------------------------------------------------------------------------------------


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


# --- beside a product that runs ----------------------------------------------------------------------------------------------------


def run(folder: Path, *words: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-m", "duplistatus", *words, "--data-dir", str(folder)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=given, cwd=folder.parent, timeout=60, check=False)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_all_three_work_beside_a_running_server(engine: str, data_dir: Path, request: pytest.FixtureRequest) -> None:
    environment = {"DATABASE_URL": request.getfixturevalue("postgres_url")()} if engine == "postgresql" else {}
    with running(data_dir, **environment) as product:
        client = product.client()
        sign_in(client)
        hook_url = "https://hooks.example.org/token-7"
        made = client.post("/api/channels", json={"kind": "webhook", "name": "Hook", "config": {"url": hook_url}})
        assert made.status_code == 200, made.text
        rotated = [run(data_dir, "rotate-key", **environment) for _ in range(3)]
        assert [(each.returncode, each.stderr) for each in rotated] == [(0, "")] * 3
        assert "1 secret is stored under it" in rotated[0].stdout
        assert stat.S_IMODE((data_dir / ".duplistatus.key").stat().st_mode) == 0o600
        (own,) = [each for each in client.get("/api/channels").json()["items"] if each["name"] == "Hook"]
        assert own["trouble"] == ""
        # What is stored now is stored under the newest key.
        changed = client.patch(f"/api/channels/{own['id']}", json={"config": {"key": "signing-key"}})
        assert changed.json()["config"]["has_key"] is True
        port = product.url.rpartition(":")[2]
        checked = run(data_dir, "check", "--json", HOST="127.0.0.1", PORT=port, **environment)
        found = json.loads(checked.stdout)["findings"]
        assert checked.returncode == 0, checked.stdout
        assert "is used by duplistatus, which answers" in str([each for each in found if each["area"] == "port"])
        assert "reads all of 1 stored secret" in str([each for each in found if each["area"] == "key file"])
        recovered = run(data_dir, "admin-recovery", "--password-stdin", stdin=f"{PASSWORD}\n", **environment)
        assert recovered.returncode == 0, recovered.stderr
        assert client.get("/api/auth/me").status_code == 401 or client.get("/api/auth/me").json().get("authenticated") is False
        said = product.said()
        for secret in ("token-7", "signing-key", PASSWORD):
            assert secret not in said
