"""Where a Duplicati server is. In: what people type or paste: names, addresses with ports, whole addresses of its pages, several with
commas between them; out: addresses in one form, and the `Target` that an `Api` is opened with."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.security.addresses import checked_url, place_of

DEFAULT_PORT = 8200
MOST_ADDRESSES = 200
_LONGEST = 500
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PAGES = re.compile(r"/(ngax|ngclient|login|api|webroot|index\.html|login\.html|signin\.html|theme\.html)(/.*)?$", re.IGNORECASE)
"""What of a path is Duplicati's own: people copy the address of the page that they see."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server's API and what opens it. `url`: in the form of `canonical`; `certificate`: SHA-256 in hex of the one that somebody agreed
    to, empty where authorities decide."""

    url: str
    password: str = field(repr=False, default="")
    certificate: str = ""

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return place_of(httpx2.URL(self.url))


def typed_addresses(text: str, port: int | None = None) -> list[str]:
    """Each address of a list with commas or blanks between them, once: `https://host[:port][/path]` where a scheme was typed, `host:port`
    where none was. `port`: for those without one; else it is 8200, and with a scheme that of the scheme. Raises Trouble(ADDRESS)."""
    found = [_typed(each, port) for each in re.split(r"[\s,;]+", text) if each]
    if not found:
        raise Trouble(Code.ADDRESS, "", reason="empty")
    if len(found) > MOST_ADDRESSES:
        raise Trouble(Code.ADDRESS, "", reason="many", most=MOST_ADDRESSES)
    return list(dict.fromkeys(found))


def canonical(text: str) -> str:
    """An address with its scheme in the one form that is stored and compared: `scheme://host[:port][/path]`, no slash at the end, no path
    of Duplicati's own pages, no port that the scheme implies. Raises Trouble(ADDRESS)."""
    if len(text) > _LONGEST:
        raise Trouble(Code.ADDRESS, "", reason="long", most=_LONGEST)
    shown = text.rpartition("@")[2]  # a password may stand before it
    match = _SCHEME.match(text)
    if match and match[1].lower() not in ("http", "https"):
        raise Trouble(Code.ADDRESS, shown, reason="scheme")
    if match:
        # The port that a scheme implies is known of schemes in small letters alone.
        text = match[1].lower() + text[match.end(1) :]
    try:
        url = checked_url(text)
        # IDNA is asked for here already, as it refuses some names.
        host = url.raw_host.decode("ascii")
    except ValueError:
        raise Trouble(Code.ADDRESS, shown, reason="form") from None
    if url.userinfo:
        raise Trouble(Code.ADDRESS, shown, reason="user")
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", host) or host.startswith((".", "-")):
        raise Trouble(Code.ADDRESS, shown, reason="host")
    place = f"[{host}]" if ":" in host else host
    port = f":{url.port}" if url.port is not None else ""
    path = _PAGES.sub("", url.raw_path.decode("ascii").partition("?")[0]).rstrip("/")
    return f"{url.scheme}://{place}{port}{path}"


def is_as_safe(old: str, new: str) -> bool:
    """Whether a password that may be sent to the one address may be sent to the other: the same host and port, and no less
    encryption."""
    if not old:
        # It was stored before there was an address.
        return True
    try:
        first, second = urlsplit(old), urlsplit(new)
        is_same_place = (first.hostname, first.port) == (second.hostname, second.port)
    except ValueError:
        return False
    return is_same_place and second.scheme in {first.scheme, "https"}


def _typed(text: str, port: int | None) -> str:
    if _SCHEME.match(text):
        found = canonical(text)
        url = httpx2.URL(found)
        return found if port is None or url.port is not None or _names_port(text) else canonical(str(url.copy_with(port=port)))
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        pass
    else:
        text = f"[{text}]"
    # Any scheme serves to read the rest; this one implies no port that is ever typed.
    named = text if _names_port(text) else _with_port(text, port or DEFAULT_PORT)
    address = canonical(f"https://{named}")
    url = httpx2.URL(address)
    path = url.raw_path.decode("ascii").rstrip("/")
    host = url.raw_host.decode("ascii")
    return f"{f'[{host}]' if ':' in host else host}:{url.port or 443}{path}"


def _names_port(text: str) -> bool:
    """Whether a port is named, be it the one that the scheme implies."""
    place = re.split(r"[/?#]", _SCHEME.sub("", text, count=1), maxsplit=1)[0].rpartition("@")[2]
    return re.search(r"(?<!:):\d+$", place) is not None if "[" not in place else re.search(r"\]:\d+$", place) is not None


def _with_port(text: str, port: int) -> str:
    place, slash, rest = text.partition("/")
    return f"{place}:{port}{slash}{rest}"
