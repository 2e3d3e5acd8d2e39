"""A Duplicati server's own API. In: a `Target` and paths; out: parsed JSON without what destinations are opened by. One login at the first
need, renewed where it ends meanwhile; whatever goes wrong is a `Trouble`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import orjson

from duplistatus.clock import Clock
from duplistatus.ingest.duplicati.asking import ASKING, Asking
from duplistatus.ingest.duplicati.greeting import Generation, greet
from duplistatus.ingest.duplicati.login import Login, login_for
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import without_destinations
from duplistatus.security.addresses import Resolve
from duplistatus.security.exchange import Answer
from duplistatus.security.pinned import Patience

__all__ = ["ASKING", "MOST", "Api", "Generation"]

MOST = 8 * 1024 * 1024
"""Bytes of an answer that are read."""
_FAREWELL = 5.0
"""Seconds for logging out."""


class Api:
    """To be entered and left by `async with`: leaving logs out and ends the connections."""

    def __init__(self, target: Target, *, clock: Clock, patience: Patience = ASKING, resolve: Resolve | None = None) -> None:
        self.target = target
        self.generation = Generation.UNKNOWN
        self.clock = clock
        self._asking = Asking(target, patience=patience, resolve=resolve)
        self._login: Login | None = None
        self._entering = asyncio.Lock()
        self._logins = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    @property
    def place(self) -> str:
        """Host and port, for sentences."""
        return self._asking.place

    @property
    def is_before_2_1(self) -> bool:
        """Known from the first answer on; a server without a password is one of those."""
        return self.generation in (Generation.LEGACY, Generation.OPEN)

    async def close(self) -> None:
        """Logs out and ends the connections; never raises."""
        login, self._login = self._login, None
        try:
            if login is not None:
                with suppress(Trouble, TimeoutError):
                    async with asyncio.timeout(_FAREWELL):
                        await login.leave()
        finally:
            await self._asking.close()

    async def enter(self) -> None:
        """Logs in now, not at the first need. Raises Trouble."""
        await self._entered(0)

    async def get(self, path: str, *, most: int = MOST, **params: str | int) -> object:
        """The answer to `GET /api/v1` + path. Raises Trouble."""
        return (await self.get_sized(path, most=most, **params))[0]

    async def get_sized(self, path: str, *, most: int = MOST, **params: str | int) -> tuple[object, int]:
        """The same, with the bytes that it came in."""
        query = f"?{urlencode(params)}" if params else ""
        answer = await self._ask("GET", f"/api/v1{path}{query}", None, most)
        found = _unwrapped(await self._asking.read(answer, f"/api/v1{path}"))
        return without_destinations(found), len(answer.body)

    async def post(self, path: str, body: object = None) -> object:
        """The answer to `POST /api/v1` + path; None for an empty one. Raises Trouble."""
        return await self._change("POST", f"/api/v1{path}", body)

    async def patch(self, path: str, body: object) -> object:
        """The answer to `PATCH /api/v1` + path; None for an empty one. Raises Trouble."""
        return await self._change("PATCH", f"/api/v1{path}", body)

    async def version2(self, path: str, body: object) -> object:
        """`Data` of the answer to `POST /api/v2` + path. Raises Trouble."""
        full = f"/api/v2{path}"
        said = await self._change("POST", full, body)
        if not isinstance(said, dict):
            raise Trouble(Code.BROKEN, self.place, path=full)
        if said.get("Success") is not True:
            status = str(said.get("StatusCode") or "").removeprefix("HTTP-")[:4]
            reason = str(said.get("Error") or "")[:300]
            raise Trouble(Code.FAILED, self.place, path=full, status=int(status) if status.isdecimal() else 200, reason=reason)
        return said.get("Data")

    async def websocket_token(self) -> str:
        """What the first message of a web socket says; where the version has no such tokens, the one of this login, which before 2.2 is
        part of the address. Raises Trouble."""
        try:
            said = await self.post("/auth/issuetoken/websocket")
        except Trouble as trouble:
            if trouble.code is not Code.FAILED or self._login is None:
                raise
        else:
            if isinstance(said, dict) and isinstance(said.get("Token"), str):
                return str(said["Token"])
        return self._login.headers().get("Authorization", "").removeprefix("Bearer ") if self._login else ""

    async def _change(self, method: str, path: str, body: object) -> object:
        answer = await self._ask(method, path, body, MOST)
        return without_destinations(await self._asking.read(answer, path.partition("?")[0])) if answer.body.strip() else None

    async def _ask(self, method: str, path: str, body: object, most: int) -> Answer:
        number = await self._entered(0)
        answer = await self._sent(method, path, body, most)
        if answer.status == HTTPStatus.UNAUTHORIZED or self._wants_new_token(answer):
            # What lets in has ended; once more with a new one.
            await self._entered(number)
            answer = await self._sent(method, path, body, most)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise await self._asking.refusal(answer, path.partition("?")[0])
        return answer

    def _wants_new_token(self, answer: Answer) -> bool:
        # Up to 2.0.8 the token against forged requests ends with ten idle minutes and with the server; the reason is in the status line
        # alone, the body is empty. A reason of any other kind is in the body.
        return self.is_before_2_1 and answer.status == HTTPStatus.BAD_REQUEST and not answer.body.strip()

    async def _sent(self, method: str, path: str, body: object, most: int) -> Answer:
        headers = {"Accept": "application/json"} | (self._login.headers() if self._login is not None else {})
        content = b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = orjson.dumps(body)
        return await self._asking.ask(method, path, most=most, headers=headers, body=content)

    async def _entered(self, ended: int) -> int:
        """Logs in where nobody has, or where the login of that number has ended; the number of the present one."""
        async with self._entering:
            if self._login is None:
                greeting = await greet(self._asking)
                self.generation = greeting.generation
                login = login_for(self._asking, greeting, self.target.password)
                if greeting.generation is not Generation.OPEN:
                    await login.enter()
                self._login, self._logins = login, self._logins + 1
            elif ended == self._logins:
                await self._login.enter()
                self._logins += 1
            return self._logins


def _unwrapped(found: object) -> object:
    """Up to 2.0.8 some answers come as `{"success": true, "data": …}`."""
    return found["data"] if isinstance(found, dict) and found.keys() == {"success", "data"} else found
