"""Apprise: any of the services that it speaks, by an address of its kind, such as tgram://token/chat. The library is large and waits for
answers: it is loaded at first use, and works in threads. Whatever runs on this machine or reads its files is not let through."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from duplistatus.evaluate.notice import Event
from duplistatus.notify.channels.fields import secret_of
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.message import Message, Refused, Unreachable
from duplistatus.notify.outgoing import of_a_delivery
from duplistatus.security.addresses import Resolve, check_host
from duplistatus.security.foreign_words import without_secrets
from duplistatus.security.watched_connections import watched

if TYPE_CHECKING:
    from apprise import NotifyBase, NotifyType

_PARALLEL = 2
_PATIENCE = 50.0
"""Seconds for all of a delivery, of which connecting and waiting for each answer take at most:"""
_CONNECT, _ANSWER = 10.0, 20.0
_SCHEME = re.compile(r"([a-z0-9][a-z0-9+.-]*)://")
_LOCAL = frozenset({"syslog", "blink1", "windows", "macosx", "dbus", "qt", "kde", "gnome", "glib", "gio", "file", "vapid"})
"""What speaks to this machine instead of a service, and what works by files on it."""
_FILES = frozenset({"keyfile", "subfile", "template", "pgppub", "pgpprv", "attach", "file"})
"""Parameters that name a file; `template` does so for some services only."""
_TEMPLATE_IDS = frozenset({"notifyre", "gupshup", "onesignal", "sendgrid", "sendpulse", "whatsapp", "kaleyra", "klr"})
"""Those for which it names a template at the service."""


class AppriseKind:
    """config: `service` (its name), `url` (the scheme, to be shown), `host` (of one's own server, where the service has no known one);
    secret: `url`."""

    NAME = "apprise"

    def read(self, sent: Mapping[str, Any], before: ChannelSetting) -> ChannelSetting:
        """An empty address stays what it was. The first call loads Apprise, which takes a few tenths of a second: not for an event
        loop."""
        text = secret_of(sent, before.secret, "url").strip()
        if not text:
            raise BadChannel("url", "The Apprise address is missing.")
        service = _service(text)
        scheme = text.partition("://")[0].lower()
        config = {"service": str(service.service_name), "url": f"{scheme}://…"}
        if hosts := _hosts(service):
            config["host"] = hosts[0]
        return ChannelSetting(config, {"url": text})

    def place(self, setting: ChannelSetting) -> str:
        return str(setting.config.get("service", ""))

    def host(self, setting: ChannelSetting) -> str:
        return str(setting.config.get("host", ""))

    def sender(self, setting: ChannelSetting) -> AppriseSender:
        """Raises BadChannel where there is no address; one that Apprise cannot read is refused at the first message."""
        if not setting.secret.get("url"):
            raise BadChannel("url", "The Apprise address is missing.")
        return AppriseSender(setting.secret["url"])


class AppriseSender:
    """Notifies one service, in threads of its own."""

    def __init__(self, url: str, patience: float = _PATIENCE, resolve: Resolve | None = None) -> None:
        self.parallel = _PARALLEL
        self._url = url
        self._patience = patience
        self._resolve = resolve
        self._threads = ThreadPoolExecutor(_PARALLEL, "apprise")

    async def send(self, message: Message, destination: str) -> str:
        """`destination` has no meaning: there is one address."""
        try:
            async with asyncio.timeout(self._patience):
                loop = asyncio.get_running_loop()
                service = await loop.run_in_executor(self._threads, self._opened)
                with of_a_delivery():
                    for host in _hosts(service):
                        await check_host(host, _ANSWER, self._resolve)
                trouble = await loop.run_in_executor(self._threads, self._notify, service, message)
        except TimeoutError:
            raise Unreachable(f"the service did not answer within {self._patience:g} seconds") from None
        if trouble is not None:
            raise Unreachable(without_secrets(trouble, _secrets(self._url, _hosts(service))) or "the service did not take the message")
        return ""

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _opened(self) -> NotifyBase:
        try:
            return _service(self._url)
        except BadChannel as error:
            raise Refused(str(error)) from error

    def _notify(self, service: NotifyBase, message: Message) -> str | None:
        """What went wrong, None when it was taken."""
        from apprise import Apprise, NotifyFormat

        wanted = service.notify_format
        plain = wanted in (NotifyFormat.TEXT, (NotifyFormat.TEXT,))
        sending = Apprise(asset=service.asset)
        sending.add(service)
        # It resolves names once more, and some services name further hosts: the connections themselves are looked at.
        with watched() as refused:
            result = sending.notify(
                body=message.text if plain else message.markdown,
                title=message.title,
                notify_type=_type(message.event),
                body_format=NotifyFormat.TEXT if plain else NotifyFormat.MARKDOWN,
            )
        if refused:
            raise Refused(f"the service is at {refused[0]}: nothing is sent to link-local and metadata services")
        with result:
            return None if result else "; ".join(dict.fromkeys(entry.message for entry in result.logs()))


def _service(url: str) -> NotifyBase:
    """What Apprise makes of an address. Raises BadChannel."""
    found = _SCHEME.match(url.lower())
    if found is None:
        raise BadChannel("url", "An Apprise address begins with the name of a service and ://, such as tgram://.")
    scheme = found[1]
    if scheme in _LOCAL:
        raise BadChannel("url", f"{scheme}:// is of the machine that duplistatus runs on, not of a service.")
    try:
        query = urlsplit(url).query
    except ValueError:
        raise BadChannel("url", "The Apprise address cannot be read.") from None
    named = {name.lower().strip(" +-:") for name, _ in parse_qsl(query, keep_blank_values=True)}
    files = named & (_FILES - {"template"} if scheme in _TEMPLATE_IDS else _FILES)
    if files:
        raise BadChannel("url", f"The parameter {min(files)} names a file; duplistatus reads none for a channel.")
    return _instance(url)


def _instance(url: str) -> NotifyBase:
    from apprise import Apprise, AppriseAsset, AppriseAttachment, PersistentStoreMode

    # What it says comes with its result; in the log of this product its parts of addresses would be secrets in the clear.
    logging.getLogger("apprise").propagate = False
    asset = AppriseAsset(
        app_id="duplistatus",
        app_desc="duplistatus",
        app_url="",
        plugin_paths=[],
        storage_mode=PersistentStoreMode.MEMORY,
        allow_templates=False,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=_PATIENCE,
    )
    service = Apprise.instantiate(url, asset=asset)
    if service is None:
        raise BadChannel("url", "Apprise cannot read this address: see its list of services for how it is written.")
    if any(isinstance(value, AppriseAttachment) and len(value) for value in vars(service).values()):
        raise BadChannel("url", "The address names a file; duplistatus reads none for a channel.")
    service.redirects = False
    service.socket_connect_timeout = min(service.socket_connect_timeout or _CONNECT, _CONNECT)
    service.socket_read_timeout = min(service.socket_read_timeout or _ANSWER, _ANSWER)
    return service


def _hosts(service: NotifyBase) -> list[str]:
    """The hosts that the address itself names; most services have none, as theirs are known."""
    templates: Sequence[str] = service.templates
    by_host = any("{host}" in template for template in templates)
    named = [service.host if by_host else None, getattr(service, "smtp_host", None)]
    return [host for host in named if isinstance(host, str) and host]


def _secrets(url: str, hosts: list[str]) -> list[str]:
    """All parts of an address that may be secret: all but the service and the host."""
    parts = re.split(r"[/:@?&=#,;+]+", url.partition("://")[2])
    return [part for part in (*parts, *map(unquote, parts)) if part not in hosts]


def _type(event: Event) -> NotifyType:
    from apprise import NotifyType

    if event in (Event.ERROR, Event.FATAL):
        return NotifyType.FAILURE
    if event in (Event.WARNING, Event.OVERDUE):
        return NotifyType.WARNING
    return NotifyType.SUCCESS if event in (Event.SUCCESS, Event.BACK) else NotifyType.INFO
