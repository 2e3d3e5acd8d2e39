"""The options by which a server reports here, written into its own settings. In: what `GET /serversettings` answers, the version, the
address for reports; out: the exact change as values, the change made, and what the server has afterwards. Addresses of others are never
touched, and only options are written that the version knows: an unknown one is a warning in every run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import httpx2
import orjson

from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import NotTheApi, read_identity

JSON_URLS = "--send-http-json-urls"
URL = "--send-http-url"
FORM_URLS = "--send-http-form-urls"
FORMAT = "--send-http-result-output-format"
VERB = "--send-http-verb"
LOG_LEVEL = "--send-http-log-level"
LOG_LINES = "--send-http-max-log-lines"
LEVEL = "--send-http-level"
CONSOLE_URL = "additional-report-url"
"""Set by Duplicati's console alone; reports go there, too."""

WRITTEN = (JSON_URLS, URL, FORM_URLS, FORMAT, VERB, LOG_LEVEL, LOG_LINES)
"""The options that are ever changed."""
_KNOWS_LISTS = (2, 1)
"""From this version on reports can be sent to several addresses, as JSON whatever the format; until then to one."""
_TALKATIVE = {"explicitonly", "profiling", "verbose", "retry", "information"}
"""Levels at which a log holds at least what `Information` does."""
_LONGEST = 4_000

Settings = Mapping[str, str]


class Hindrance(StrEnum):
    """Why the change cannot be made."""

    VERSION = "version"
    """The server does not tell its version, so nobody knows which options it knows."""
    TAKEN = "taken"
    """The version sends reports to one address alone, and that is another one."""
    MASKED = "masked"
    """The server shows one of the options masked: what it holds cannot be kept."""


class CannotPlan(Exception):
    """The change cannot be made without harm."""

    def __init__(self, hindrance: Hindrance, option: str = "") -> None:
        super().__init__(hindrance.value)
        self.hindrance = hindrance
        self.option = option


@dataclass(frozen=True, slots=True)
class Change:
    """One option. An empty text: it is not set."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a server answered. `settings`: the options above, as far as they are set."""

    version: str
    settings: Settings

    @property
    def mark(self) -> str:
        """By which it is seen that they have changed meanwhile."""
        return hashlib.sha256(orjson.dumps(dict(self.settings), option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def silenced(self) -> bool:
        """Whether not every result is reported."""
        levels = {word.strip().lower() for word in self.settings.get(LEVEL, "").split(",") if word.strip()}
        return bool(levels) and "all" not in levels and not {"success", "warning", "error", "fatal"} <= levels


def reports_to(told: Told, address: str) -> str:
    """The address of `told` by which it reports here already, perhaps with a key; empty where there is none."""
    named = [each for name in (JSON_URLS, URL, CONSOLE_URL) for each in _list(told.settings.get(name, ""))]
    return next((each for each in named if _is_same(each, address)), "")


def planned(told: Told, address: str) -> tuple[Change, ...]:
    """What has to change so that reports go to `address`, which may hold a key. Nothing where they do. Raises CannotPlan."""
    version = _numbers(told.version)
    if not version:
        raise CannotPlan(Hindrance.VERSION)
    wanted = _in_lists(told.settings, address) if version >= _KNOWS_LISTS else _alone(told.settings, address)
    if told.settings.get(LOG_LEVEL, "").strip().lower() not in _TALKATIVE:
        wanted[LOG_LEVEL] = "Information"
    if not told.settings.get(LOG_LINES, "").strip():
        wanted[LOG_LINES] = "0"
    return _changes(told.settings, wanted)


def restored(told: Told, before: Settings) -> tuple[Change, ...]:
    """What has to change so that the options named in `before` are as they were; others than those above are left alone. Raises
    CannotPlan."""
    return _changes(told.settings, before)


async def ask(api: Api) -> Told:
    """What a server has now. Raises Trouble."""
    system = await api.get("/systeminfo")
    answer = await api.get("/serversettings")
    try:
        version = read_identity(system).version or ""
    except NotTheApi:
        raise Trouble(Code.NOT_DUPLICATI, api.place, status=200) from None
    if not isinstance(answer, dict):
        raise Trouble(Code.NOT_DUPLICATI, api.place, status=200)
    read = {name: answer.get(name) for name in (*WRITTEN, LEVEL, CONSOLE_URL)}
    return Told(version, {name: value for name, value in read.items() if isinstance(value, str) and value})


async def write(api: Api, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Makes the change and reads what is there then; those that are not as they were to be, with what is there as `after`. Raises
    Trouble."""
    await api.patch("/serversettings", {each.name: each.after or None for each in changes})
    now = (await ask(api)).settings
    return tuple(Change(each.name, each.before, now.get(each.name, "")) for each in changes if now.get(each.name, "") != each.after)


def shown(value: str) -> str:
    """An option for people: what stands in a query is left out, as are names and passwords before the host."""
    return re.sub(r"://[^/@\s;]*@", "://…@", re.sub(r"([?&][^=&;\s]*=)[^&;\s]+", r"\1…", value))


def kept(value: str) -> str:
    """The same for the audit log: of addresses, scheme and host alone, as their paths may be secrets."""
    return ";".join(_host_of(each) for each in _list(value)) if "://" in value else value


def _in_lists(settings: Settings, address: str) -> dict[str, str]:
    """As one of the addresses for JSON. Where it stands in another list it goes from there: a report would come twice, and the second be
    refused, which Duplicati counts as a warning."""
    wanted: dict[str, str] = {}
    for name in (URL, FORM_URLS):
        others = [each for each in _list(settings.get(name, "")) if not _is_same(each, address)]
        if len(others) != len(_list(settings.get(name, ""))):
            wanted[name] = ";".join(others)
    if any(_is_same(each, address) for each in _list(settings.get(CONSOLE_URL, ""))):
        return wanted
    listed = _list(settings.get(JSON_URLS, ""))
    # In its place, or at the end: where one address fails, those after it get nothing.
    replaced = [address if _is_same(each, address) else each for each in listed]
    wanted[JSON_URLS] = ";".join(dict.fromkeys([*replaced, address]))
    return wanted


def _alone(settings: Settings, address: str) -> dict[str, str]:
    """As the one address."""
    found = settings.get(URL, "").strip()
    if found and not _is_same(found, address):
        raise CannotPlan(Hindrance.TAKEN, URL)
    wanted = {URL: address}
    if settings.get(FORMAT, "").strip().lower() != "json":
        wanted[FORMAT] = "Json"
    if settings.get(VERB, "").strip().upper() not in {"", "POST"}:
        wanted[VERB] = ""
    return wanted


def _changes(settings: Settings, wanted: Settings) -> tuple[Change, ...]:
    found = tuple(
        Change(name, settings.get(name, ""), wanted[name]) for name in WRITTEN if name in wanted and settings.get(name, "") != wanted[name]
    )
    for each in found:
        if re.fullmatch(r"[*•]+", each.before.strip()):
            raise CannotPlan(Hindrance.MASKED, each.name)
        if len(each.after) > _LONGEST:
            raise CannotPlan(Hindrance.TAKEN, each.name)
    return found


def _list(value: str) -> list[str]:
    return [each.strip() for each in value.split(";") if each.strip()]


def _is_same(one: str, other: str) -> bool:
    """Whether two addresses are the same place, whatever keys they hold."""
    try:
        first, second = httpx2.URL(one), httpx2.URL(other)
    except (httpx2.InvalidURL, ValueError):
        return False
    return _place(first) == _place(second)


def _place(url: httpx2.URL) -> tuple[str, str, int, str]:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
    return url.scheme, url.host.lower(), port, url.path.rstrip("/")


def _host_of(address: str) -> str:
    try:
        url = httpx2.URL(address)
    except (httpx2.InvalidURL, ValueError):
        return "…"
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{'/…' if url.path.strip('/') or url.query else ''}" if url.host else "…"


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\d{1,6}(\.\d{1,6}){1,3}", version.strip())
    return tuple(int(each) for each in match[0].split(".")) if match else ()
