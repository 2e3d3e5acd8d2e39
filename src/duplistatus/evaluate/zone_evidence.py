"""What the runs of a job tell of the zone in which their Duplicati's scheduler counts. In: one `Slot` after the other, in order of
begin; out: a `ZoneEvidence` of bounded size, whatever the history, and from those of all jobs of a server its `ServerZone`.

Three signs are kept, all of slots with one steady time of day (UTC), so that intervals of hours leave none:

- The clock of the host changed, and with it the slots moved by as much the other way: they are counted in the host's zone.
- The clock changed, and slots went on day by day, each 24 hours after the last, over the change: they are counted in UTC. Slots that
  left a day out tell nothing, because Duplicati leaves days out by plain 24 hours: Monday to Friday keeps its UTC time over a Sunday
  in every zone.
- Announced slots leave weekends out, and lie so near to midnight that only the weekday of the host makes them Monday to Friday. What
  was merely kept is no sign of this: a computer that is off at weekends keeps nothing there. The opposite, a Monday to Friday of UTC
  alone, only speaks against it: the nights around workdays look like that in the host's zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from typing import NamedTuple

import orjson

from duplistatus.clock import DAY, MINUTE, Instant
from duplistatus.evaluate import host_zone as hosts
from duplistatus.evaluate.slot_stretch import (
    LARGEST_CHANGE,
    Shift,
    Stretch,
    differ_by,
    extended,
    goes_on,
    new_stretch,
    shift_between,
    workdays,
)


@dataclass(frozen=True, slots=True)
class Slot:
    """What one run tells. `begun_at`; `at`: the slot that it announced (next-scheduled-run), or its own begin where its Duplicati
    announces nothing (`announced` is False then); runs known to be started by hand are not given at all. `offset_at`,
    `offset_minutes`: the host was that many minutes ahead of UTC at that moment; None both where the report does not tell."""

    begun_at: Instant
    at: Instant
    announced: bool
    offset_at: Instant | None
    offset_minutes: int | None


class Observation(NamedTuple):
    """The host was `minutes` ahead of UTC at a moment."""

    at: Instant
    minutes: int


class Vote(NamedTuple):
    """What a change of the host's clock told: it happened after `before`, at `after` at the latest, from and to so many minutes ahead
    of UTC, and the slots `moved` with it or did not."""

    before: Instant
    after: Instant
    from_offset: int
    to_offset: int
    moved: bool


_MOST_OBSERVATIONS = 16
_APART = 45 * DAY
"""Observations of one offset are kept at least that far from each other, but for the newest: two in each season."""
_STEADY = {True: (2, 1), False: (3, 2)}
"""Slots of one time of day that it takes before and after a move, by whether they were announced."""


@dataclass(frozen=True, slots=True)
class ZoneEvidence:
    """Of one job; a fold over its runs in order of begin. `seen`: the host's clock, oldest first; `now`: the slots of the present time
    of day; `steady`: those of the last one before that was kept for some time; `vote`: of the newest change of the clock that told
    something; `workdays`: the number of slots that make a Monday to Friday by the host's weekday alone, negative by that of UTC alone, 0
    where neither does; `shift`: the newest one by as much as clocks change."""

    seen: tuple[Observation, ...] = ()
    now: Stretch | None = None
    steady: Stretch | None = None
    vote: Vote | None = None
    workdays: int = 0
    shift: Shift | None = None

    def after(self, slot: Slot) -> ZoneEvidence:
        """The evidence with one more run."""
        seen = self.seen
        if slot.offset_at is not None and slot.offset_minutes is not None:
            seen = _observed(seen, Observation(slot.offset_at, slot.offset_minutes))
        now, steady, shift = self.now, self.steady, self.shift
        minutes = seen[-1].minutes if seen else None
        ahead = slot.at - slot.begun_at if slot.announced else None
        if now is None or not goes_on(now, slot.at, ahead):
            if now is not None and now.far >= _STEADY[now.announced][0]:
                steady = now
            now = new_stretch(slot.at, ahead, minutes)
            shift = shift_between(steady, now) or shift
        else:
            now = extended(now, slot.at, ahead, minutes)
        return ZoneEvidence(seen, now, steady, _vote(seen, now, steady) or self.vote, workdays(now, self.workdays), shift)

    @property
    def votes(self) -> tuple[object, ...]:
        """Changes when the decision could change: with a sign, with the host's clock, and when the clock changes anywhere, as that rules
        out zones in which it did while the host's has not."""
        newest = hosts.clock_period(self.seen[-1].at) if self.seen else None
        side = (self.workdays > 0) - (self.workdays < 0)
        return self.vote, self.shift, side, tuple(each.minutes for each in self.seen), newest

    def as_text(self) -> str:
        """Compact JSON."""
        return orjson.dumps((self.seen, self.now, self.steady, self.vote, self.workdays, self.shift), default=tuple).decode()


NO_EVIDENCE = ZoneEvidence()


def read_evidence(text: str | None) -> ZoneEvidence:
    """The evidence that `as_text` wrote; none for None."""
    if text is None:
        return NO_EVIDENCE
    seen, now, steady, vote, workdays, shift = orjson.loads(text)
    return ZoneEvidence(
        tuple(Observation(*each) for each in seen),
        now and Stretch(*now),
        steady and Stretch(*steady),
        vote and Vote(*vote),
        workdays,
        shift and Shift(*shift),
    )


# --- the host's clock ----------------------------------------------------------------------------------------------------------------


def _observed(seen: tuple[Observation, ...], newest: Observation) -> tuple[Observation, ...]:
    """Both sides of each change are kept, and between them one observation per `_APART`."""
    if seen and newest.at <= seen[-1].at:
        return seen
    if len(seen) > 1 and seen[-2].minutes == seen[-1].minutes == newest.minutes and newest.at - seen[-2].at < _APART:
        return (*seen[:-1], newest)
    return (*seen, newest)[-_MOST_OBSERVATIONS:]


def _observations(evidence: Sequence[ZoneEvidence]) -> tuple[Observation, ...]:
    """Of all jobs, as of one."""
    return reduce(_observed, sorted(observation for each in evidence for observation in each.seen), ())


# --- signs ---------------------------------------------------------------------------------------------------------------------------


def _vote(seen: tuple[Observation, ...], now: Stretch, steady: Stretch | None) -> Vote | None:
    """What the slots tell of the newest change of the clock."""
    newest = len(seen) - 1
    while newest > 0 and seen[newest - 1].minutes == seen[newest].minutes:
        newest -= 1
    if newest <= 0:
        return None
    (before, old), (after, new) = seen[newest - 1], seen[newest]
    if abs(new - old) > LARGEST_CHANGE:
        return None
    if now.daily_since <= before and after <= now.last and now.far >= _STEADY[now.announced][0]:
        return Vote(before, after, old, new, False)
    if steady is None or steady.announced != now.announced or now.far < _STEADY[now.announced][1]:
        return None
    # The slots moved between two of them, the clock changed between two observations: it can have been at one moment.
    if steady.last >= after or now.first <= before:
        return None
    if not differ_by(steady, now, (old - new) * MINUTE):
        return None
    return Vote(before, after, old, new, True)


# --- the decision --------------------------------------------------------------------------------------------------------------------

_UTC = "UTC"
_RULE_OF_HOST_ENDS = (2, 1, 2)
_VERSION = re.compile(r"\s*v?(\d+(?:\.\d+)+)")
_SAME_CHANGE = 45 * DAY


class ZoneSource(StrEnum):
    """Who says in which zone a server counts."""

    SET = "set"
    SERVER = "server"
    VERSION = "version"
    EVIDENCE = "evidence"
    ASSUMED = "assumed"


class ZoneRule(StrEnum):
    """Why a server counts in a zone."""

    SET_BY_USER = "set_by_user"
    TOLD = "told"
    TOLD_UNKNOWN = "told_unknown"
    VERSION = "version"
    MOVED_WITH_CLOCK = "moved_with_clock"
    KEPT_UTC = "kept_utc_over_change"
    WEEKDAYS = "weekdays"
    HOST_IS_UTC = "host_is_utc"
    NO_CHANGE_SEEN = "no_change_seen"


@dataclass(frozen=True, slots=True)
class ZoneReason:
    """The rule and its figures. `text`: what the server told (empty: nothing set), or the version; `at`: when the host's clock
    changed, from and to so many minutes ahead of UTC; `slots`: how many show the weekdays, counted up to nine."""

    rule: ZoneRule
    text: str = ""
    at: Instant | None = None
    from_offset: int | None = None
    to_offset: int | None = None
    slots: int | None = None


@dataclass(frozen=True, slots=True)
class ServerZone:
    """`name`: the IANA name, one that is known here, of the zone in which a server's scheduler counts. With the `older_rule`, before
    2.1.2, times of day are those of UTC and `name` is the zone whose weekdays count, that of the host."""

    name: str
    source: ZoneSource
    reason: ZoneReason
    older_rule: bool = False


def decide(
    *,
    zone_set: str | None,
    zone_told: str | None,
    host_zone: str | None,
    version: str,
    evidence: Sequence[ZoneEvidence],
    near: str,
) -> ServerZone:
    """The zone of a server. `zone_set`: by a user; `zone_told`: the server's setting, empty where nobody set it, None where unknown;
    `host_zone`: of its host, where its API told it; `version`: Duplicati's text, may be empty; `evidence`: of all its jobs; `near`: the
    zone of this machine, where the host more likely is. Zones that nobody knows here are passed over."""
    if zone_set and (name := hosts.zone_name(zone_set)):
        return ServerZone(name, ZoneSource.SET, ZoneReason(ZoneRule.SET_BY_USER))
    if zone_told is not None and (name := hosts.zone_name(zone_told or _UTC)):
        return ServerZone(name, ZoneSource.SERVER, ZoneReason(ZoneRule.TOLD, zone_told))
    told = hosts.zone_name(host_zone) if host_zone else None
    host = told or _guessed(evidence, near)
    if zone_told is not None and host is not None:
        return ServerZone(host, ZoneSource.SERVER, ZoneReason(ZoneRule.TOLD_UNKNOWN, zone_told))
    if _is_older(version):
        return ServerZone(host or _UTC, ZoneSource.VERSION, ZoneReason(ZoneRule.VERSION, version), older_rule=True)
    return _by_evidence(host, evidence, near, is_told=told is not None)


def _by_evidence(host: str | None, evidence: Sequence[ZoneEvidence], near: str, *, is_told: bool) -> ServerZone:
    assumed = ServerZone(_UTC, ZoneSource.ASSUMED, ZoneReason(ZoneRule.NO_CHANGE_SEEN))
    if host is None:
        return assumed
    vote = _newest([each.vote for each in evidence if each.vote is not None], host)
    if vote is not None:
        rule = ZoneRule.MOVED_WITH_CLOCK if vote.moved else ZoneRule.KEPT_UTC
        changed_at = hosts.change_between(host, vote.before, vote.after)
        reason = ZoneReason(rule, at=changed_at, from_offset=vote.from_offset, to_offset=vote.to_offset)
        return ServerZone(host if vote.moved else _UTC, ZoneSource.EVIDENCE, reason)
    workdays_seen = [each.workdays for each in evidence if each.workdays]
    if workdays_seen and min(workdays_seen) > 0 and not hosts.is_free_on_friday(host):
        return ServerZone(host, ZoneSource.EVIDENCE, ZoneReason(ZoneRule.WEEKDAYS, slots=max(workdays_seen)))
    if hosts.is_utc(host) and (is_told or hosts.is_surely_utc(_observations(evidence))):
        shifts = [each.shift for each in evidence if each.shift is not None]
        if shifts:
            return _by_clock_nearby(max(shifts), near) or assumed
        return ServerZone(_UTC, ZoneSource.EVIDENCE, ZoneReason(ZoneRule.HOST_IS_UTC))
    return assumed


def _by_clock_nearby(shift: Shift, near: str) -> ServerZone | None:
    """A container in UTC whose Duplicati was told the zone of its people: slots move with a clock that the host does not have."""
    offsets = [hosts.minutes_ahead(near, at) for at in (shift.last, shift.first)]
    if offsets[0] is None or offsets[1] is None or offsets[0] - offsets[1] != shift.minutes:
        return None
    changed_at = hosts.change_between(near, shift.last, shift.first)
    reason = ZoneReason(ZoneRule.MOVED_WITH_CLOCK, at=changed_at, from_offset=offsets[0], to_offset=offsets[1])
    return ServerZone(near, ZoneSource.EVIDENCE, reason)


def _newest(votes: Sequence[Vote], host: str) -> Vote | None:
    """The vote of the newest change that the host's zone knows too: any other is of a clock that was set, or has travelled. Of the
    jobs that saw the same change, those whose slots moved are right: an interval of 24 hours moves in no zone."""
    votes = [vote for vote in votes if hosts.agrees(host, ((vote.before, vote.from_offset), (vote.after, vote.to_offset)))]
    latest = max((vote.after for vote in votes), default=0)
    return max((vote for vote in votes if vote.after > latest - _SAME_CHANGE), key=lambda vote: (vote.moved, vote.after), default=None)


def _guessed(evidence: Sequence[ZoneEvidence], near: str) -> str | None:
    """The host's zone; where no zone agrees with all that was observed, by the newer half of it, and so on: its clock was once set
    to another zone."""
    offsets = _observations(evidence)
    while offsets:
        found = hosts.guess(offsets, near)
        if found is not None:
            return found
        offsets = offsets[(len(offsets) + 1) // 2 :]
    return None


def _is_older(version: str) -> bool:
    """Whether a Duplicati is one from before 2.1.2; not where the text, such as "2.1.0.5 (2.1.0.5_stable_2025-03-04)", is no version."""
    found = _VERSION.match(version)
    return found is not None and tuple(map(int, found[1].split("."))) < _RULE_OF_HOST_ENDS
