"""By which scheme a server is reached. In: an address as typed; out: one with its scheme. HTTPS comes first; a certificate that is not
accepted never leads to HTTP, nor does a host that has ever been reached by HTTPS; and no password is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx2

from duplistatus.ingest.duplicati.asking import ASKING, Asking, certificate_trouble, trouble_of
from duplistatus.ingest.duplicati.greeting import greet
from duplistatus.ingest.duplicati.target import Target, canonical
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.security.addresses import AddressForbidden, NoAnswer, Resolve, Why
from duplistatus.security.certificates import shake_hands, shown_certificate
from duplistatus.security.pinned import Patience

_HTTPS = 443
_NO_TLS = frozenset({Why.NOT_TLS, Why.SLOW, Why.CUT})
"""There was a connection, and no handshake."""


@dataclass(frozen=True, slots=True)
class Reached:
    """`url`: for a `Target`; `spoke_https`: to be remembered by `links.spoke_https`."""

    url: str
    spoke_https: bool

    @property
    def host(self) -> str:
        """As `links.spoke_https` wants it."""
        return httpx2.URL(self.url).raw_host.decode("ascii")


async def reach(
    address: str,
    *,
    spoken_https: Callable[[str], bool],
    agreed: str = "",
    plain_agreed: bool = False,
    patience: Patience = ASKING,
    resolve: Resolve | None = None,
) -> Reached:
    """How a server is reached whose address is one of `typed_addresses`. `spoken_https`: whether a host was ever reached by HTTPS;
    `agreed`: SHA-256 of the certificate that somebody agreed to; `plain_agreed`: somebody agreed to HTTP. Raises Trouble.

    1. `http://` was typed: HTTP, if something answers that behaves as Duplicati; a port that speaks TLS is WANTS_HTTPS.
    2. `https://` was typed: a handshake with a certificate that is accepted, or nothing.
    3. No scheme was typed: the handshake. Where the port answers none, of a host that never spoke HTTPS, and Duplicati answers in the
       clear, somebody has to agree: PLAIN. All else is the trouble of the handshake.
    """
    is_typed = "://" in address
    if is_typed and address.startswith("http:"):
        return await _plain(canonical(address), patience, resolve)
    url = canonical(address if is_typed else f"https://{address}")
    place = Target(url).place
    host = httpx2.URL(url).raw_host.decode("ascii")
    try:
        await shake_hands(host, httpx2.URL(url).port or _HTTPS, patience.connect, agreed=agreed, resolve=resolve)
    except AddressForbidden:
        raise Trouble(Code.FORBIDDEN, place) from None
    except NoAnswer as error:
        if error.why is Why.CERTIFICATE:
            raise await _certificate(url, error.words, agreed, patience, resolve) from None
        trouble = trouble_of(error, place, patience)
        if error.why not in _NO_TLS or is_typed or agreed or spoken_https(host):
            raise trouble from None
    else:
        return Reached(url, spoke_https=True)
    try:
        reached = await _plain(canonical(f"http://{address}"), patience, resolve)
    except Trouble as other:
        # What is there is no Duplicati in the clear either; what speaks for itself is told, else that TLS did not work.
        raise (other if other.code in (Code.HOST_NAME, Code.NOT_DUPLICATI) else trouble) from None
    if not plain_agreed:
        raise Trouble(Code.PLAIN, Target(reached.url).place)
    return reached


async def _plain(url: str, patience: Patience, resolve: Resolve | None) -> Reached:
    asking = Asking(Target(url), patience=patience, resolve=resolve)
    try:
        await greet(asking)
    finally:
        await asking.close()
    return Reached(url, spoke_https=False)


async def _certificate(url: str, reason: str, agreed: str, patience: Patience, resolve: Resolve | None) -> Trouble:
    target = Target(url)
    parts = httpx2.URL(url)
    try:
        shown = await shown_certificate(parts.raw_host.decode("ascii"), parts.port or _HTTPS, patience.connect, resolve)
    except AddressForbidden:
        return Trouble(Code.FORBIDDEN, target.place)
    except NoAnswer as error:
        return trouble_of(error, target.place, patience)
    return certificate_trouble(target.place, shown, reason, agreed)
