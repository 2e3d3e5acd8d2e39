"""Where people read a topic of ntfy. In: the channel for all; out: the addresses for a browser and for ntfy's app."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from duplistatus.store.channels import NTFY, own_channel
from duplistatus.store.database import Connection


@dataclass(frozen=True, slots=True)
class Place:
    """A topic. `web`: its address in a browser; `app`: what opens it in ntfy's app."""

    topic: str
    web: str
    app: str


def topic_of_all(connection: Connection) -> Place | None:
    """The topic of the channel for all, where that is in use."""
    row = own_channel(connection, NTFY)
    topic = str(row.config.get("topic") or "")
    return place_of(str(row.config.get("url") or ""), topic) if row.enabled and topic else None


def place_of(url: str, topic: str) -> Place | None:
    """A topic at a server of ntfy; None where its address is none."""
    try:
        parts = urlsplit(url or "https://ntfy.sh")
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    name = quote(topic, safe="")
    where = f"{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    # Without TLS the app has to be told so.
    plain = "?secure=false" if parts.scheme == "http" else ""
    return Place(topic, f"{parts.scheme}://{where}/{name}", f"ntfy://{where}/{name}{plain}")
