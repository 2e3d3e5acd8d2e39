"""The tests' own surroundings: they stay on this machine, and what they need is found."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.fixtures import chromium as chromium_program
from tests.fixtures.loopback import LeavesThisMachineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("host", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"])
def test_a_connection_to_another_machine_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outgoing, pytest.raises(LeavesThisMachineError):
        outgoing.connect((host, 9))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as outgoing, pytest.raises(LeavesThisMachineError):
        outgoing.sendto(b"", ("192.0.2.1", 9))


def test_the_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(LeavesThisMachineError):
        socket.getaddrinfo("duplicati.example", 8200)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(("localhost", server.getsockname()[1])) as outgoing:
        outgoing.sendall(b"report")
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(6) == b"report"


@pytest.mark.postgres
def test_each_request_for_a_postgres_database_gives_an_empty_one(postgres_url: Callable[[], str]) -> None:
    with psycopg.connect(postgres_url()) as one:
        one.execute("CREATE TABLE report (id integer)")
    with psycopg.connect(postgres_url()) as other:
        count = other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert count == (0,)


def test_a_snap_is_not_taken_for_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = tmp_path / "chromium"
    wrapper.write_text('#!/bin/sh\nexec /snap/bin/chromium "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium_program.find() is None
    wrapper.write_text("a browser")
    assert chromium_program.find() == wrapper


@pytest.mark.parametrize(("user", "sandboxed"), [(0, False), (1000, True)])
def test_chromium_gives_up_its_sandbox_only_for_root(user: int, sandboxed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert ("--no-sandbox" not in chromium_program.flags()) is sandboxed
