"""One server, reached and collected. In: where it is, what opens it, and what people decided about it; out: what it brought, or a
`Trouble`. Nothing of how it is reached is stored here: that happens once it is known which server it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.collecting import Collected, Parts, Progress, Wanted, collect
from duplistatus.ingest.duplicati.reaching import Reached, reach
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.store.ids import ServerId
from duplistatus.store.links import has_spoken_https

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Errand:
    """`address`: with its scheme, or `host:port`; `is_stored`: it is that of the server, so that nobody looks for its scheme. `certificate`
    and `plain_agreed`: what somebody agreed to. `server_id`: the server that is meant; `chosen`: which one it is, as somebody said;
    `whoever`: where another one answers than is meant, that one is collected."""

    address: str
    password: str = field(repr=False, default="")
    is_stored: bool = False
    certificate: str = ""
    plain_agreed: bool = False
    server_id: ServerId | None = None
    chosen: ServerId | Literal["new"] | None = None
    whoever: bool = False
    wanted: Wanted = field(default_factory=Wanted)

    @property
    def place(self) -> str:
        """Host and port, as far as they are known."""
        return self.address.partition("://")[2].partition("/")[0] or self.address.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of it. `url`: by which the server was reached."""

    url: str
    collected: Collected


Fetch = Callable[[Parts, Errand, Tell], Awaitable[Brought]]


async def fetch(parts: Parts, errand: Errand, tell: Tell) -> Brought:
    """Reaches the server and collects it. Raises Trouble."""
    reached = await _reached(parts, errand)
    async with Api(Target(reached.url, errand.password, errand.certificate), clock=parts.clock) as api:
        try:
            collected = await collect(parts, api, errand.server_id, errand.wanted, tell, errand.chosen)
        except Trouble as trouble:
            if trouble.code is not Code.OTHER_SERVER or not errand.whoever:
                raise
            errand = replace(errand, server_id=None)
            collected = await collect(parts, api, None, errand.wanted, tell, errand.chosen)
    return Brought(reached.url, collected)


async def _reached(parts: Parts, errand: Errand) -> Reached:
    if errand.is_stored:
        return Reached(errand.address, errand.address.startswith("https://"))

    def spoken_https(host: str) -> bool:
        with parts.database.read() as connection:
            return has_spoken_https(connection, host)

    return await reach(errand.address, spoken_https=spoken_https, agreed=errand.certificate, plain_agreed=errand.plain_agreed)
