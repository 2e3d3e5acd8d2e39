"""The web socket `/notifications` of a Duplicati server. In: an `Api`, which tells the token; out: its messages. The connection goes to an
address that was checked, its certificate is judged as that of all other requests, no redirect is followed and no proxy used. From 2.2 on
the token goes into the first message; before, where nothing else works, into the address."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from urllib.parse import urlencode

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from duplistatus.ingest.duplicati.api import Api, Generation
from duplistatus.report.live_server import LONGEST_MESSAGE, Answered, read_message
from duplistatus.security.addresses import AddressForbidden, NoAnswer, Resolve
from duplistatus.security.certificates import tls_context
from duplistatus.security.connecting import connected

SERVICES = ("legacystatus", "taskqueue", "progress")
_PATH = "/notifications"
_OPENING = 15.0
"""Seconds for a connection, and for the answer to the token."""
_PINGS = 20.0
"""Seconds between two signs of life, and for the answer to one."""
_FAREWELL = 1.0
_NOT_LET_IN = 4401
# Whatever the product's level is: it writes each message, with the token in it.
_QUIET = logging.getLogger("duplistatus.notifications.quiet")
_QUIET.setLevel(logging.CRITICAL)


class NoSocket(Exception):
    """There is no such socket, or nothing comes of it. `wants_address`: the server did not wait for the first message, as up to 2.1."""

    def __init__(self, why: str, *, wants_address: bool = False) -> None:
        super().__init__(why)
        self.wants_address = wants_address


class Way(Enum):
    """Where the token goes."""

    MESSAGE = "message"
    ADDRESS = "address"


class Socket:
    """An open socket whose token was accepted. `has_progress`: it tells how far tasks are."""

    def __init__(self, connection: ClientConnection, *, has_progress: bool) -> None:
        self._connection = connection
        self.has_progress = has_progress

    async def messages(self) -> AsyncIterator[str | bytes]:
        """What comes, until the server or the way to it ends the connection."""
        try:
            while True:
                yield await self._connection.recv()
        except ConnectionClosed:
            return


@asynccontextmanager
async def notifications(api: Api, way: Way, resolve: Resolve | None = None) -> AsyncIterator[Socket]:
    """The socket, subscribed to `SERVICES`. Raises NoSocket, and Trouble where no token is to be had."""
    if api.generation is not Generation.JWT:
        raise NoSocket("this version has none")
    token = await api.websocket_token()
    try:
        connection = await _opened(api, token if way is Way.ADDRESS else "", resolve)
    except (AddressForbidden, NoAnswer, InvalidHandshake, OSError, TimeoutError, ValueError) as error:
        raise NoSocket(type(error).__name__) from None
    try:
        if way is Way.MESSAGE:
            await _let_in(connection, token)
            for number, service in enumerate(SERVICES, 1):
                await _say(connection, {"Version": 1, "Id": str(number), "Action": "sub", "Service": service})
        yield Socket(connection, has_progress=way is Way.MESSAGE)
    finally:
        await connection.close()


async def _opened(api: Api, token: str, resolve: Resolve | None) -> ClientConnection:
    url = httpx2.URL(api.target.url)
    is_secure = url.scheme == "https"
    host = url.raw_host.decode("ascii")
    made = await connected(host, url.port or (443 if is_secure else 80), _OPENING, resolve)
    try:
        context = await asyncio.to_thread(tls_context, api.target.certificate) if is_secure else None
        return await connect(
            f"{'wss' if is_secure else 'ws'}{api.target.url.removeprefix(url.scheme)}{_PATH}{'?' if token else ''}"
            + (urlencode({"token": token}) if token else ""),
            sock=made,
            ssl=context,
            proxy=None,
            compression=None,
            user_agent_header="duplistatus",
            open_timeout=_OPENING,
            ping_interval=_PINGS,
            ping_timeout=_PINGS,
            close_timeout=_FAREWELL,
            max_size=LONGEST_MESSAGE,
            logger=_QUIET,
        )
    except BaseException:
        made.close()
        raise


async def _let_in(connection: ClientConnection, token: str) -> None:
    try:
        async with asyncio.timeout(_OPENING):
            await _say(connection, {"Version": 1, "Token": token})
            answer = read_message(await connection.recv())
    except ConnectionClosed as error:
        raise _ended(error) from None
    except TimeoutError:
        raise NoSocket("no answer to the token") from None
    if not (isinstance(answer, Answered) and answer.what == "auth" and answer.well):
        raise NoSocket("the token is not accepted")


async def _say(connection: ClientConnection, document: dict[str, object]) -> None:
    try:
        await connection.send(orjson.dumps(document).decode())
    except ConnectionClosed as error:
        raise _ended(error) from None


def _ended(error: ConnectionClosed) -> NoSocket:
    received = error.rcvd
    if received is None or received.code != _NOT_LET_IN:
        return NoSocket("the connection was ended")
    return NoSocket("the token is not accepted", wants_address="not authenticated" in received.reason)
