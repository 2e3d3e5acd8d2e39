"""Whether a server can be asked, step by step. In: where it is and what opens it; out: how far the way went, what ended it, and who
answered. It reads one answer and changes nothing on the other side; without a password it ends where one is asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from duplistatus.clock import Clock
from duplistatus.ingest.duplicati.api import ASKING, Api, Generation
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import NotTheApi, ServerIdentity, read_identity
from duplistatus.security.addresses import Resolve
from duplistatus.security.pinned import Patience

LONGEST = 40.0
"""Seconds for all of it, where every answer comes just in time."""


class Step(StrEnum):
    """The way to a server, in its order."""

    CONNECTION = "connection"
    ENCRYPTION = "encryption"
    DUPLICATI = "duplicati"
    PASSWORD = "password"  # noqa: S105 - the name of a step
    IDENTITY = "identity"


_ENDS_AT = {
    Code.ADDRESS: Step.CONNECTION,
    Code.FORBIDDEN: Step.CONNECTION,
    Code.DNS: Step.CONNECTION,
    Code.REFUSED: Step.CONNECTION,
    Code.UNREACHABLE: Step.CONNECTION,
    Code.SLOW: Step.CONNECTION,
    Code.CERTIFICATE: Step.ENCRYPTION,
    Code.CERTIFICATE_CHANGED: Step.ENCRYPTION,
    Code.TLS: Step.ENCRYPTION,
    Code.NOT_TLS: Step.ENCRYPTION,
    Code.PLAIN: Step.ENCRYPTION,
    Code.WANTS_HTTPS: Step.ENCRYPTION,
    Code.PASSWORD: Step.PASSWORD,
    Code.NO_PASSWORD: Step.PASSWORD,
    Code.LOST_PASSWORD: Step.PASSWORD,
    Code.OTHER_SERVER: Step.IDENTITY,
}
"""Where each trouble ends the way; all others at the step at which it is seen that Duplicati answers."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went. `trouble` None: all went well, and `identity` is who answered; `generation`: how the server lets people in."""

    url: str
    trouble: Trouble | None
    identity: ServerIdentity | None = None
    generation: Generation = Generation.UNKNOWN

    @property
    def ends_at(self) -> Step | None:
        """The step that failed."""
        return _ENDS_AT.get(self.trouble.code, Step.DUPLICATI) if self.trouble is not None else None

    @property
    def passed(self) -> tuple[Step, ...]:
        """The steps that went well."""
        steps = tuple(Step)
        return steps[: steps.index(self.ends_at)] if self.ends_at is not None else steps

    @property
    def is_duplicati(self) -> bool:
        """Whether a Duplicati server answered, be it one that nobody has logged in to."""
        return Step.DUPLICATI in self.passed


async def try_server(
    target: Target, known_as: str, *, clock: Clock, patience: Patience = ASKING, resolve: Resolve | None = None, longest: float = LONGEST
) -> Tried:
    """The way to a server. `known_as`: the machine-id that its API told last, empty where nobody knows."""
    api = Api(target, clock=clock, patience=patience, resolve=resolve)
    try:
        async with asyncio.timeout(longest), api:
            identity = read_identity(await api.get("/systeminfo"))
    except Trouble as trouble:
        return Tried(target.url, trouble, generation=api.generation)
    except NotTheApi:
        return Tried(target.url, Trouble(Code.NOT_DUPLICATI, target.place, status=200), generation=api.generation)
    except TimeoutError:
        return Tried(target.url, Trouble(Code.SLOW, target.place, seconds=int(longest)), generation=api.generation)
    if known_as and identity.machine_id and identity.machine_id != known_as:
        other = Trouble(Code.OTHER_SERVER, target.place, name=identity.machine_name or "", known_as=known_as)
        return Tried(target.url, other, identity, api.generation)
    return Tried(target.url, None, identity, api.generation)
