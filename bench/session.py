"""Signing in, the same way for this product and the reference. In: an address and an account; out: the headers that carry the session."""

from __future__ import annotations

import orjson

from bench.client import Address, Answer, fetch, get, post


def sign_in(address: Address, username: str, password: str) -> dict[str, str]:
    """The `Cookie` header of a new session. Raises PermissionError when the account is refused."""
    first = fetch(address, get(address, "/api/csrf"))
    cookies = _cookies(first)
    token = orjson.loads(first.body)["token"]
    body = orjson.dumps({"username": username, "password": password})
    headers = {"Cookie": _header(cookies), "X-CSRF-Token": token}
    answer = fetch(address, post(address, "/api/auth/login", body, headers=headers))
    if answer.status != 200:
        raise PermissionError(f"{address.url} refused {username}: {answer.status} {answer.body[:200].decode(errors='replace')}")
    return {"Cookie": _header(cookies | _cookies(answer))}


def _cookies(answer: Answer) -> dict[str, str]:
    pairs = [value.partition(";")[0].partition("=") for name, value in answer.headers if name == "set-cookie"]
    return {name: value for name, _, value in pairs if value}


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
