"""How a server's version stands to the newest release of its channel. In: what the server tells of itself, the newest releases that are
known; out: what to show. With it: when the list of releases is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from duplistatus.clock import Instant, instant
from duplistatus.evaluate.task_times import TimesOfDay
from duplistatus.report.releases import Channel, Release, read_channel, read_release, read_version

BUILT_IN: tuple[Release, ...] = (
    Release((2, 4, 0, 1), Channel.STABLE, date(2026, 10, 7)),
    Release((2, 3, 1, 1), Channel.BETA, date(2026, 8, 26)),
    Release((2, 1, 1, 0), Channel.EXPERIMENTAL, date(2025, 7, 17)),
    Release((2, 4, 0, 101), Channel.CANARY, date(2026, 9, 11)),
)
"""Releases that were out when this version of the product was made: something to compare with where nothing can be fetched."""
_BUILT_IN_AT = instant(datetime(2026, 11, 22, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Known:
    """The newest release of a channel. `channel`: the one it is offered on, which can be less steady than the one it was published on;
    `fetched_at`: when a list said so last, None where it is known from the start."""

    channel: Channel
    release: Release
    fetched_at: Instant | None = None


Newest = Mapping[Channel, Known]


def newest_of(fetched: Iterable[Known]) -> Newest:
    """The newest release of each channel: what a list said, or what is known from the start where that list is older than the product and
    so is its release."""
    found = {release.channel: Known(release.channel, release) for release in BUILT_IN}
    for each in fetched:
        known = found.get(each.channel)
        if known is None or (each.fetched_at or 0) >= _BUILT_IN_AT or each.release.version >= known.release.version:
            found[each.channel] = each
    return {channel: found[channel] for channel in Channel if channel in found}


class Standing(StrEnum):
    """Of a server's version."""

    CURRENT = "current"
    OUTDATED = "outdated"
    NEWER = "newer"
    """Newer than any release of its channel that is known here."""
    UNKNOWN = "unknown"
    """Nothing to compare, or nothing to compare with."""


@dataclass(frozen=True, slots=True)
class ServerRelease:
    """`number`: `2.3.0.4`, empty where no report and no answer told it; `newest`: of its channel."""

    number: str
    channel: Channel | None
    standing: Standing
    newest: Release | None = None


def server_release(version: str, channel: str, newest: Newest) -> ServerRelease:
    """`version`, `channel`: as the server tells them. The channel is the one that it follows; where it tells none, the one that it was
    built for."""
    numbers, named = read_version(version), read_release(version)
    follows = read_channel(channel) or (named.channel if named else None)
    # What is none of Duplicati's versions is shown as far as it is one word.
    number = ".".join(map(str, numbers)) if numbers else version.split(" ", maxsplit=1)[0]
    known = newest.get(follows) if follows else None
    if numbers is None or known is None:
        return ServerRelease(number, follows, Standing.UNKNOWN, known.release if known else None)
    if numbers == known.release.version:
        standing = Standing.CURRENT
    else:
        standing = Standing.OUTDATED if numbers < known.release.version else Standing.NEWER
    return ServerRelease(number, follows, standing, known.release)


class Often(StrEnum):
    """How often the list is fetched."""

    DAILY = "24h"
    TWICE = "12h"
    FOUR_TIMES = "6h"
    NEVER = "off"


_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_HOURS = {Often.DAILY: 24, Often.TWICE: 12, Often.FOUR_TIMES: 6}


class PlanError(ValueError):
    """A field of a plan holds what it cannot; the text is a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """When the list is fetched: at `at`, in the zone of the product, and as often a day as `often` says."""

    often: Often = Often.DAILY
    at: time = time(5, 40)

    def rhythm(self, zone: ZoneInfo) -> TimesOfDay | None:
        """None: not by time."""
        hours = _HOURS.get(self.often)
        return TimesOfDay(self.at, zone, hours) if hours else None


def plan_fields(plan: FetchPlan) -> dict[str, str]:
    """As it is stored, and as programs read it."""
    return {"often": plan.often.value, "at": f"{plan.at:%H:%M}"}


def changed_plan(plan: FetchPlan, fields: Mapping[str, object]) -> FetchPlan:
    """With the fields that are named. Raises PlanError."""
    often, at = fields.get("often", plan.often.value), fields.get("at", f"{plan.at:%H:%M}")
    if not isinstance(often, str) or often not in set(Often):
        raise PlanError("often", f"often must be one of {', '.join(Often)}")
    found = _TIME.fullmatch(at) if isinstance(at, str) else None
    if found is None:
        raise PlanError("at", "at must be a time of day from 00:00 to 23:59")
    return FetchPlan(Often(often), time(int(found[1]), int(found[2])))
