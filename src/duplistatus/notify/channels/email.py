"""E-mail by SMTP: in the clear, with STARTTLS, or TLS from the first byte; with an account or without. In: what people enter; out: mails,
over connections that are kept for a moment, as more may wait. What goes wrong is said by its cause, and never with the password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duplistatus.clock import Clock, SystemClock
from duplistatus.evaluate.notify_setting import addresses_of, check_address
from duplistatus.notify.channels.fields import flag_of, secret_of, text_of
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.mail_parts import ascii_domain, mail, needs_utf8
from duplistatus.notify.channels.smtp import SMTP_PATIENCE, Mailer, SmtpPatience, SmtpServer
from duplistatus.notify.message import Message, Refused
from duplistatus.security.foreign_words import one_line

PORTS: Mapping[str, int] = {"plain": 25, "starttls": 587, "ssl": 465}
"""The modes, and the port of each where none is named."""
_HIGHEST_PORT = 65_535
_LONGEST_HOST = 253
_PARALLEL = 2


class EmailKind:
    """config: `host`, `port`, `mode` (plain, starttls, ssl), `auth`, `to` (addresses with commas between), `from`, `sender_name`, `verify`;
    secret: `username`, `password`."""

    NAME = "email"

    def read(self, sent: Mapping[str, Any], before: ChannelSetting) -> ChannelSetting:
        """What is not named stays. Without `from`, mails come from the account, where its name is an address."""
        mode = text_of(sent, before.config, "mode") or "starttls"
        if mode not in PORTS:
            raise BadChannel("mode", f"{one_line(mode, 40)!r} is no mode; there are {', '.join(PORTS)}.")
        config = {
            "host": _host(text_of(sent, before.config, "host").strip()),
            "port": _port(sent, before.config, mode),
            "mode": mode,
            "auth": flag_of(sent, before.config, "auth", default=False),
            "to": ", ".join(_checked("to", each) for each in addresses_of(text_of(sent, before.config, "to"))),
            "from": _checked("from", text_of(sent, before.config, "from").strip()),
            "sender_name": one_line(text_of(sent, before.config, "sender_name"), 100),
            "verify": flag_of(sent, before.config, "verify", default=True),
        }
        secret = {name: secret_of(sent, before.secret, name) for name in ("username", "password")}
        if config["auth"] and not secret["username"]:
            raise BadChannel("username", "With authentication a user name is needed.")
        if not config["to"]:
            raise BadChannel("to", "There is no recipient.")
        if not _from(config, secret):
            raise BadChannel("from", "A from address is needed: the account's name is none, or there is no account.")
        return ChannelSetting(config, {name: value for name, value in secret.items() if value})

    def place(self, setting: ChannelSetting) -> str:
        return str(setting.config.get("to", ""))

    def host(self, setting: ChannelSetting) -> str:
        return str(setting.config.get("host", ""))

    def sender(self, setting: ChannelSetting) -> EmailSender:
        """Raises BadChannel where it is not set up."""
        return EmailSender(self.read({}, setting))


class EmailSender:
    """Sends through one server."""

    def __init__(self, setting: ChannelSetting, patience: SmtpPatience = SMTP_PATIENCE, clock: Clock | None = None) -> None:
        config, secret = setting.config, setting.secret
        self.parallel = _PARALLEL
        self._to = addresses_of(config["to"])
        self._from = ascii_domain(_from(config, secret))
        self._name = str(config["sender_name"])
        self._clock = clock or SystemClock()
        account = (secret.get("username", ""), secret.get("password", "")) if config["auth"] else None
        self._mailer = Mailer(SmtpServer(config["host"], config["port"], config["mode"], account, verify=config["verify"]), patience)

    async def send(self, message: Message, destination: str) -> str:
        recipients = [_reachable(each) for each in (addresses_of(destination) or self._to)]
        content = mail(message, self._from, self._name, recipients, self._clock.now())
        utf8 = any(map(needs_utf8, [self._from, *recipients]))
        refused = await self._mailer.deliver(self._from, recipients, content, utf8=utf8)
        return "not to " + "; ".join(f"{address}: {words}" for address, words in refused.items()) if refused else ""

    async def reach(self) -> str:
        """Connects and signs in, without a mail. Raises Refused, Unreachable."""
        return await self._mailer.reach()

    async def close(self) -> None:
        await self._mailer.close()


def _from(config: Mapping[str, Any], secret: Mapping[str, str]) -> str:
    """The from address: the one entered, else the account's name where it is an address. Empty where there is none."""
    if config["from"]:
        return str(config["from"])
    account = secret.get("username", "") if config["auth"] and config["mode"] != "plain" else ""
    try:
        check_address(account)
        ascii_domain(account)
    except ValueError:
        return ""
    return account


def _host(text: str) -> str:
    if not text:
        raise BadChannel("host", "The name of the SMTP server is missing.")
    host = text.strip("[]")
    if len(host) > _LONGEST_HOST or not all(letter.isalnum() or letter in "-_.:%" for letter in host):
        raise BadChannel("host", "The SMTP server is a name or an IP address, without a port and without //.")
    return host


def _port(sent: Mapping[str, Any], before: Mapping[str, Any], mode: str) -> int:
    value = sent["port"] if "port" in sent else before.get("port")
    if value is None or value == "":
        return PORTS[mode]
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _HIGHEST_PORT:
        raise BadChannel("port", f"A port is a number from 1 to {_HIGHEST_PORT}.")
    return value


def _checked(field: str, address: str) -> str:
    """An address that a mail can bear; an empty text stays one."""
    if not address:
        return ""
    try:
        return _checked_address(address)
    except ValueError as error:
        raise BadChannel(field, f"{error}.") from error


def _checked_address(address: str) -> str:
    check_address(address)
    if not address.isprintable() or any(letter in '()[]\\:"' for letter in address) or address.count("@") != 1:
        raise ValueError(f"{one_line(address, 60)!r} is no e-mail address")
    try:
        ascii_domain(address)
    except ValueError as error:
        raise ValueError(f"the domain of {one_line(address, 60)!r} is none") from error
    return address


def _reachable(address: str) -> str:
    try:
        return ascii_domain(_checked_address(address))
    except ValueError as error:
        raise Refused(str(error)) from error
