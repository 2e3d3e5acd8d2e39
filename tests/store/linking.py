"""Servers whose API can be asked, in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from duplistatus.store import links, live_jobs
from duplistatus.store.ids import ServerId

if TYPE_CHECKING:
    from duplistatus.security.secrets import Secrets
    from duplistatus.store.database import Connection


def linked(
    connection: Connection, key: str, url: str = "https://duplicati.test", *, secrets: Secrets | None = None, password: str = ""
) -> ServerId:
    """Gives a server an address, and a password where there is one; its number."""
    found: Any = connection.raw.execute(f"SELECT id FROM server WHERE key = '{key}'").fetchone()
    server_id = ServerId(found[0])
    links.set_url(connection, server_id, url)
    if secrets is not None and password:
        links.set_secret(connection, server_id, secrets.encrypt(password, "server"))
    return server_id


def lists(connection: Connection, server_id: ServerId, **jobs: str) -> None:
    """The jobs of its API, name by id: `a1="Files"` is the job 1."""
    live_jobs.learn(connection, server_id, [(api_id.lstrip("a"), name) for api_id, name in jobs.items()])
