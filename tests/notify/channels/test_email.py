"""E-mail through real SMTP servers: what arrives, and what is said where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duplistatus.clock import SetClock
from duplistatus.notify.channels.email import EmailSender
from duplistatus.notify.channels.kind import ChannelSetting
from duplistatus.notify.channels.smtp import SMTP_PATIENCE, SmtpPatience
from duplistatus.notify.message import Refused, Unreachable
from duplistatus.security import addresses
from tests.notify.certificates import self_signed
from tests.notify.channels.mailing import ACCOUNT, KIND, PASSWORD, setting
from tests.notify.channels.messages import message
from tests.notify.stand_ins import SilentStandIn, SmtpSetting, SmtpStandIn

Run = Callable[[Any], Any]
SOON = SmtpPatience(command=0.2, content=0.2, whole=1.0, idle=5.0)


def sending(to: ChannelSetting, *destinations: str, patience: SmtpPatience = SMTP_PATIENCE, clock: SetClock | None = None) -> Any:
    """Sends a message to each destination by one sender; the remarks."""

    async def work() -> list[str]:
        sender = EmailSender(to, patience, clock)
        try:
            return [await sender.send(message(uid=f"uid-{number}"), each) for number, each in enumerate(destinations or ("",))]
        finally:
            await sender.close()
            # uvloop closes a connection that it gave up a few rounds later; without these it would complain of its own.
            for _ in range(10):
                await asyncio.sleep(0.002)

    return work()


def test_a_mail_arrives_in_the_clear_without_an_account(clock: SetClock) -> None:
    with SmtpStandIn() as smtp:
        assert asyncio.run(sending(setting(smtp.port, sender_name="Dübli"), clock=clock)) == [""]
        (mail,) = smtp.mails
    assert (mail.sender, mail.recipients, mail.login, mail.encrypted) == ("dup@example.org", ("ops@example.org",), "", False)
    assert mail.subject == "⚠️ Füße: Warnung"
    assert mail.part("text/plain") == "Zeile eins\nZeile zwei: 3,4 GB\n"
    assert "<p>Zeile eins — ✓</p>" in mail.part("text/html")
    assert mail.message["From"] == "Dübli <dup@example.org>"
    assert mail.message["Date"] == "Fri, 10 Jul 2026 12:00:00 +0000"
    assert mail.message["Message-ID"] == "<uid-0@example.org>"


def test_an_account_signs_in_with_letters_that_are_not_ascii() -> None:
    with SmtpStandIn(SmtpSetting(login=("smtpuser", PASSWORD))) as smtp:
        asyncio.run(sending(setting(smtp.port, **ACCOUNT)))
        assert smtp.mails[0].login == "smtpuser"


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_a_mail_is_encrypted_and_the_certificate_known_by_ssl_cert_file(
    mode: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    tls: dict[str, Any] = {"starttls" if mode == "starttls" else "tls": certificate.context}
    with SmtpStandIn(SmtpSetting(login=("smtpuser", PASSWORD), **tls)) as smtp:
        assert run(sending(setting(smtp.port, mode=mode, **ACCOUNT))) == [""]
        assert smtp.mails[0].encrypted
        assert smtp.mails[0].login == "smtpuser"


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_a_certificate_that_nobody_vouches_for_is_not_accepted_unless_the_check_is_off(mode: str, run: Run, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    tls: dict[str, Any] = {"starttls" if mode == "starttls" else "tls": certificate.context}
    with SmtpStandIn(SmtpSetting(login=("smtpuser", PASSWORD), **tls)) as smtp:
        with pytest.raises(Unreachable) as unreachable:
            run(sending(setting(smtp.port, mode=mode, **ACCOUNT)))
        assert "the certificate of 127.0.0.1" in str(unreachable.value)
        assert "self-signed certificate" in str(unreachable.value)
        assert "switch the check of certificates off" in str(unreachable.value)
        assert smtp.logins == []
        assert run(sending(setting(smtp.port, mode=mode, verify=False, **ACCOUNT))) == [""]
        assert smtp.mails[0].encrypted


@pytest.mark.parametrize(("host", "expired", "words"), [("mail.lan", False, "IP address mismatch"), ("127.0.0.1", True, "has expired")])
def test_a_certificate_of_another_host_or_time_is_named(
    host: str, expired: bool, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path, host, expired=expired)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with SmtpStandIn(SmtpSetting(tls=certificate.context)) as smtp, pytest.raises(Unreachable, match=words):
        asyncio.run(sending(setting(smtp.port, mode="ssl")))


def test_a_server_without_starttls_is_told_no_account(run: Run) -> None:
    with SmtpStandIn(SmtpSetting(login=("smtpuser", PASSWORD))) as smtp:
        with pytest.raises(Unreachable, match="STARTTLS"):
            run(sending(setting(smtp.port, mode="starttls", **ACCOUNT)))
        assert smtp.logins == []


def test_tls_at_a_port_that_speaks_in_the_clear_is_named(run: Run) -> None:
    with SmtpStandIn() as smtp, pytest.raises(Unreachable, match=r"no TLS connection to 127\.0\.0\.1:\d+: .*Another mode"):
        run(sending(setting(smtp.port, mode="ssl")))


def test_a_wrong_password_is_refused_in_the_words_of_the_server_without_the_password() -> None:
    echo = f"535 5.7.8 wrong password {PASSWORD} for smtpuser"
    with SmtpStandIn(SmtpSetting(login=("smtpuser", "other"), to_login=echo)) as smtp, pytest.raises(Refused) as refused:
        asyncio.run(sending(setting(smtp.port, **ACCOUNT)))
    assert str(refused.value).startswith("535 5.7.8 wrong password ••• for •••")
    assert "refuses the user name or password" in str(refused.value)


def test_a_server_that_cannot_check_a_password_now_is_asked_later() -> None:
    busy = "454 4.7.0 Temporary authentication failure"
    with SmtpStandIn(SmtpSetting(login=("a", "b"), to_login=busy)) as smtp, pytest.raises(Unreachable, match=r"454 4\.7\.0"):
        asyncio.run(sending(setting(smtp.port, **ACCOUNT)))


def test_a_server_that_wants_an_account_says_so() -> None:
    with SmtpStandIn(SmtpSetting(login=("a", "b"))) as smtp, pytest.raises(Refused, match=r"530 5\.7\.0 Authentication required"):
        asyncio.run(sending(setting(smtp.port)))


def test_an_account_at_a_server_that_knows_none_is_named() -> None:
    with SmtpStandIn() as smtp, pytest.raises(Unreachable, match="no sign-in"):
        asyncio.run(sending(setting(smtp.port, **ACCOUNT)))


def test_one_mail_goes_to_all_recipients_and_who_was_refused_is_remarked() -> None:
    refused = {"gone@example.org": "550 5.1.1 no such user", "full@example.org": "452 4.2.2 mailbox full"}
    with SmtpStandIn(SmtpSetting(refused=refused)) as smtp:
        to = setting(smtp.port, to="ops@example.org, gone@example.org; full@example.org")
        (remark,) = asyncio.run(sending(to))
        assert len(smtp.mails) == 1
        assert smtp.mails[0].recipients == ("ops@example.org",)
    assert remark == "not to gone@example.org: 550 5.1.1 no such user; full@example.org: 452 4.2.2 mailbox full"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("550 5.1.1 no such user", Refused), ("450 4.2.0 greylisted, try later", Unreachable), ("452 4.2.2 full", Unreachable)],
)
def test_a_recipient_that_is_refused_is_so_for_good_or_for_now(answer: str, kind: type[Exception]) -> None:
    with SmtpStandIn(SmtpSetting(refused={"one@example.org": answer})) as smtp, pytest.raises(kind) as failed:
        asyncio.run(sending(setting(smtp.port), "one@example.org"))
    assert str(failed.value) == f"one@example.org: {answer}"


def test_where_all_are_refused_but_one_for_now_alone_the_mail_is_tried_again() -> None:
    refused = {"gone@example.org": "550 no such user", "full@example.org": "452 mailbox full"}
    with SmtpStandIn(SmtpSetting(refused=refused)) as smtp, pytest.raises(Unreachable) as later:
        asyncio.run(sending(setting(smtp.port, to="gone@example.org, full@example.org")))
    assert str(later.value) == "gone@example.org: 550 no such user; full@example.org: 452 mailbox full"


def test_after_a_refusal_the_next_mail_arrives() -> None:
    async def work(to: ChannelSetting) -> None:
        sender = KIND.sender(to)
        with pytest.raises(Refused):
            await sender.send(message(), "gone@example.org")
        await sender.send(message(), "")
        await sender.close()

    with SmtpStandIn(SmtpSetting(refused={"gone@example.org": "550 no"})) as smtp:
        asyncio.run(work(setting(smtp.port)))
        assert [mail.recipients for mail in smtp.mails] == [("ops@example.org",)]


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (SmtpSetting(to_sender="553 5.7.1 sender not allowed"), Refused),
        (SmtpSetting(to_sender="451 4.3.0 try later"), Unreachable),
        (SmtpSetting(to_data="554 5.7.1 looks like spam"), Refused),
        (SmtpSetting(to_data="451 4.7.1 scanner is down"), Unreachable),
    ],
)
def test_a_mail_that_is_refused_is_so_in_the_words_of_the_server(server: SmtpSetting, kind: type[Exception]) -> None:
    with SmtpStandIn(server) as smtp, pytest.raises(kind) as failed:
        asyncio.run(sending(setting(smtp.port)))
    assert str(failed.value) == server.to_sender + server.to_data


@pytest.mark.parametrize(
    ("says", "kind", "words"),
    [
        (b"554 5.7.1 you are on a list\r\n", Refused, "554 5.7.1 you are on a list"),
        (b"421 4.3.2 shutting down\r\n", Unreachable, "421 4.3.2 shutting down"),
        (b"HTTP/1.1 400 Bad Request\r\n", Unreachable, "not an answer of SMTP"),
    ],
)
def test_a_greeting_that_is_none_is_said(says: bytes, kind: type[Exception], words: str, run: Run) -> None:
    with SilentStandIn(says=says) as smtp, pytest.raises(kind, match=words):
        run(sending(setting(smtp.port), patience=SOON))


@pytest.mark.parametrize(
    "server",
    [
        SilentStandIn,
        lambda: SilentStandIn(drips=b"220-wait\r\n"),
        lambda: SilentStandIn(says=b"220 smtp ESMTP\r\n"),
        lambda: SilentStandIn(says=b"220 smtp ESMTP\r\n", drips=b"250-X\r\n"),
        lambda: SmtpStandIn(SmtpSetting(hangs_after_data=True)),
    ],
    ids=["no greeting", "endless greeting", "no answer to EHLO", "endless answer to EHLO", "after DATA"],
)
def test_a_server_that_hangs_or_drips_is_given_up_in_time(server: Callable[[], Any], run: Run) -> None:
    with server() as smtp, pytest.raises(Unreachable, match=r"within 0\.2 seconds|longer than 1 seconds|not an answer of SMTP"):
        run(sending(setting(smtp.port), patience=SOON))


def test_a_server_that_takes_its_time_for_each_command_is_given_up_in_all(run: Run) -> None:
    with SilentStandIn() as smtp, pytest.raises(Unreachable, match=r"took longer than 0\.2 seconds for the mail"):
        run(sending(setting(smtp.port), patience=SmtpPatience(command=10, content=10, whole=0.2)))


def test_a_server_that_speaks_tls_slowly_is_given_up_in_time(run: Run) -> None:
    with SilentStandIn() as smtp, pytest.raises(Unreachable, match=r"within 0\.2 seconds"):
        run(sending(setting(smtp.port, mode="ssl"), patience=SOON))


def test_nobody_listens(run: Run) -> None:
    with SmtpStandIn() as smtp:
        port = smtp.port
    with pytest.raises(Unreachable, match=rf"no connection to 127\.0\.0\.1:{port}: it refuses connections on that port"):
        run(sending(setting(port)))


def test_several_mails_go_over_one_connection(run: Run) -> None:
    with SmtpStandIn() as smtp:
        run(sending(setting(smtp.port), *[f"user{number}@example.org" for number in range(20)]))
        assert len(smtp.mails) == 20
        assert smtp.connections == 1


def test_a_connection_that_the_server_ended_meanwhile_is_made_anew_without_an_error(run: Run) -> None:
    async def work(to: ChannelSetting) -> None:
        sender = KIND.sender(to)
        await sender.send(message(), "")
        await asyncio.to_thread(smtp.hang_up)
        await sender.send(message(), "")
        await sender.close()

    with SmtpStandIn() as smtp:
        run(work(setting(smtp.port)))
        assert (len(smtp.mails), smtp.connections) == (2, 2)


def test_a_server_that_takes_few_mails_per_connection_gets_them_over_several(run: Run) -> None:
    with SmtpStandIn(SmtpSetting(most_per_connection=3)) as smtp:
        run(sending(setting(smtp.port), *[f"user{number}@example.org" for number in range(10)]))
        assert len(smtp.mails) == 10
        assert smtp.connections == 4


def test_a_connection_without_work_is_ended_with_a_word(run: Run) -> None:
    async def work(to: ChannelSetting) -> None:
        sender = EmailSender(to, SmtpPatience(idle=0.0))
        await sender.send(message(), "")
        await asyncio.to_thread(smtp.wait_for_end, 1)
        await sender.send(message(), "")
        await sender.close()

    with SmtpStandIn() as smtp:
        run(work(setting(smtp.port)))
        assert smtp.connections == 2
        assert smtp.said_goodbye == 2


def test_an_address_that_is_not_ascii_travels_by_smtputf8() -> None:
    with SmtpStandIn() as smtp:
        asyncio.run(sending(setting(smtp.port), "jürgen@bücher.example"))
        (mail,) = smtp.mails
    assert mail.recipients == ("jürgen@xn--bcher-kva.example",)
    assert "SMTPUTF8" in mail.options


def test_an_address_that_a_server_cannot_take_is_refused_and_not_garbled() -> None:
    with SmtpStandIn(SmtpSetting(utf8=False)) as smtp:
        with pytest.raises(Refused, match="no SMTPUTF8"):
            asyncio.run(sending(setting(smtp.port), "jürgen@example.org"))
        asyncio.run(sending(setting(smtp.port), "ops@bücher.example"))
        assert smtp.mails[0].recipients == ("ops@xn--bcher-kva.example",)


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "a@b\r\nRCPT TO:<x@y.org>", "<a@b.org>", "a b@c.org", "a@" + "b" * 300, "a@ü..x"])
def test_what_is_no_address_is_refused_before_anything_is_sent(address: str) -> None:
    with SmtpStandIn() as smtp:
        with pytest.raises(Refused, match=r"is no e-mail address|is none"):
            asyncio.run(sending(setting(smtp.port), address))
        assert smtp.connections == 0


def test_dots_at_line_starts_arrive_as_they_were() -> None:
    async def work(to: ChannelSetting) -> None:
        sender = KIND.sender(to)
        await sender.send(message(text=".\n..\n.line\nend", html=""), "")
        await sender.close()

    with SmtpStandIn() as smtp:
        asyncio.run(work(setting(smtp.port)))
        assert smtp.mails[0].part("text/plain") == ".\n..\n.line\nend\n"


@pytest.mark.parametrize("host", ["169.254.169.254", "::ffff:169.254.169.254", "2852039166", "0xa9fea9fe"])
def test_a_mail_server_at_a_metadata_address_gets_no_connection(host: str) -> None:
    with pytest.raises(Refused, match=r"169\.254\.169\.254|a9fe:a9fe.*nothing is sent to"):
        asyncio.run(sending(setting(25, host=host)))


def test_a_name_that_leads_to_a_mail_server_and_to_a_metadata_service_is_connected_to_the_first(
    monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    asked: list[str] = []

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["169.254.169.254", "127.0.0.1"]

    monkeypatch.setattr(addresses, "_addresses", resolve)
    with SmtpStandIn() as smtp:
        assert asyncio.run(sending(setting(smtp.port, host="mail.example"), clock=clock)) == [""]
        assert len(smtp.mails) == 1
    assert asked == ["mail.example"]
