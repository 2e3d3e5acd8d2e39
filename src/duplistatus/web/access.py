"""Who may call what. In: a request and the level of access that its route names; out: the caller, or `Refused`. Every route has one
guard; `access_of` reads it back, so that a test can walk all routes. Doors for programs are opened without a look at the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import cast

from fastapi import params
from fastapi.routing import APIRoute
from starlette.requests import Request

from duplistatus.store.accounts import User
from duplistatus.store.sessions import Session
from duplistatus.web.client import client
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.same_site import check_change
from duplistatus.web.sessions import find_session

__all__ = ["Access", "Caller", "Refused", "Session", "User", "access_of", "guarded"]


class Access(Enum):
    """The rows of the table of who may call what."""

    OPEN = "open"
    """Anybody."""
    UPLOAD = "upload"
    """Duplicati servers: anybody."""
    EXTERNAL = "external"
    """Other programs' reading of the summary and of last runs: anybody."""
    METRICS = "metrics"
    """Administrators; anybody with METRICS_OPEN."""
    READ = "read"
    """Users: pages and their data."""
    OWN = "own"
    """Users: their own sessions and display settings."""
    PASSWORD = "password"  # noqa: S105 - the name of a level
    """Users: their own password, also while it must be changed before anything else."""
    LOGS = "logs"
    """Users: reading the audit and application logs."""
    ADMIN = "admin"
    """Administrators: everything that changes, collects, tests or administers."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `session` is None without a valid cookie, `user` None until somebody signed in. Where the route does not depend on it
    nobody looks for a session. `address` is the client's IP behind trusted proxies; `secure`: it speaks TLS."""

    address: str
    secure: bool
    session: Session | None = None

    @property
    def user(self) -> User | None:
        return self.session.user if self.session else None

    @property
    def is_admin(self) -> bool:
        return self.user is not None and self.user.is_admin

    @property
    def csrf_token(self) -> str | None:
        return self.session.csrf_token if self.session else None


_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DOORS = frozenset({Access.UPLOAD, Access.EXTERNAL})

_GUARDS: dict[Callable[[Request], Awaitable[Caller]], tuple[Access, bool]] = {}


def guarded(access: Access, *, csrf: bool = True, session: bool = True) -> params.Depends:
    """The dependency that lets only those callers in. `csrf` False: the route changes something and checks by itself, or needs not.
    `session` False: an open route that is the same for everybody, so that nobody looks for a session."""
    checks_change = csrf and session and access not in _DOORS
    if not session and access is not Access.OPEN:
        raise ValueError("only open routes do without a session")
    asks = session and access not in _DOORS

    async def guard(request: Request) -> Caller:
        if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            # No name or id holds U+0000, and PostgreSQL cannot even be asked for one.
            raise Refused(400, "The address must not contain the character U+0000", "bad_request")
        settings = context(request).settings
        origin = client(request, settings.trusted_proxies)
        if not asks:
            return Caller(origin.address, origin.secure)
        caller = Caller(origin.address, origin.secure, find_session(request))
        if checks_change and request.method not in _SAFE:
            if caller.session is None:
                raise no_session()
            await check_change(request, caller.session.csrf_token)
        if access is not Access.OPEN and not (access is Access.METRICS and settings.metrics_open):
            _admit(access, caller)
        return caller

    _GUARDS[guard] = (access, checks_change)
    return params.Depends(guard)


def no_session() -> Refused:
    return Refused(401, "Invalid or expired session", "no_session", go_to="/login")


def not_signed_in() -> Refused:
    return Refused(401, "Authentication required", "not_signed_in", go_to="/login")


def _admit(access: Access, caller: Caller) -> None:
    """Raises unless a user of sufficient rights has signed in."""
    if caller.session is None:
        raise no_session()
    user = caller.user
    if user is None:
        raise not_signed_in()
    if user.must_change_password and access is not Access.PASSWORD:
        raise Refused(403, "Your password must be changed before anything else", "password_change_required", go_to="/change-password")
    if access in {Access.ADMIN, Access.METRICS} and not user.is_admin:
        raise Refused(403, "Administrator access required", "not_admin")


def guard_of(route: APIRoute) -> Callable[[Request], Awaitable[Caller]]:
    """The guard of a route. Raises ValueError unless it has exactly one."""
    found = [each.call for each in route.dependant.dependencies if each.call in _GUARDS]
    if len(found) != 1:
        raise ValueError(f"{route.path} has {len(found)} guards")
    return cast(Callable[[Request], Awaitable[Caller]], found[0])


def access_of(route: object) -> tuple[Access, bool] | None:
    """The access that a route names, and whether its guard checks changes against forgery; None unless it has exactly one guard."""
    dependant = getattr(route, "dependant", None)
    found = [_GUARDS[each.call] for each in dependant.dependencies if each.call in _GUARDS] if dependant else []
    return found[0] if len(found) == 1 else None
