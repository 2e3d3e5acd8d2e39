"""What the handlers work with: one value that the composition root makes and hangs on the application. In: settings, clock,
database and writer; out: the same, by name, from any request. In the request of somebody who sees only some servers, the database holds
nothing of the others: no handler has to think of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import HTTPConnection

from duplistatus.clock import Clock
from duplistatus.security.secrets import Secrets
from duplistatus.settings import Settings
from duplistatus.store.database import Database
from duplistatus.store.sight import EVERYTHING, Sight
from duplistatus.store.sighted import SightedDatabase
from duplistatus.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the running product. `sight`: the servers of which the database tells; what is kept of its answers is kept for a
    sight."""

    settings: Settings
    clock: Clock
    database: Database
    writer: Writer
    secrets: Secrets
    sight: Sight = EVERYTHING


_NARROWED = "duplistatus.context"
"""Where a request carries parts of its own."""


def context(connection: HTTPConnection) -> Context:
    """The parts, from a request, as its caller sees them."""
    found: Context | None = connection.scope.get(_NARROWED)
    return whole_context(connection) if found is None else found


def whole_context(connection: HTTPConnection) -> Context:
    """The parts as they are, for what serves all requests."""
    found: Context = connection.app.state.context
    return found


def narrow(connection: HTTPConnection, sight: Sight) -> None:
    """From now on the request reads of those servers alone."""
    parts = whole_context(connection)
    connection.scope[_NARROWED] = replace(parts, database=SightedDatabase(parts.database, sight), sight=sight)
