"""Webhook: messages as JSON to a program of somebody's. Each request is signed with its moment where there is a key, so that the receiver
knows that it comes from here, unchanged and not long ago; each bears the name of its delivery, which is the same when it is sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from duplistatus.clock import SECOND, Clock, Instant, SystemClock, iso
from duplistatus.notify.channels.fields import secret_of
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.message import Message
from duplistatus.notify.outgoing import PATIENCE, Outgoing, Patience, judged
from duplistatus.security.addresses import checked_url, place_of

_PARALLEL = 8
_MOST_HEADERS = 20
_LONGEST_VALUE = 2_000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[ -~]*")
_OURS = frozenset(
    {"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect"}
    | {"idempotency-key", "accept-encoding", "proxy-authorization", "proxy-connection", "keep-alive"}
)
_OUR_PREFIX = "x-duplistatus-"


class WebhookKind:
    """config: `url` (scheme and host, to be shown), `headers` (names); secret: `url`, `key` (for the signature), `headers` (JSON).

    What is sent: `url`, `key`, `headers` as an object of names and values: all there are to be; an empty value stays what it was."""

    NAME = "webhook"

    def read(self, sent: Mapping[str, Any], before: ChannelSetting) -> ChannelSetting:
        """What is not named stays. The address may hold a token: it is a secret, and an empty one stays."""
        text = secret_of(sent, before.secret, "url").strip()
        if not text:
            raise BadChannel("url", "The address of the webhook is missing.")
        try:
            url = checked_url(text)
        except ValueError as error:
            raise BadChannel("url", f"The address of the webhook: {error}.") from error
        if url.fragment:
            raise BadChannel("url", "The address of the webhook holds no #.")
        headers = _headers(sent, before)
        key = secret_of(sent, before.secret, "key")
        shown = f"{url.scheme}://{place_of(url)}"
        config = {"url": shown if text.rstrip("/") == shown else f"{shown}/…", "headers": sorted(headers)}
        secret = {"url": text, "key": key, "headers": json.dumps(headers) if headers else ""}
        return ChannelSetting(config, {name: value for name, value in secret.items() if value})

    def place(self, setting: ChannelSetting) -> str:
        return str(setting.config.get("url", ""))

    def host(self, setting: ChannelSetting) -> str:
        shown = str(setting.config.get("url", "")).removesuffix("/…")
        return checked_url(shown).host if shown else ""

    def sender(self, setting: ChannelSetting) -> WebhookSender:
        """Raises BadChannel where it is not set up."""
        return WebhookSender(self.read({}, setting))


class WebhookSender:
    """Posts to one address, over connections that it keeps."""

    def __init__(self, setting: ChannelSetting, patience: Patience = PATIENCE, clock: Clock | None = None) -> None:
        self.parallel = _PARALLEL
        secret = setting.secret
        url = checked_url(secret["url"])
        self._key = secret.get("key", "")
        self._extra: dict[str, str] = json.loads(secret.get("headers") or "{}")
        if url.userinfo:
            # As a browser does with an account in an address (RFC 7617).
            self._extra.setdefault("Authorization", _basic(url.username, url.password))
        self._url = str(url.copy_with(userinfo=b""))
        self._clock = clock or SystemClock()
        hidden = (url.raw_path.decode("ascii"), url.password, self._key, *url.params.values(), *self._extra.values())
        self._outgoing = Outgoing(self._url, parallel=_PARALLEL, secrets=tuple(each for each in hidden if each), patience=patience)

    async def send(self, message: Message, destination: str) -> str:
        """`destination` has no meaning: there is one address."""
        body = body_of(message)
        now = self._clock.now()
        headers = self._extra | {
            "Content-Type": "application/json",
            "Idempotency-Key": message.uid,
            "X-Duplistatus-Event": message.event.value,
            "X-Duplistatus-Delivery": message.uid,
            "X-Duplistatus-Timestamp": str(now // SECOND),
        }
        if self._key:
            headers["X-Duplistatus-Signature"] = signature(self._key, now, body)
        judged(await self._outgoing.ask("POST", self._url, headers, body))
        return ""

    async def close(self) -> None:
        await self._outgoing.close()


def body_of(message: Message) -> bytes:
    """The message in JSON."""
    found = {
        "id": message.uid,
        "event": message.event.value,
        "title": message.title,
        "text": message.text,
        "markdown": message.markdown,
        "at": iso(message.at),
        "link": message.link,
        "language": message.language,
        "priority": message.priority,
        "tags": list(message.tags),
        "facts": dict(message.facts),
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def signature(key: str, at: Instant, body: bytes) -> str:
    """HMAC-SHA256 of `<unix seconds>.<body>` under the key, in hexadecimal."""
    signed = f"{at // SECOND}.".encode() + body
    return "sha256=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def _headers(sent: Mapping[str, Any], before: ChannelSetting) -> dict[str, str]:
    """The headers to send besides, by name."""
    known: dict[str, str] = json.loads(before.secret.get("headers") or "{}")
    if "headers" not in sent:
        return known
    given = sent["headers"] or {}
    if not isinstance(given, Mapping) or len(given) > _MOST_HEADERS:
        raise BadChannel("headers", f"Headers are names with their values, at most {_MOST_HEADERS} of them.")
    found: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise BadChannel("headers", f"{str(name)[:40]!r} is no name of a header.")
        if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIX):
            raise BadChannel("headers", f"The header {name} is set by duplistatus itself.")
        kept = value or known.get(name, "")
        if not isinstance(kept, str) or len(kept) > _LONGEST_VALUE or not _VALUE.fullmatch(kept):
            raise BadChannel("headers", f"The value of the header {name} is ASCII in one line, at most {_LONGEST_VALUE} characters.")
        found[name] = kept
    return found


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
