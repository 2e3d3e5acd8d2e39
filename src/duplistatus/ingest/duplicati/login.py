"""Logging in to a Duplicati server, and out again. In: a way to ask and a password; out: the headers that each request then carries.
Nothing here is kept longer than the collection it serves."""

from __future__ import annotations

import base64
import hashlib
import re
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

import orjson

from duplistatus.ingest.duplicati.asking import Asking, said_by
from duplistatus.ingest.duplicati.greeting import Generation, Greeting, legacy_headers, xsrf_token
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.security.exchange import Answer

_MOST = 64 * 1024
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")
"""What may stand in a header."""
_AUTH = "/api/v1/auth"
_COOKIE = "RefreshToken_"
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class Login(Protocol):
    """One way to be let in."""

    async def enter(self) -> None:
        """Logs in, or renews what lasts no longer. Raises Trouble."""

    def headers(self) -> dict[str, str]:
        """Of each request from now on."""

    async def leave(self) -> None:
        """Logs out. May raise Trouble."""


def login_for(asking: Asking, greeting: Greeting, password: str) -> Login:
    """The way in for a generation. Raises Trouble(NO_PASSWORD)."""
    if greeting.generation is Generation.OPEN:
        return OpenLogin(asking, greeting.xsrf)
    if not password:
        raise Trouble(Code.NO_PASSWORD, asking.place)
    return TokenLogin(asking, password) if greeting.generation is Generation.JWT else LegacyLogin(asking, greeting.xsrf, password)


class OpenLogin:
    """No password; versions up to 2.0.8 want their token none the less."""

    def __init__(self, asking: Asking, xsrf: str) -> None:
        self._asking = asking
        self._xsrf = xsrf

    async def enter(self) -> None:
        """Renews the token where there is one."""
        if self._xsrf:
            self._xsrf = await xsrf_token(self._asking)

    def headers(self) -> dict[str, str]:
        """Of each request."""
        return legacy_headers(self._xsrf) if self._xsrf else {}

    async def leave(self) -> None:
        """Nothing was entered."""


class TokenLogin:
    """2.1 and later: a token of 15 minutes, renewed by cookie and nonce where the version gives them."""

    def __init__(self, asking: Asking, password: str) -> None:
        self._asking = asking
        self._password = password
        self._token = ""
        self._cookie: tuple[str, str] | None = None
        self._nonce: str | None = None

    async def enter(self) -> None:
        """Renews the login, or logs in where there is none or it cannot be renewed."""
        if self._cookie is not None and await self._take(await self._send("/refresh", {"Nonce": self._nonce})):
            return
        self._cookie, self._nonce = None, None
        answer = await self._send("/login", {"Password": self._password, "RememberMe": False})
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise Trouble(Code.PASSWORD, self._asking.place)
        if answer.status != HTTPStatus.OK:
            raise await self._asking.refusal(answer, f"{_AUTH}/login")
        if not await self._take(answer):
            raise Trouble(Code.BROKEN, self._asking.place, path=f"{_AUTH}/login")

    def headers(self) -> dict[str, str]:
        """Of each request."""
        return {"Authorization": f"Bearer {self._token}"}

    async def leave(self) -> None:
        """Ends what could renew the login, so that the server need not remember it. Versions that gave nothing remember nothing."""
        if self._cookie is not None:
            await self._send("/refresh/logout", {"Nonce": self._nonce})
        self._token, self._cookie, self._nonce = "", None, None

    async def _send(self, path: str, body: dict[str, object]) -> Answer:
        headers = dict(_JSON)
        if self._cookie is not None:
            headers["Cookie"] = "=".join(self._cookie)
        return await self._asking.ask("POST", f"{_AUTH}{path}", most=_MOST, headers=headers, body=orjson.dumps(body))

    async def _take(self, answer: Answer) -> bool:
        said = await said_by(answer) if answer.status == HTTPStatus.OK else {}
        token = said.get("AccessToken")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            return False
        self._token = token
        nonce = said.get("RefreshNonce")
        self._nonce = nonce if isinstance(nonce, str) else None
        # It is named after the port of the Host header, which may be none.
        self._cookie = next(((name, value) for name, value in answer.cookies.items() if name.startswith(_COOKIE) and value), self._cookie)
        return True


class LegacyLogin:
    """Up to 2.0.8: the password is hashed with a salt and with a nonce of this login, and a cookie of an hour comes back."""

    def __init__(self, asking: Asking, xsrf: str, password: str) -> None:
        self._asking = asking
        self._xsrf = xsrf
        self._password = password
        self._session = ""

    async def enter(self) -> None:
        """Logs in, with a new token where an old one may have ended."""
        if self._session:
            self._xsrf = await xsrf_token(self._asking)
        nonce = await self._ask("get-nonce=1", {})
        said = await said_by(nonce)
        try:
            proof = _proof(self._password, base64.b64decode(str(said["Nonce"])), base64.b64decode(str(said["Salt"])))
        except (KeyError, ValueError):
            raise Trouble(Code.BROKEN, self._asking.place, path="/login.cgi") from None
        answer = await self._ask(f"password={quote(proof, safe='')}", {"session-nonce": nonce.cookies.get("session-nonce", "")})
        self._session = answer.cookies.get("session-auth", "")
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or (answer.status == HTTPStatus.OK and not self._session):
            raise Trouble(Code.PASSWORD, self._asking.place)
        if answer.status != HTTPStatus.OK:
            raise await self._asking.refusal(answer, "/login.cgi")

    def headers(self) -> dict[str, str]:
        """Of each request."""
        return legacy_headers(self._xsrf, self._session)

    async def leave(self) -> None:
        """Ends the session."""
        headers = self.headers()
        self._session = ""
        await self._asking.ask("GET", "/logout.cgi", most=_MOST, headers=headers)

    async def _ask(self, form: str, cookies: dict[str, str]) -> Answer:
        headers = legacy_headers(self._xsrf) | _FORM
        headers["Cookie"] += "".join(f"; {name}={value}" for name, value in cookies.items())
        return await self._asking.ask("POST", "/login.cgi", most=_MOST, headers=headers, body=form.encode("ascii"))


def _proof(password: str, nonce: bytes, salt: bytes) -> str:
    salted = hashlib.sha256(password.encode("utf-8") + salt).digest()
    return base64.b64encode(hashlib.sha256(nonce + salted).digest()).decode("ascii")
