"""Which channels a notice goes to. In: its cause, what is set for the job, the channels in use; out: the routes, each a channel and a
destination on it. A pure rule, so that whoever records a run writes its messages in the same transaction.

ntfy and e-mail for all are filtered by what each job says; every other channel by its own filter, whatever the job says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from duplistatus.evaluate.notice import RESULTS, SUMMARIES, Cause, Event, lets_through
from duplistatus.evaluate.notify_setting import Additional, NotifySetting

NTFY = "ntfy"
EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a channel wants: events; servers, tags and jobs by id, of which one must fit. Where none of these three is named, every job
    does."""

    events: frozenset[Event] = frozenset()
    servers: frozenset[int] = frozenset()
    tags: frozenset[int] = frozenset()
    jobs: frozenset[int] = frozenset()

    @property
    def is_narrow(self) -> bool:
        return bool(self.servers or self.tags or self.jobs)

    def wants(self, cause: Cause) -> bool:
        if cause.event not in self.events:
            return False
        if not self.is_narrow or cause.event in SUMMARIES:
            return True
        return cause.server_id in self.servers or cause.job_id in self.jobs or bool(self.tags & cause.tag_ids)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel in use, as far as routing looks at it. `key`: `ntfy` or `email` for those for all, None for any other."""

    id: int
    key: str | None
    filter: Filter


@dataclass(frozen=True, slots=True)
class Route:
    """`destination`: an address or topic; empty for the channel's own."""

    channel_id: int
    destination: str = ""


def routes_of(
    cause: Cause, setting: NotifySetting, of_server: Additional, outlets: Iterable[Outlet], *, summary_instead: bool = False
) -> list[Route]:
    """Where a notice of a job goes, each place once. `summary_instead`: the daily summary takes the place of single mails to the default
    recipient (additional addresses go on)."""
    found: list[Route] = []
    for outlet in outlets:
        if outlet.key == NTFY:
            found += _routes_for_all(cause, setting, outlet, told=setting.ntfy, others=_topics(cause, setting, of_server))
        elif outlet.key == EMAIL:
            told = setting.email and not summary_instead
            found += _routes_for_all(cause, setting, outlet, told=told, others=_addresses(cause, setting, of_server))
        elif outlet.filter.wants(cause):
            found.append(Route(outlet.id))
    return list(dict.fromkeys(found))


def _routes_for_all(cause: Cause, setting: NotifySetting, outlet: Outlet, *, told: bool, others: Iterable[str]) -> list[Route]:
    # What is told of results says nothing of overdue jobs: their watching is switched off elsewhere.
    passes = lets_through(setting.event, cause.event, errors=cause.errors) if cause.event in RESULTS else True
    own = [Route(outlet.id)] if told and passes else []
    return own + [Route(outlet.id, other) for other in others]


def _topics(cause: Cause, setting: NotifySetting, of_server: Additional) -> tuple[str, ...]:
    found = setting.effective(of_server)
    return (found.topic,) if found.topic and _passes(cause, found) else ()


def _addresses(cause: Cause, setting: NotifySetting, of_server: Additional) -> tuple[str, ...]:
    found = setting.effective(of_server)
    return found.addresses if _passes(cause, found) else ()


def _passes(cause: Cause, additional: Additional) -> bool:
    return lets_through(additional.event or "all", cause.event, errors=cause.errors)
