"""By which scheme a server is reached. In: an address as typed; out: one with its scheme. HTTPS comes first, a wrong certificate never leads
to HTTP, and no password is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from duplistatus.security.addresses import Resolve
from duplistatus.security.outgoing import PATIENCE, Patience


@dataclass(frozen=True, slots=True)
class Reached:
    """`url`: for a `Target`; `spoke_https`: to be remembered by `links.spoke_https`."""

    url: str
    spoke_https: bool


async def reach(
    address: str,
    *,
    spoken_https: Callable[[str], bool],
    agreed: str = "",
    plain_agreed: bool = False,
    patience: Patience = PATIENCE,
    resolve: Resolve | None = None,
) -> Reached:
    """How a server is reached whose address is one of `typed_addresses`. `spoken_https`: whether a host was ever reached by HTTPS; `agreed`:
    SHA-256 of the certificate that somebody agreed to; `plain_agreed`: somebody agreed to HTTP. Raises Trouble."""
    raise NotImplementedError
