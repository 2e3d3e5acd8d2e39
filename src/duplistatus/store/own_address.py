"""The address under which people reach this product, for links in messages. In: a connection and the environment's settings; out: the
address without a slash at its end, empty where nobody said it. The environment goes before what was entered on a page."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from sqlalchemy import bindparam, delete, insert, select, update

from duplistatus.settings import Settings
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

KEY = "public_url"
LONGEST = 500

_READ = Statement(select(setting.c.value).where(setting.c.key == KEY))
_UPDATE = Statement(update(setting).where(setting.c.key == KEY).values(value=bindparam("value_new")))
_INSERT = Statement(insert(setting).values(key=KEY, value=bindparam("value_new")))
_REMOVE = Statement(delete(setting).where(setting.c.key == KEY))


def checked_public_url(text: str) -> str:
    """The address as it is kept; empty for none. Raises ValueError with a sentence."""
    url = text.strip().rstrip("/")
    if not url:
        return ""
    if len(url) > LONGEST:
        raise ValueError(f"the address has {LONGEST} characters at most")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise ValueError(f"{url[:60]!r} is no address such as https://backups.example.org") from None
    if parts.scheme not in {"http", "https"} or not host or any(character <= " " or character in '<>"\\^`{|}' for character in url):
        raise ValueError(f"{url[:60]!r} is no address such as https://backups.example.org")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the address must not hold a user name, a query or a fragment")
    return url


def public_url(connection: Connection, settings: Settings) -> str:
    """The address, or empty."""
    return settings.public_url or connection.value(_READ) or ""


def save_public_url(connection: Connection, text: str) -> None:
    """Keeps what somebody entered; an empty text removes it. Raises ValueError with a sentence."""
    url = checked_public_url(text)
    if not url:
        connection.run(_REMOVE)
    elif not connection.run(_UPDATE, {"value_new": url}).rowcount:
        connection.run(_INSERT, {"value_new": url})


def server_address(base: str, server_key: str) -> str:
    """The address of a server's page; empty without `base`."""
    return f"{base}/detail/{quote(server_key, safe='')}" if base else ""


def run_address(base: str, server_key: str, uid: str) -> str:
    """The address of a run's page; empty without `base`."""
    return f"{base}/detail/{quote(server_key, safe='')}/backup/{quote(uid, safe='')}" if base else ""
