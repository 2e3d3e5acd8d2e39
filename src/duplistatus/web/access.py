"""Who may call what. In: a request and the level of access that its route names; out: the caller, or `Refused`. Every route has one
guard; `access_of` reads it back, so that a test can walk all routes. Three things are asked, in this order: whether the address may
come in at all, which key or session the request carries, and whether that reaches the level. Doors for programs are opened without a
look at the database as long as no key is given or required."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import cast

from fastapi import params
from fastapi.routing import APIRoute
from starlette.requests import Request

from duplistatus.security.access_policy import AccessPolicy
from duplistatus.store.accounts import User
from duplistatus.store.api_keys import ApiKey, Scope
from duplistatus.store.database import StoreError
from duplistatus.store.ids import UserId
from duplistatus.store.sessions import Session
from duplistatus.store.sight import EVERYTHING, Sight, sight_of
from duplistatus.web.client import Client, client
from duplistatus.web.context import context, narrow
from duplistatus.web.door_book import door_book, too_many_refused, turned_away
from duplistatus.web.doors import check_admin_side, check_either_side, check_external_side, doors
from duplistatus.web.errors import Refused
from duplistatus.web.keys import find_key, key_lacks, key_required
from duplistatus.web.measures import measures
from duplistatus.web.same_site import check_change
from duplistatus.web.sessions import find_session
from duplistatus.web.throttle import probe_throttle

__all__ = ["Access", "Caller", "Refused", "Session", "User", "access_of", "guarded"]


class Access(Enum):
    """The rows of the table of who may call what."""

    OPEN = "open"
    """Anybody: signing in, and what that needs."""
    PROBE = "probe"
    """Anybody, so often: whether the product is alive."""
    UPLOAD = "upload"
    """Duplicati servers: anybody, unless a key is required."""
    EXTERNAL = "external"
    """Other programs' reading of the summary and of last runs: anybody, unless a key is required."""
    METRICS = "metrics"
    """Administrators and keys for it; anybody with METRICS_OPEN."""
    READ = "read"
    """Users and keys for reading: pages and their data."""
    OWN = "own"
    """Users: their own sessions and display settings."""
    PASSWORD = "password"  # noqa: S105 - the name of a level
    """Users: their own password, also while it must be changed before anything else."""
    LOGS = "logs"
    """Users: reading the audit and application logs."""
    ADMIN = "admin"
    """Administrators: everything that changes, collects, tests or administers."""


KEY_OPENS: Mapping[Access, Scope] = {
    Access.UPLOAD: Scope.UPLOAD,
    Access.EXTERNAL: Scope.READ,
    Access.METRICS: Scope.METRICS,
    Access.READ: Scope.READ,
    Access.LOGS: Scope.ADMIN,
    Access.ADMIN: Scope.ADMIN,
}
"""The scope that a key needs for a level. Levels that are not named have nothing to do with keys: they are open to all, or to people."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `session` is None without a valid cookie, `key` without a key of a program, `user` None until somebody signed in; a key
    acts as a user of its own. Where the route does not depend on it nobody looks for a session. `address` is the client's IP behind
    trusted proxies, `counted_as` the name under which its requests are limited; `secure`: it speaks TLS. `sight`: the servers that the
    caller sees."""

    address: str
    secure: bool
    session: Session | None = None
    key: ApiKey | None = None
    sight: Sight = EVERYTHING
    counted_as: str = ""

    @property
    def user(self) -> User | None:
        if self.key is not None:
            return actor(self.key)
        return self.session.user if self.session else None

    @property
    def acting(self) -> User:
        """Whoever does something here, where the guard lets in nobody who has not signed in and has no key."""
        user = self.user
        if user is None:
            raise LookupError("the level of this route lets in nobody without an account")
        return user

    @property
    def is_admin(self) -> bool:
        user = self.user
        return user is not None and user.is_admin

    @property
    def csrf_token(self) -> str | None:
        return self.session.csrf_token if self.session else None


def actor(key: ApiKey) -> User:
    """What a key is called where it has done something. No user's name begins so."""
    return User(UserId(f"key:{key.id}"), f"key:{key.name}", is_admin=Scope.ADMIN in key.scopes, must_change_password=False)


_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DOORS = frozenset({Access.UPLOAD, Access.EXTERNAL})
_EITHER_SIDE = frozenset({Access.PROBE, Access.METRICS})

_GUARDS: dict[Callable[[Request], Awaitable[Caller]], tuple[Access, bool]] = {}


def guarded(access: Access, *, csrf: bool = True, session: bool = True) -> params.Depends:
    """The dependency that lets only those callers in. `csrf` False: the route changes something and checks by itself, or needs not.
    `session` False: an open route that is the same for everybody, so that nobody looks for a session."""
    if not session and access is not Access.OPEN:
        raise ValueError("only open routes do without a session")
    checks_change = csrf and session and access not in _DOORS and access is not Access.PROBE

    async def guard(request: Request) -> Caller:
        if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            # No name or id holds U+0000, and PostgreSQL cannot even be asked for one.
            raise Refused(400, "The address must not contain the character U+0000", "bad_request")
        policy = doors(request).policy
        origin = client(request, policy.trusted_proxies)
        if access in _DOORS:
            return _at_door(request, access, policy, origin)
        _check_address(access, policy, origin)
        if access is Access.PROBE:
            _check_frequency(request, origin.counted_as)
            return Caller(origin.address, origin.secure)
        if not session:
            return Caller(origin.address, origin.secure)
        return await _inside(request, access, origin, checks_change=checks_change)

    _GUARDS[guard] = (access, checks_change)
    return params.Depends(guard)


def _check_address(access: Access, policy: AccessPolicy, origin: Client) -> None:
    if not policy.has_lists:
        return
    if access in _DOORS:
        check_external_side(policy, origin)
    elif access in _EITHER_SIDE:
        check_either_side(policy, origin)
    else:
        check_admin_side(policy, origin)


def _check_frequency(request: Request, counted_as: str) -> None:
    wait = probe_throttle(request).hit(counted_as, context(request).clock.now())
    if wait is not None:
        raise Refused(429, "Too many checks from this address; try again later", "probe_rate_limited", headers={"Retry-After": str(wait)})


def _at_door(request: Request, access: Access, policy: AccessPolicy, origin: Client) -> Caller:
    """A program with a report, or that reads the totals."""
    try:
        _check_address(access, policy, origin)
        caller = _with_or_without_key(request, access, policy, Caller(origin.address, origin.secure, counted_as=origin.counted_as))
    except Refused as refused:
        raise turned_away(request, access.value, origin.address, origin.counted_as, refused) from None
    except StoreError:
        if access is Access.UPLOAD:
            measures(request).upload("unavailable")
        raise
    door_book(request).note(access.value, origin.address, context(request).clock.now(), keyed=caller.key is not None)
    return caller


def _with_or_without_key(request: Request, access: Access, policy: AccessPolicy, caller: Caller) -> Caller:
    """Where a key is required for reading, a user who signed in needs none. A key of another scope is as good as none for reports, so that
    one that was meant for something else does not lose them while none is required."""
    required = policy.key_for_uploads if access is Access.UPLOAD else policy.key_for_reading
    key = find_key(request, caller.address)
    scope = KEY_OPENS[access]
    if key is not None and key.opens(scope):
        return replace(caller, key=key)
    if key is not None and (required or access is Access.EXTERNAL):
        raise key_lacks(key, scope)
    if key is None and required:
        return _instead_of_a_key(request, access, caller)
    return caller


def _instead_of_a_key(request: Request, access: Access, caller: Caller) -> Caller:
    session = find_session(request) if access is Access.EXTERNAL else None
    if session is None or session.user is None or session.user.must_change_password:
        raise key_required()
    return Caller(caller.address, caller.secure, session, sight=_sight(request, session.user))


def _sight(request: Request, user: User) -> Sight:
    """What the user sees; whatever the request reads from now on is of that alone."""
    if user.is_admin or not user.is_limited:
        return EVERYTHING
    with context(request).database.read() as connection:
        found = sight_of(connection, user)
    narrow(request, found)
    return found


async def _inside(request: Request, access: Access, origin: Client, *, checks_change: bool) -> Caller:
    """Whoever is in front of a page or its data. A key proves by itself that no other site sent the request."""
    key = _key_inside(request, access, origin) if access in KEY_OPENS else None
    if key is not None:
        return Caller(origin.address, origin.secure, key=key)
    session = find_session(request)
    found = Caller(origin.address, origin.secure, session)
    if checks_change and request.method not in _SAFE:
        if session is None:
            raise no_session()
        await check_change(request, session.csrf_token)
    if access is not Access.OPEN and not (access is Access.METRICS and context(request).settings.metrics_open):
        _admit(access, found)
    if session is None or session.user is None:
        return found
    return Caller(origin.address, origin.secure, session, sight=_sight(request, session.user))


def _key_inside(request: Request, access: Access, origin: Client) -> ApiKey | None:
    """The key of the request, which must open that level. Who sends one that is none on and on is told to wait."""
    try:
        key = find_key(request, origin.address)
    except Refused as refused:
        wait = door_book(request).wait(origin.counted_as, context(request).clock.now()) if refused.code == "key_unknown" else None
        if wait is not None:
            raise too_many_refused(wait) from None
        raise
    if key is not None and not key.opens(KEY_OPENS[access]):
        raise key_lacks(key, KEY_OPENS[access])
    return key


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
