"""The pages of Duplicati servers, for people to open. In: addresses and versions; out: where their new and their old pages are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from duplistatus.store import links
from duplistatus.store.database import Connection


@dataclass(frozen=True, slots=True)
class Opening:
    """A server with its pages. `new`: those that came with 2.1, empty for older versions."""

    label: str
    new: str
    old: str

    @property
    def usual(self) -> str:
        """The pages that people mean."""
        return self.new or self.old


def opening(label: str, url: str, version: str) -> Opening | None:
    """The pages at an address; None where it is none that browsers open. A version that is not known is taken for a new one."""
    if not url.startswith(("http://", "https://")):
        return None
    base = url.rstrip("/")
    return Opening(label, "" if re.match(r"(1|2\.0)\.", version) else f"{base}/ngclient/", f"{base}/ngax/")


def openings(connection: Connection) -> list[Opening]:
    """Those of all servers that have an address, by what people call them."""
    found = (opening(*each) for each in links.addresses(connection))
    return [each for each in found if each is not None]
