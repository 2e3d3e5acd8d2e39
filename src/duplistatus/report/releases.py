"""Releases of Duplicati by their names. In: the texts in which versions stand (reports, answers of servers, names of packages and tags), or
a list of releases as it is published; out: frozen values that compare as versions do. Whatever a list holds beside names is left alone:
nothing of it is shown or followed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import orjson

Version = tuple[int, int, int, int]


class Channel(StrEnum):
    """Where Duplicati publishes releases, the steadiest first."""

    STABLE = "stable"
    BETA = "beta"
    EXPERIMENTAL = "experimental"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Release:
    """`channel`: where it was published; `on`: the day, None where that is not told."""

    version: Version
    channel: Channel
    on: date | None = None

    @property
    def number(self) -> str:
        """`2.3.0.4`."""
        return ".".join(map(str, self.version))

    @property
    def name(self) -> str:
        """As Duplicati writes it: `2.3.0.4_stable_2026-07-09`."""
        return f"{self.number}_{self.channel}" + (f"_{self.on.isoformat()}" if self.on else "")

    @property
    def page(self) -> str:
        """The address of its page. Tags named the number twice until 2.0."""
        if self.on is None:
            return PAGES
        return f"{PAGES}/tag/v{self.name if self.version >= _SHORT_TAGS else f'{self.number}-{self.name}'}"


class NotAList(ValueError):
    """The answer is no list of releases."""


PAGES = "https://github.com/duplicati/duplicati/releases"
_SHORT_TAGS: Version = (2, 1, 0, 0)
_NUMBER = r"(?<![\d.])(\d{1,5}(?:\.\d{1,5}){1,3})(?![\d.])"
_NAME = re.compile(_NUMBER + r"_(stable|beta|experimental|canary)_(\d{4}-\d\d-\d\d)(?!\d)", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(_NUMBER, re.ASCII)
_LONGEST = 300
"""Characters of a text in which a version is looked for."""
_SIGNATURE = b"//"
"""Begins the lines of signatures before the JSON of a manifest."""
_MOST = 5_000
"""Releases or packages of a list that are looked at."""


def read_channel(text: str) -> Channel | None:
    """`Stable`, `canary`; None for channels that publish nothing, such as `Nightly`."""
    try:
        return Channel(text.strip().lower())
    except ValueError:
        return None


def read_version(text: str) -> Version | None:
    """The first version in a text: `2.3.0.4`, `2.3.0.4 (2.3.0.4_stable_2026-07-09)`."""
    match = _VERSION.search(text[:_LONGEST])
    return _numbers(match[1]) if match else None


def read_release(text: str) -> Release | None:
    """The first release that is named in full in a text: a version as servers tell it, a tag, the name of a package."""
    for match in _NAME.finditer(text[:_LONGEST]):
        try:
            return Release(_numbers(match[1]), Channel(match[2].lower()), date.fromisoformat(match[3]))
        except ValueError:
            continue
    return None


def read_list(body: bytes) -> tuple[Release, ...]:
    """The releases of a published list, newest first: a manifest or a list of packages of Duplicati's own update server, which name one
    release, or GitHub's list of releases or tags. Raises NotAList."""
    try:
        read = orjson.loads(_without_signatures(body))
    except orjson.JSONDecodeError:
        raise NotAList("it is no JSON") from None
    if isinstance(read, list):
        found = set(_of_tags(read[:_MOST]))
    elif isinstance(read, dict):
        found = {each for each in (_of_manifest(read) or _of_packages(read),) if each is not None}
    else:
        found = set()
    if not found:
        raise NotAList("it names no release")
    return tuple(sorted(found, key=_rank, reverse=True))


def _rank(release: Release) -> tuple[Version, str, date]:
    return release.version, release.channel, release.on or date.min


def _numbers(text: str) -> Version:
    parts = [int(part) for part in text.split(".")]
    first, second, third, fourth = (*parts, 0, 0)[:4]
    return first, second, third, fourth


def _without_signatures(body: bytes) -> bytes:
    rest = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    while rest.startswith(_SIGNATURE):
        rest = rest.partition(b"\n")[2].lstrip()
    return rest


def _of_manifest(read: Mapping[str, object]) -> Release | None:
    """`{"Version", "ReleaseType", "ReleaseTime", "Packages": [{"RemoteUrls": […]}, …], …}`."""
    number, kind, packages = read.get("Version"), read.get("ReleaseType"), read.get("Packages")
    version = read_version(number) if isinstance(number, str) else None
    channel = read_channel(kind) if isinstance(kind, str) else None
    if version is None or channel is None:
        return None
    urls = (each.get("RemoteUrls") for each in packages[:_MOST] if isinstance(each, dict)) if isinstance(packages, list) else iter(())
    for url in (url for some in urls if isinstance(some, list) for url in some[:_MOST] if isinstance(url, str)):
        named = read_release(url)
        if named is not None and (named.version, named.channel) == (version, channel):
            return named
    return Release(version, channel, _day(read.get("ReleaseTime")))


def _of_packages(read: Mapping[str, object]) -> Release | None:
    """`{"linux-x64-gui.deb": {"filename": "duplicati-2.3.0.4_stable_2026-07-09-linux-x64-gui.deb", …}, …}`."""
    files = (each.get("filename") for each in list(read.values())[:_MOST] if isinstance(each, dict))
    named = [found for file in files if isinstance(file, str) and (found := read_release(file)) is not None]
    return max(named, key=_rank) if named else None


def _of_tags(read: list[object]) -> Iterator[Release]:
    """`[{"tag_name": "v2.3.0.4_stable_2026-07-09", "draft": false, …}, …]`; tags have a `name` alone."""
    for each in read:
        if isinstance(each, dict) and each.get("draft") is not True:
            tag = each.get("tag_name", each.get("name"))
            if isinstance(tag, str) and (found := read_release(tag)) is not None:
                yield found


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None
