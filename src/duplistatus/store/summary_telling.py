"""Writing down that a summary is to be sent. In: a connection, which summary, its setting and moment; out: a notice, and a row in the
outbox for each recipient and for each channel that wants it. The words and figures are found when it is sent."""

from __future__ import annotations

from typing import Any

from duplistatus.clock import DAY, Instant
from duplistatus.evaluate.notice import Cause
from duplistatus.evaluate.routing import EMAIL, NTFY
from duplistatus.evaluate.summary_setting import Period, SummarySetting, stretch_of
from duplistatus.store.channels import outlets
from duplistatus.store.database import Connection
from duplistatus.store.outbox import add_deliveries
from duplistatus.store.telling import add_notice


def tell_summary(connection: Connection, period: Period, setting: SummarySetting, now: Instant, *, slot: Instant | None) -> int:
    """Writes down a summary for whom it is meant; how many messages that makes: none where the one of this `slot` was written before, or
    nobody is to get it. `slot` None: an extra one, beside those by time."""
    places = summary_places(connection, period, setting)
    if not places:
        return 0
    key = f"summary:{period}:{slot}" if slot is not None else f"summary:{period}:extra:{now}"
    notice_id = add_notice(connection, key, period.event, summary_details(period, setting, now if slot is None else slot, now), now)
    if notice_id is None:
        return 0
    add_deliveries(connection, notice_id, places, now)
    return len(places)


def summary_places(connection: Connection, period: Period, setting: SummarySetting) -> list[tuple[int, str]]:
    """Where it goes: by e-mail to its recipients, or else to the default one, and to every other channel whose filter has it."""
    places: list[tuple[int, str]] = []
    for outlet in outlets(connection):
        if outlet.key == EMAIL:
            places += [(outlet.id, address) for address in setting.recipients or ("",)]
        elif outlet.key != NTFY and outlet.filter.wants(Cause(period.event)):
            places.append((outlet.id, ""))
    return places


def summary_details(period: Period, setting: SummarySetting, at: Instant, now: Instant) -> dict[str, Any]:
    """What the notice of a summary holds: the moments, or the days of UTC, that it is about."""
    if period is Period.DAILY:
        return {"zone": setting.zone, "since": now - DAY, "until": now}
    stretch = stretch_of(period, setting.zone, at)
    return {"zone": setting.zone, "days": [stretch.days.first, stretch.days.last], "before": [stretch.before.first, stretch.before.last]}
