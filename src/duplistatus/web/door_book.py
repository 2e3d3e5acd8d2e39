"""Who asked at the doors for programs since the start, and who was turned away. In: requests as the guard judged them; out: the last
callers by address, for the page of access, and the refusal that a caller is told. A caller who is refused again and again is told to
wait; one with the right key never is."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import structlog
from starlette.requests import HTTPConnection

from duplistatus.clock import Instant
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.measures import measures
from duplistatus.web.throttle import PerMinute

MOST_ADDRESSES = 200
REFUSED_A_MINUTE = 60

_TOO_MANY = 429
_log = structlog.get_logger()


@dataclass(slots=True)
class Calls:
    """What came from one address at one door."""

    last_at: Instant
    with_key: int = 0
    without_key: int = 0
    refused: int = 0
    reason: str = ""


class DoorBook:
    """The last callers of one application, those that were quiet longest forgotten first. Used from the event loop only."""

    def __init__(self) -> None:
        self._calls: OrderedDict[tuple[str, str], Calls] = OrderedDict()
        self._refused = PerMinute(REFUSED_A_MINUTE)

    def note(self, door: str, address: str, now: Instant, *, keyed: bool) -> None:
        """Somebody was let in."""
        calls = self._of(door, address, now)
        if keyed:
            calls.with_key += 1
        else:
            calls.without_key += 1

    def note_refused(self, door: str, address: str, now: Instant, reason: str) -> None:
        calls = self._of(door, address, now)
        calls.refused += 1
        calls.reason = reason

    def wait(self, counted_as: str, now: Instant) -> int | None:
        """Counts a refusal; the seconds to wait when it is one too many."""
        return self._refused.hit(counted_as, now)

    def callers(self, door: str) -> dict[str, Calls]:
        """By address, the last caller first."""
        return {address: calls for (each, address), calls in reversed(self._calls.items()) if each == door}

    def _of(self, door: str, address: str, now: Instant) -> Calls:
        calls = self._calls.get((door, address))
        if calls is None:
            calls = self._calls[door, address] = Calls(now)
            if len(self._calls) > MOST_ADDRESSES:
                self._calls.popitem(last=False)
        else:
            self._calls.move_to_end((door, address))
        calls.last_at = now
        return calls


def door_book(connection: HTTPConnection) -> DoorBook:
    """The application's one."""
    state = connection.app.state
    found: DoorBook | None = getattr(state, "door_book", None)
    if found is None:
        found = state.door_book = DoorBook()
    return found


def turned_away(connection: HTTPConnection, door: str, address: str, counted_as: str, refused: Refused) -> Refused:
    """What a refused caller of a door is told: the refusal, noted down, or that it is one too many. `door` is `upload` or `external`."""
    now = context(connection).clock.now()
    book = door_book(connection)
    book.note_refused(door, address, now, refused.error)
    wait = book.wait(counted_as, now)
    if wait is not None:
        refused = too_many_refused(wait)
    if door == "upload":
        measures(connection).upload(refused.code)
    if wait is None:
        # The reason names a known key by its fingerprint; of what is no key nothing is written down.
        _log.warning("report refused" if door == "upload" else "question refused", sender=address, code=refused.code, reason=refused.error)
    return refused


def too_many_refused(wait: int) -> Refused:
    sentence = "Too many refused requests from this address; try again later"
    return Refused(_TOO_MANY, sentence, "too_many_refused", headers={"Retry-After": str(wait)})
