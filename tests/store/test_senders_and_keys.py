"""Where reports came from lately, and keys as the store keeps them, on both engines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from duplistatus.clock import HOUR, Instant
from duplistatus.store import api_keys, fleet, senders
from duplistatus.store.api_keys import Scope
from tests.store.telling import NOON, recordings, tell
from tests.store.test_silences import write

if TYPE_CHECKING:
    from duplistatus.store.database import Database

LATER = Instant(NOON + HOUR)


def test_each_address_stands_once_with_its_newest_report_and_its_servers(database: Database) -> None:
    first, second, *_ = recordings("2.3.0.4")
    connection = database.connect()
    tell(connection, first, NOON, "192.0.2.7")
    tell(connection, second, LATER, "192.0.2.7")
    connection.close()
    with database.read() as connection:
        (found,) = senders.recent_senders(connection)
        (server,) = fleet.servers(connection)
    assert (found.address, found.last_at, found.servers) == ("192.0.2.7", LATER, (server.name,))


def test_a_key_is_found_by_its_hash_and_opens_its_scopes(database: Database) -> None:
    scopes = frozenset({Scope.READ, Scope.UPLOAD})
    write(database, lambda connection: api_keys.add(connection, "NAS", "a" * 64, scopes, LATER, "admin", NOON))
    with database.read() as connection:
        found = api_keys.find(connection, "a" * 64)
        assert api_keys.find(connection, "b" * 64) is None
    assert found is not None
    assert (found.scopes, found.fingerprint, found.uses) == (scopes, "a" * 12, 0)
    assert found.opens(Scope.UPLOAD)
    assert not found.opens(Scope.METRICS)
    assert not found.is_expired(Instant(LATER - 1))
    assert found.is_expired(LATER)


def test_a_key_is_changed_counted_and_removed(database: Database) -> None:
    write(database, lambda connection: api_keys.add(connection, "NAS", "a" * 64, frozenset({Scope.UPLOAD}), None, "admin", NOON))
    with database.read() as connection:
        (made,) = api_keys.listed(connection)
    changed = replace(made, name="Box", scopes=frozenset({Scope.ADMIN}), is_disabled=True, expires_at=LATER)
    write(database, lambda connection: api_keys.change(connection, changed))
    write(database, lambda connection: api_keys.used(connection, made.id, "192.0.2.7", 3, NOON))
    write(database, lambda connection: api_keys.used(connection, made.id, "192.0.2.8", 4, LATER))
    with database.read() as connection:
        found = api_keys.by_id(connection, made.id)
    assert found == replace(changed, uses=7, last_used_at=LATER, last_used_address="192.0.2.8")
    assert found.opens(Scope.UPLOAD)
    write(database, lambda connection: api_keys.remove(connection, made.id))
    with database.read() as connection:
        assert api_keys.listed(connection) == []
