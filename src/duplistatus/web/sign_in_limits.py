"""How often an address may begin sessions and have passwords checked, beside the lockout, which counts failures. In: a request; out:
nothing, or the seconds to wait. Counted in memory: a restart forgives. This machine itself is not limited, and browsers from which
somebody has signed in are counted apart, so that nobody who shares their address can keep them out."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from duplistatus.store import devices
from duplistatus.store.database import StoreError
from duplistatus.web.context import context
from duplistatus.web.device_cookie import device_hash
from duplistatus.web.doors import client_of
from duplistatus.web.errors import Refused
from duplistatus.web.throttle import PerMinute

SESSIONS_A_MINUTE = 60
"""New ones, each a row: a household behind one address needs a few a day, a program without cookies one a call."""
PASSWORDS_A_MINUTE = 60
"""Right and wrong ones: each costs some 60 ms of a core, so that one address never takes more than a small part of it."""


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """The counts of one application."""

    sessions: PerMinute = field(default_factory=lambda: PerMinute(SESSIONS_A_MINUTE))
    passwords: PerMinute = field(default_factory=lambda: PerMinute(PASSWORDS_A_MINUTE))


def _limits(request: Request) -> SignInLimits:
    state = request.app.state
    found: SignInLimits | None = getattr(state, "sign_in_limits", None)
    if found is None:
        found = state.sign_in_limits = SignInLimits()
    return found


def _wait(request: Request, limit: PerMinute) -> int | None:
    """Counts a request; the seconds to wait when it is one too many. The database is asked of the browser only then."""
    parts = context(request)
    now = parts.clock.now()
    wait = limit.hit(client_of(request).counted_as, now)
    hashed = device_hash(request) if wait is not None else ""
    if not hashed:
        return wait
    try:
        with parts.database.read() as connection:
            is_known = devices.is_known(connection, hashed, now)
    except StoreError:
        return wait
    return limit.hit(f"device:{hashed}", now) if is_known else wait


def wait_for_password(request: Request) -> int | None:
    """Counts a password that is to be checked; the seconds to wait when it is one too many."""
    return _wait(request, _limits(request).passwords)


def check_sessions(request: Request) -> None:
    """Counts a session that is to begin. Raises when it is one too many."""
    _raise(_wait(request, _limits(request).sessions))


def check_passwords(request: Request) -> None:
    """As `wait_for_password`; raises when it is one too many."""
    _raise(wait_for_password(request))


def _raise(wait: int | None) -> None:
    if wait is not None:
        raise Refused(
            429,
            f"Too many tries to sign in from this address; try again in {wait} seconds",
            "sign_in_rate_limited",
            headers={"Retry-After": str(wait)},
            more={"errorCode": "RATE_LIMITED"},
        )
