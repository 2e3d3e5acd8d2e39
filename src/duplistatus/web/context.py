"""What the handlers work with: one value that the composition root makes and hangs on the application. In: settings, clock,
database and writer; out: the same, by name, from any request."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from duplistatus.clock import Clock
from duplistatus.security.secrets import Secrets
from duplistatus.settings import Settings
from duplistatus.store.database import Database
from duplistatus.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the running product."""

    settings: Settings
    clock: Clock
    database: Database
    writer: Writer
    secrets: Secrets


def context(connection: HTTPConnection) -> Context:
    """The parts, from a request."""
    found: Context = connection.app.state.context
    return found
