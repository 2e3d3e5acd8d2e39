"""ntfy: messages to a topic of a server of that name, https://ntfy.sh or one's own. What is not ASCII travels in the query and the body,
as UTF-8; a message that is sent again under the same name takes the place of the former where the server knows that (2.16 and newer)."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from duplistatus.evaluate.notify_setting import check_topic
from duplistatus.notify.channels.fields import flag_of, secret_of, text_of
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.message import PRIORITIES, Message, Refused
from duplistatus.notify.outgoing import PATIENCE, Outgoing, Patience, judged
from duplistatus.security.addresses import checked_url, place_of
from duplistatus.security.foreign_words import one_line

PUBLIC = "https://ntfy.sh/"
LARGEST = 4_096
"""Bytes of a message; ntfy makes an attachment of a longer one."""
_CUT = "… (cut; the rest is in duplistatus)"
_LONGEST_TITLE = 250
_TOPIC_LETTERS = string.ascii_letters + string.digits
_TOPIC_LENGTH = 12
_MOST_TAGS = 10
_PARALLEL = 8


class NtfyKind:
    """config: `url`, `topic`, `markdown`; secret: `token`."""

    NAME = "ntfy"

    def read(self, sent: Mapping[str, Any], before: ChannelSetting) -> ChannelSetting:
        """What is not named stays; an empty topic becomes one that nobody guesses, an empty address the public server."""
        url = _url(text_of(sent, before.config, "url").strip() or PUBLIC)
        topic = text_of(sent, before.config, "topic").strip() or random_topic()
        try:
            check_topic(topic)
        except ValueError as error:
            raise BadChannel("topic", str(error)) from error
        config = {"url": url, "topic": topic, "markdown": flag_of(sent, before.config, "markdown", default=False)}
        token = secret_of(sent, before.secret, "token").strip()
        if not re.fullmatch(r"[!-~]*", token):
            raise BadChannel("token", "A token holds ASCII letters, digits and signs, no blanks.")
        return ChannelSetting(config, {"token": token} if token else {})

    def place(self, setting: ChannelSetting) -> str:
        topic = setting.config.get("topic", "")
        return f"{place_of(checked_url(setting.config.get('url') or PUBLIC))}/{topic}" if topic else ""

    def host(self, setting: ChannelSetting) -> str:
        return checked_url(setting.config.get("url") or PUBLIC).host

    def sender(self, setting: ChannelSetting) -> NtfySender:
        """Raises BadChannel where it is not set up."""
        if not setting.config.get("topic"):
            raise BadChannel("topic", "There is no topic.")
        return NtfySender(self.read({}, setting))


class NtfySender:
    """Posts to one server, over connections that it keeps."""

    def __init__(self, setting: ChannelSetting, patience: Patience = PATIENCE) -> None:
        self.parallel = _PARALLEL
        self._url = str(setting.config["url"])
        self._topic = str(setting.config["topic"])
        self._markdown = bool(setting.config["markdown"])
        self._token = setting.secret.get("token", "")
        self._outgoing = Outgoing(self._url, parallel=_PARALLEL, secrets=(self._token,), patience=patience)

    async def send(self, message: Message, destination: str) -> str:
        topic = destination or self._topic
        try:
            check_topic(topic)
        except ValueError as error:
            raise Refused(str(error)) from error
        text = message.markdown if self._markdown else message.text
        body, cut = cut_to(text, LARGEST)
        address = f"{self._url}{quote(topic, safe='')}?{urlencode(self._query(message))}"
        judged(await self._outgoing.ask("POST", address, self._headers(message), body))
        return f"cut to {LARGEST} bytes" if cut else ""

    async def reach(self) -> str:
        """Asks how the server is and, with a token, whether it opens the topic. Raises Refused, Unreachable."""
        judged(await self._outgoing.ask("GET", f"{self._url}v1/health", {}))
        if not self._token:
            return f"{self._outgoing.place} is healthy"
        address = f"{self._url}{quote(self._topic, safe='')}/auth"
        judged(await self._outgoing.ask("GET", address, {"Authorization": f"Bearer {self._token}"}))
        return f"{self._outgoing.place} is healthy and takes the token"

    async def close(self) -> None:
        await self._outgoing.close()

    def _query(self, message: Message) -> dict[str, str]:
        tags = [one_line(tag, 100).replace(",", " ") for tag in message.tags]
        found = {
            "title": one_line(message.title, _LONGEST_TITLE),
            "priority": message.priority if message.priority in PRIORITIES else "default",
            "tags": ",".join([tag for tag in tags if tag][:_MOST_TAGS]),
            "click": message.link if message.link.startswith(("https://", "http://")) else "",
        }
        return {name: _encodable(value) for name, value in found.items() if value}

    def _headers(self, message: Message) -> dict[str, str]:
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Sequence-ID": re.sub(r"[^-_A-Za-z0-9]", "_", message.uid)[:64]}
        if self._markdown:
            headers["Markdown"] = "yes"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


def random_topic() -> str:
    """A topic that nobody guesses: at a public server, whoever knows it reads along."""
    return "duplistatus-" + "".join(secrets.choice(_TOPIC_LETTERS) for _ in range(_TOPIC_LENGTH))


def cut_to(text: str, most: int) -> tuple[bytes, bool]:
    """The text in UTF-8, at most so many bytes, and whether it had to be cut: at the end of a line where there is one in the second half
    of what fits, otherwise between two letters."""
    whole = _encodable(text).encode()
    if len(whole) <= most:
        return whole, False
    kept = whole[: most - len(_CUT.encode()) - 1].decode("utf-8", "ignore")
    line_end = kept.rfind("\n")
    if line_end > len(kept) // 2:
        kept = kept[:line_end]
    return f"{kept.rstrip()}\n{_CUT}".encode(), True


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _url(text: str) -> str:
    """The address of a server, with a slash at its end."""
    try:
        url = checked_url(text)
    except ValueError as error:
        raise BadChannel("url", f"The address of the ntfy server: {error}.") from error
    if url.userinfo or url.query or url.fragment:
        raise BadChannel("url", "The address of the ntfy server holds no account, no ? and no #; an access token has a field of its own.")
    return text if text.endswith("/") else text + "/"
