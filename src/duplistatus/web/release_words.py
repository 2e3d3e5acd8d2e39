"""Duplicati's releases in words. In: channels, standings and failures, and the reader's wording; out: texts in that language, and the sign
that stands beside a server."""

from __future__ import annotations

from dataclasses import dataclass

from duplistatus.evaluate.server_release import Often, ServerRelease, Standing
from duplistatus.i18n.wording import Wording
from duplistatus.ingest.releases import Reason
from duplistatus.report.releases import Channel
from duplistatus.store.releases import Trouble


@dataclass(frozen=True, slots=True)
class Badge:
    """A server's version. `number` empty: it is not known, and nothing is shown; `note`: what is to be said of it beside the number,
    `title`: the same in full."""

    number: str
    channel: str
    standing: Standing
    note: str
    title: str

    @property
    def is_outdated(self) -> bool:
        return self.standing is Standing.OUTDATED


def badge(release: ServerRelease, wording: Wording) -> Badge:
    """What stands beside a server."""
    channel = channel_name(release.channel, wording) if release.channel else ""
    newest = release.newest.number if release.newest else ""
    values = {"version": newest, "channel": channel}
    if release.standing is Standing.OUTDATED:
        note, title = wording.gettext("outdated: %(version)s is out"), wording.gettext("Newest of the channel %(channel)s: %(version)s")
        return Badge(release.number, channel, release.standing, note % values, title % values)
    if release.standing is Standing.NEWER:
        title = wording.gettext("Newer than %(version)s, the newest of the channel %(channel)s that is known here") % values
        return Badge(release.number, channel, release.standing, "", title)
    if release.standing is Standing.CURRENT:
        return Badge(release.number, channel, release.standing, "", wording.gettext("The newest of the channel %(channel)s") % values)
    return Badge(release.number, channel, release.standing, "", "")


def channel_name(channel: Channel, wording: Wording) -> str:
    """What people call it: Duplicati's own words in languages that have none."""
    names = {
        Channel.STABLE: wording.gettext("Stable"),
        Channel.BETA: wording.gettext("Beta"),
        Channel.EXPERIMENTAL: wording.gettext("Experimental"),
        Channel.CANARY: wording.gettext("Canary"),
    }
    return names[channel]


def standing_word(standing: Standing, wording: Wording) -> tuple[str, str]:
    """Mark and word."""
    words = {
        Standing.CURRENT: ("ok", wording.gettext("Current")),
        Standing.OUTDATED: ("warn", wording.gettext("Outdated")),
        Standing.NEWER: ("quiet", wording.gettext("Newer than known")),
        Standing.UNKNOWN: ("quiet", wording.gettext("Unknown")),
    }
    return words[standing]


def often_word(often: Often, wording: Wording) -> str:
    words = {
        Often.DAILY: wording.gettext("Once a day"),
        Often.TWICE: wording.gettext("Every 12 hours"),
        Often.FOUR_TIMES: wording.gettext("Every 6 hours"),
        Often.NEVER: wording.gettext("Never"),
    }
    return words[often]


def trouble_sentence(trouble: Trouble, wording: Wording) -> str:
    """Why the newest try brought nothing, or not all."""
    values = {"place": trouble.place, "status": trouble.status}
    sentences = {
        Reason.OFFLINE: wording.gettext("%(place)s could not be reached. Without internet that is as it should be."),
        Reason.CERTIFICATE: wording.gettext("The certificate of %(place)s is not accepted."),
        Reason.FORBIDDEN: wording.gettext("%(place)s is at an address that nothing is sent to."),
        Reason.LEFT_ALONE: wording.gettext("%(place)s wants to be left alone for a while (%(status)s)."),
        Reason.STATUS: wording.gettext("%(place)s answered %(status)s."),
        Reason.NOT_A_LIST: wording.gettext("What %(place)s answered is no list of versions."),
        Reason.TOO_LARGE: wording.gettext("The answer of %(place)s was too large."),
    }
    known = {each.value: sentence for each, sentence in sentences.items()}
    return known.get(trouble.reason, sentences[Reason.OFFLINE]) % values
