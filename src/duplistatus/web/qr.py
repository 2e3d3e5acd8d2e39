"""QR codes, above all those by which a phone subscribes to a topic of ntfy. In: a text; out: its modules as one path of an SVG, drawn by
the macro `qr` of `parts/qr.html`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_QUIET = 4
"""Modules of white around the code, as ISO/IEC 18004 asks for."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """`side`: modules across, with the white around them; `path`: the dark ones, one unit each."""

    side: int
    path: str


def qr_code(text: str) -> QrCode:
    """The code of a text, which survives damage to 15 % of it. Raises ValueError for what is too long for any code."""
    import segno

    try:
        matrix = segno.make_qr(text, error="m").matrix
    except segno.DataOverflowError as error:
        raise ValueError("the text is too long for a QR code") from error
    rows = (_row(modules, _QUIET + number) for number, modules in enumerate(matrix))
    return QrCode(len(matrix) + 2 * _QUIET, "".join(rows))


def subscription(address: str, topic: str) -> str:
    """What the ntfy app for Android subscribes by when it is scanned; the server's address as channels hold it."""
    parts = urlsplit(address)
    path = parts.path.strip("/")
    place = "/".join(filter(None, (parts.netloc.rpartition("@")[2], path, quote(topic, safe=""))))
    return f"ntfy://{place}" + ("?secure=false" if parts.scheme == "http" else "")


def topic_address(address: str, topic: str) -> str:
    """The page of a topic on its server, for browsers."""
    return f"{address.rstrip('/')}/{quote(topic, safe='')}"


def _row(modules: bytes | bytearray, top: int) -> str:
    """The dark modules of a row, neighbours as one piece."""
    pieces = []
    start = None
    for at, dark in enumerate((*modules, 0)):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            pieces.append(f"M{start + _QUIET} {top}h{at - start}v1h-{at - start}z")
            start = None
    return "".join(pieces)
