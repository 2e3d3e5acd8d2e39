"""Webhooks: what a receiver is sent, how it knows that it comes from here, and what its answers mean."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from typing import Any

import pytest

from duplistatus.clock import SetClock
from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.webhook import WebhookKind, WebhookSender
from duplistatus.notify.message import Refused, Unreachable
from duplistatus.notify.outgoing import PATIENCE, Patience
from tests.notify.channels.messages import NOTHING_SET, message
from tests.notify.stand_ins import HANGS, Answer, Asked, HttpStandIn

KIND = WebhookKind()
SOON = Patience(connect=2, answer=0.2, body=0.2, whole=0.4)


def setting(url: str, **more: Any) -> ChannelSetting:
    return KIND.read({"url": url, **more}, NOTHING_SET)


def sent(to: ChannelSetting, *, patience: Patience = PATIENCE, clock: SetClock | None = None, **changes: Any) -> str:
    async def work() -> str:
        sender = WebhookSender(to, patience, clock)
        try:
            return await sender.send(message(**changes), "")
        finally:
            await sender.close()

    return asyncio.run(work())


def is_genuine(asked: Asked, key: str, now: int) -> bool:
    """What a receiver does, by the words of the documentation alone."""
    at = asked.headers["x-duplistatus-timestamp"]
    expected = hmac.new(key.encode(), at.encode() + b"." + asked.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(asked.headers["x-duplistatus-signature"], f"sha256={expected}") and abs(now - int(at)) < 300


def test_a_message_arrives_as_json_with_its_name_in_the_headers(clock: SetClock) -> None:
    with HttpStandIn() as server:
        assert sent(setting(f"{server.url}hook?a=1"), clock=clock) == ""
        (asked,) = server.received
    assert (asked.method, asked.path, asked.query) == ("POST", "/hook", {"a": "1"})
    assert asked.json == {
        "id": "k3Tx_9-aBcD",
        "event": "warning",
        "title": "⚠️ Füße: Warnung",
        "text": "Zeile eins\nZeile zwei: 3,4 GB",
        "markdown": "**Zeile eins**\nZeile zwei: 3,4 GB",
        "at": "2026-07-10T12:00:00.123Z",
        "link": "https://status.example.org/detail/1?a=b&c=d",
        "language": "de",
        "priority": "high",
        "tags": ["warning", "floppy_disk"],
        "facts": {"server": "nas", "errors": 2},
    }
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-duplistatus-event"] == "warning"
    assert asked.headers["x-duplistatus-delivery"] == asked.headers["idempotency-key"] == "k3Tx_9-aBcD"
    assert asked.headers["x-duplistatus-timestamp"] == "1783684800"
    assert "x-duplistatus-signature" not in asked.headers


def test_a_signature_stands_for_body_and_moment(clock: SetClock) -> None:
    with HttpStandIn() as server:
        sent(setting(server.url, key="schlüssel"), clock=clock)
        (asked,) = server.received
    now = clock.now() // 1000
    assert is_genuine(asked, "schlüssel", now)
    assert not is_genuine(asked, "other", now)
    assert not is_genuine(asked, "schlüssel", now + 600)
    changed = Asked(asked.method, asked.path, asked.query, asked.headers, asked.body.replace(b'"errors":2', b'"errors":0'))
    assert changed.body != asked.body
    assert not is_genuine(changed, "schlüssel", now)
    later = Asked(asked.method, asked.path, asked.query, {**asked.headers, "x-duplistatus-timestamp": str(now + 9)}, asked.body)
    assert not is_genuine(later, "schlüssel", now)


def test_headers_of_ones_own_and_an_account_in_the_address_are_sent_along() -> None:
    with HttpStandIn() as server:
        url = server.url.replace("http://", "http://user:p%40ss@")
        sent(setting(url, headers={"X-Api-Key": "k 1"}))
        (asked,) = server.received
    assert asked.headers["x-api-key"] == "k 1"
    assert asked.headers["authorization"] == "Basic dXNlcjpwQHNz"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_one(status: int) -> None:
    with HttpStandIn(Answer(status)) as server:
        assert sent(setting(server.url)) == ""


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 418, 422, 301, 307])
def test_a_refusal_is_one(status: int) -> None:
    with HttpStandIn(Answer(status, b'{"message": "no"}')) as server, pytest.raises(Refused, match=str(status)):
        sent(setting(server.url))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_may_pass_is_tried_again_after_the_pause_that_is_asked_for(status: int) -> None:
    answer = Answer(status, headers={"retry-after": "7"})
    with HttpStandIn(answer) as server, pytest.raises(Unreachable) as later:
        sent(setting(server.url))
    assert later.value.retry_after == 7.0


def test_a_receiver_that_hangs_is_given_up() -> None:
    with HttpStandIn(HANGS) as server, pytest.raises(Unreachable, match="did not answer within"):
        sent(setting(server.url), patience=SOON)


def test_no_error_holds_the_token_of_the_address_a_header_or_the_key() -> None:
    def echo(asked: Asked) -> Answer:
        said = f"{asked.path}?hook={asked.query['hook']} {asked.headers['x-api-key']} {asked.headers['authorization']} signkey99"
        return Answer(403, said.encode())

    with HttpStandIn(echo) as server:
        url = server.url.replace("http://", "http://user:passw0rd@") + "services/T0KEN?hook=hooksecret"
        to = setting(url, headers={"X-Api-Key": "headersecret"}, key="signkey99")
        with pytest.raises(Refused) as refused:
            sent(to)
    for secret in ("T0KEN", "hooksecret", "headersecret", "signkey99", "passw0rd", "dXNlcjpwYXNzdzByZA"):
        assert secret not in str(refused.value)
    assert "403 Forbidden" in str(refused.value)


def test_the_log_holds_no_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with HttpStandIn() as server:
        sent(setting(f"{server.url}services/T0KEN", headers={"X-Api-Key": "headersecret"}, key="signkey99"))
    for secret in ("T0KEN", "headersecret", "signkey99"):
        assert secret not in caplog.text


def test_a_metadata_service_is_no_receiver() -> None:
    with pytest.raises(Refused, match="nothing is sent to link-local and metadata services"):
        sent(setting("http://169.254.169.254/latest/meta-data/"))


def test_the_address_is_a_secret_of_which_the_host_is_shown() -> None:
    found = setting("https://user:pw@hooks.example.org:8443/services/T0KEN?x=y", key="k3y", headers={"X-B": "1", "X-A": "2"})
    assert found.config == {"url": "https://hooks.example.org:8443/…", "headers": ["X-A", "X-B"]}
    assert KIND.place(found) == "https://hooks.example.org:8443/…"
    assert found.secret["url"] == "https://user:pw@hooks.example.org:8443/services/T0KEN?x=y"
    assert setting("https://hooks.example.org/").config["url"] == "https://hooks.example.org"


def test_what_is_not_named_or_empty_stays_and_null_removes_it() -> None:
    before = setting("https://a.example/x", key="k3y", headers={"X-A": "1", "X-B": "2"})
    assert KIND.read({"url": "", "key": ""}, before) == before
    changed = KIND.read({"headers": {"X-A": "", "X-C": "3"}, "key": None}, before)
    assert changed.config["headers"] == ["X-A", "X-C"]
    assert changed.secret["headers"] == '{"X-A": "1", "X-C": "3"}'
    assert "key" not in changed.secret
    assert KIND.read({"headers": None}, before).config["headers"] == []
    with pytest.raises(BadChannel):
        KIND.read({"url": None}, before)


@pytest.mark.parametrize(
    ("sent_values", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "ftp://x"}, "url"),
        ({"url": "https://x/#y"}, "url"),
        ({"url": "https://x/ y"}, "url"),
        ({"url": "https://x/", "key": 1}, "key"),
        ({"url": "https://x/", "headers": {"X Y": "1"}}, "headers"),
        ({"url": "https://x/", "headers": {"X-Y": "1\r\nZ: 2"}}, "headers"),
        ({"url": "https://x/", "headers": {"X-Y": 1}}, "headers"),
        ({"url": "https://x/", "headers": {"Host": "y"}}, "headers"),
        ({"url": "https://x/", "headers": {"content-length": "0"}}, "headers"),
        ({"url": "https://x/", "headers": {"X-Duplistatus-Event": "y"}}, "headers"),
        ({"url": "https://x/", "headers": {f"X-{number}": "1" for number in range(30)}}, "headers"),
        ({"url": "https://x/", "headers": ["X-Y"]}, "headers"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(sent_values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadChannel) as refused:
        KIND.read(sent_values, NOTHING_SET)
    assert refused.value.field == field


def test_a_channel_without_an_address_has_no_sender() -> None:
    with pytest.raises(BadChannel, match="is missing"):
        KIND.sender(NOTHING_SET)
