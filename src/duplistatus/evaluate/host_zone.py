"""The zone in which a host lives, from what its reports tell of its clock. In: moments with the minutes by which the host was ahead of
UTC; out: the name of an IANA zone whose clock showed the same at every one of them, or None. Hosts of one clock are not told apart:
Vienna may come out as Berlin, which counts alike."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global

from duplistatus.clock import SECOND, Instant, instant, moment

# Per clock one well-known zone; of clocks that show the same for half a year, the one with more servers comes first.
_MAIN_ZONES = """
UTC Europe/Berlin America/New_York Europe/London America/Chicago America/Los_Angeles America/Denver Europe/Helsinki Europe/Moscow
Asia/Shanghai Asia/Tokyo Asia/Kolkata Australia/Sydney America/Sao_Paulo Pacific/Auckland Asia/Dubai Africa/Johannesburg Asia/Jakarta
America/Mexico_City America/Phoenix America/Bogota America/Halifax America/Anchorage Pacific/Honolulu Africa/Lagos Australia/Brisbane
Australia/Adelaide Asia/Karachi Asia/Dhaka America/Caracas America/Santiago Africa/Abidjan Asia/Jerusalem Africa/Cairo Asia/Tehran
Asia/Kathmandu Asia/Yangon Asia/Kabul Asia/Almaty Asia/Beirut Asia/Amman Asia/Damascus Asia/Gaza Africa/Casablanca Africa/Khartoum
Australia/Darwin America/St_Johns America/Havana America/Chihuahua America/Mazatlan America/Ciudad_Juarez America/Ojinaga
America/Asuncion America/Nuuk America/Scoresbysund America/Miquelon America/Noronha Atlantic/Azores Atlantic/Cape_Verde Pacific/Noumea
Pacific/Fiji Pacific/Tongatapu Pacific/Kiritimati Pacific/Pago_Pago Pacific/Norfolk Pacific/Chatham Pacific/Easter Pacific/Marquesas
Pacific/Gambier Pacific/Pitcairn Australia/Lord_Howe Australia/Eucla America/Adak America/Coyhaique Antarctica/Troll
Antarctica/Casey Antarctica/Vostok
"""
_FREE_ON_FRIDAY = """
Africa/Algiers Africa/Cairo Africa/Khartoum Africa/Tripoli Asia/Aden Asia/Amman Asia/Baghdad Asia/Bahrain Asia/Damascus Asia/Dhaka
Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Kabul Asia/Kathmandu Asia/Kuwait Asia/Muscat Asia/Qatar Asia/Riyadh Asia/Tehran
Indian/Maldives
"""
_LONDON = "Europe/London"

Observations = tuple[tuple[Instant, int], ...]


def guess(offsets: Sequence[tuple[Instant, int]], near: str) -> str | None:
    """The zone whose clock agrees with all observations (moment, minutes ahead of UTC): `near` if it does, else a well-known one, else
    any. None without observations, or where no zone agrees, as for a computer that has travelled."""
    return _guess(tuple(sorted(set(offsets))), near) if offsets else None


def zone_name(text: str) -> str | None:
    """The IANA name of a zone that is known here, also of one of Windows' names; None of another text."""
    if _zone(text) is not None:
        return text
    name = get_global("windows_zone_mapping").get(text)
    return name if name is not None and _zone(name) is not None else None


def agrees(name: str, offsets: Sequence[tuple[Instant, int]]) -> bool:
    """Whether the clock of a zone showed what was observed. No zone agrees where its name is unknown."""
    zone = _zone(name)
    return zone is not None and all(_ahead(zone, at) == timedelta(minutes=minutes) for at, minutes in offsets)


def minutes_ahead(name: str, at: Instant) -> int | None:
    """How far the clock of a zone is ahead of UTC at a moment; None for a name that is unknown."""
    zone = _zone(name)
    offset = _ahead(zone, at) if zone is not None else None
    return offset // timedelta(minutes=1) if offset is not None else None


def change_between(name: str, before: Instant, after: Instant) -> Instant:
    """The moment, to the second, at which the offset of a known zone is first another one than at `before`; `after` is a moment of
    the new offset, with one change between the two."""
    zone = _zone(name)
    low, high = before // SECOND, after // SECOND
    if zone is None or _ahead(zone, before) == _ahead(zone, after):
        return after
    old = _ahead(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _ahead(zone, Instant(middle * SECOND)) == old else (low, middle)
    return Instant(high * SECOND)


def is_utc(name: str) -> bool:
    """Whether the clock of a zone shows UTC all year."""
    zone = _zone(name)
    return zone is not None and not any(datetime(2025, month, day, tzinfo=UTC).astimezone(zone).utcoffset() for month, day in _DAYS)


def is_surely_utc(offsets: Sequence[tuple[Instant, int]]) -> bool:
    """Whether no clock but that of UTC was observed: 0 too at a time at which London, and whoever has its clock, was ahead."""
    return bool(offsets) and not any(minutes for _, minutes in offsets) and not agrees(_LONDON, offsets)


def is_free_on_friday(name: str) -> bool:
    """Whether the week of work goes from Sunday to Thursday there: Monday to Friday then is no sign of a zone."""
    return name in _FREE_ON_FRIDAY.split()


def clock_period(at: Instant) -> tuple[int, int]:
    """The stretch of time, between two changes of the clock somewhere, that a moment lies in: within one of them another look at a host's
    clock rules out no further zone."""
    year = moment(at).year
    return year, bisect_right(_changes(year), at)


@lru_cache(maxsize=64)
def _changes(year: int) -> tuple[Instant, ...]:
    """The moments of a year at which the clock of a well-known zone changes."""
    begins = [instant(datetime(year, month, day, tzinfo=UTC)) for month, day in _DAYS]
    begins.append(instant(datetime(year + 1, 1, 1, tzinfo=UTC)))
    return tuple(
        sorted(
            {
                change_between(name, before, after)
                for name in _MAIN_ZONES.split()
                for before, after in pairwise(begins)
                if minutes_ahead(name, before) != minutes_ahead(name, after)
            }
        )
    )


_DAYS = [(month, day) for month in range(1, 13) for day in (1, 15)]


@lru_cache(maxsize=512)
def _guess(offsets: Observations, near: str) -> str | None:
    # Newest first: it rules out most zones at the first look.
    newest_first = offsets[::-1]
    return next((name for name in _candidates(near, offsets[-1][1]) if agrees(name, newest_first)), None)


def _candidates(near: str, minutes: int) -> Iterator[str]:
    yield near
    yield from _MAIN_ZONES.split()
    yield from _all_zones()
    hours, rest = divmod(minutes, 60)
    if not rest:
        yield f"Etc/GMT{-hours:+d}"


@lru_cache(maxsize=1)
def _all_zones() -> tuple[str, ...]:
    """The zones of the time zone database that are no other name of another one."""
    table = files("tzdata.zoneinfo").joinpath("zone1970.tab").read_text(encoding="utf-8")
    return tuple(sorted(line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _ahead(zone: ZoneInfo, at: Instant) -> timedelta | None:
    return datetime.fromtimestamp(at / SECOND, zone).utcoffset()
