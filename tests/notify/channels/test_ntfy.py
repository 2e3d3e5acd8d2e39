"""ntfy: what a server of that kind is sent, and what its answers mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duplistatus.notify.channels.kind import BadChannel, ChannelSetting
from duplistatus.notify.channels.ntfy import LARGEST, NtfyKind, NtfySender, cut_to
from duplistatus.notify.message import DeliveryError, Refused, Unreachable
from duplistatus.notify.outgoing import Patience
from tests.notify.channels.messages import NOTHING_SET, message
from tests.notify.stand_ins import HANGS, Answer, HttpStandIn, NtfyStandIn, SilentStandIn, ntfy_error

KIND = NtfyKind()
SOON = Patience(connect=2, answer=0.2, body=0.2, whole=0.4)


def setting(url: str, **more: Any) -> ChannelSetting:
    return KIND.read({"url": url, "topic": "backups", "token": "tk_verysecret", **more}, NOTHING_SET)


def sent(to: ChannelSetting, *messages: Any, destination: str = "", patience: Patience | None = None) -> list[str]:
    """Sends by one sender, one after the other; the remarks."""

    async def work() -> list[str]:
        sender = NtfySender(to, patience) if patience else KIND.sender(to)
        try:
            return [await sender.send(each, destination) for each in messages]
        finally:
            await sender.close()

    return asyncio.run(work())


def test_a_message_arrives_with_its_title_priority_tags_link_and_token() -> None:
    with NtfyStandIn() as ntfy:
        assert sent(setting(ntfy.url), message()) == [""]
        (asked,) = ntfy.received
    assert (asked.method, asked.path) == ("POST", "/backups")
    assert asked.query == {
        "title": "⚠️ Füße: Warnung",
        "priority": "high",
        "tags": "warning,floppy_disk",
        "click": "https://status.example.org/detail/1?a=b&c=d",
    }
    assert asked.headers["content-type"] == "text/plain; charset=utf-8"
    assert asked.headers["authorization"] == "Bearer tk_verysecret"
    assert asked.text == "Zeile eins\nZeile zwei: 3,4 GB"
    assert "markdown" not in asked.headers


def test_without_a_token_there_is_no_authorization() -> None:
    with NtfyStandIn() as ntfy:
        sent(setting(ntfy.url, token=""), message())
        assert "authorization" not in ntfy.received[0].headers


def test_markdown_is_sent_where_it_is_switched_on() -> None:
    with NtfyStandIn() as ntfy:
        sent(setting(ntfy.url, markdown=True), message())
        assert ntfy.received[0].headers["markdown"] == "yes"
        assert ntfy.received[0].text.startswith("**Zeile eins**")


def test_the_same_message_bears_the_same_name_each_time_so_that_ntfy_replaces_it() -> None:
    with NtfyStandIn() as ntfy:
        sent(setting(ntfy.url), message(), message(), message(uid="other/name"))
        assert [asked.headers["x-sequence-id"] for asked in ntfy.received] == ["k3Tx_9-aBcD", "k3Tx_9-aBcD", "other_name"]


def test_another_topic_can_be_named_for_a_message() -> None:
    with NtfyStandIn() as ntfy:
        sent(setting(ntfy.url), message(), destination="others")
        assert ntfy.received[0].path == "/others"


@pytest.mark.parametrize("topic", ["../v1/account", "a/b", "a b", "ü", "x" * 65])
def test_what_is_no_topic_is_refused_before_anything_is_sent(topic: str) -> None:
    with NtfyStandIn() as ntfy:
        with pytest.raises(Refused, match="is no topic"):
            sent(setting(ntfy.url), message(), destination=topic)
        assert ntfy.received == []


def test_a_title_of_several_lines_is_one_line() -> None:
    with NtfyStandIn() as ntfy:
        sent(setting(ntfy.url), message(title="one\r\nX-Priority: max\x00two", tags=("a,b", "c\nd"), link="javascript:alert(1)"))
        query = ntfy.received[0].query
        assert query == {"title": "one X-Priority: max two", "priority": "high", "tags": "a b,c d"}


def test_a_long_text_is_cut_at_a_line_and_says_so() -> None:
    text = "\n".join(f"Zeile {number}: Größe geändert" for number in range(500))
    with NtfyStandIn() as ntfy:
        (remark,) = sent(setting(ntfy.url), message(text=text))
        body = ntfy.received[0].body
    assert remark == "cut to 4096 bytes"
    assert LARGEST - 100 < len(body) <= LARGEST
    *lines, last = body.decode().split("\n")
    assert last == "… (cut; the rest is in duplistatus)"
    assert lines == text.split("\n")[: len(lines)]


@pytest.mark.parametrize("most", range(100, 110))
def test_a_cut_goes_between_two_letters(most: int) -> None:
    found, cut = cut_to("€" * 100, most)
    line, _, remark = found.decode().partition("\n")
    assert cut
    assert set(line) == {"€"}
    assert remark.startswith("… (cut")
    assert len(found) > most - 3


@settings(deadline=None)
@given(st.text(min_size=0, max_size=200), st.integers(min_value=60, max_value=120))
def test_a_cut_text_is_utf_8_of_the_length_that_fits_and_begins_as_the_whole(text: str, most: int) -> None:
    found, cut = cut_to(text, most)
    assert len(found) <= most
    whole = text.encode("utf-8", "replace").decode()
    if cut:
        assert len(whole.encode()) > most
        assert whole.startswith(found.decode().rpartition("\n")[0])
    else:
        assert found.decode() == whole


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        (401, "unauthorized", "401 Unauthorized: unauthorized"),
        (403, "forbidden", "403 Forbidden: forbidden"),
        (404, "page not found", "404 Not Found: page not found"),
        (413, "message too large", "413 Content Too Large: message too large"),
        (400, "invalid topic", "400 Bad Request: invalid topic"),
    ],
)
def test_a_refusal_is_said_in_the_words_of_ntfy(status: int, error: str, sentence: str) -> None:
    with NtfyStandIn({"backups": ntfy_error(status, error)}) as ntfy, pytest.raises(Refused) as refused:
        sent(setting(ntfy.url), message())
    assert str(refused.value) == sentence


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507])
def test_what_may_pass_is_no_refusal(status: int) -> None:
    with NtfyStandIn({"backups": ntfy_error(status, "later")}) as ntfy, pytest.raises(Unreachable, match=f"{status} .*: later"):
        sent(setting(ntfy.url), message())


def test_a_server_that_answers_a_token_in_its_words_does_not_bring_it_into_ours() -> None:
    answer = Answer(403, b'{"error": "token tk_verysecret is not\\nvalid"}')
    with HttpStandIn(answer) as ntfy, pytest.raises(Refused) as refused:
        sent(setting(ntfy.url), message())
    assert str(refused.value) == "403 Forbidden: token ••• is not valid"


def test_nobody_listens() -> None:
    with NtfyStandIn() as ntfy:
        url = ntfy.url
    with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1:\d+: it refuses connections on that port"):
        sent(setting(url), message())


@pytest.mark.parametrize("server", [lambda: HttpStandIn(HANGS), lambda: SilentStandIn(drips=b"H")], ids=["hangs", "drips"])
def test_a_server_that_takes_the_message_and_never_answers_is_given_up_in_time(
    server: Callable[[], Any], run: Callable[[Any], Any]
) -> None:
    async def work(to: ChannelSetting) -> None:
        sender = NtfySender(to, SOON)
        try:
            await sender.send(message(), "")
        finally:
            await sender.close()

    with server() as ntfy, pytest.raises(Unreachable, match=r"did not answer within|is not HTTP"):
        run(work(setting(ntfy.url)))


def test_an_answer_whose_body_never_comes_still_is_an_answer() -> None:
    answer = Answer(200, b"x" * 10, hangs_after_head=True)
    with HttpStandIn(answer) as ntfy:
        assert sent(setting(ntfy.url), message(), patience=Patience(connect=10, answer=10, body=0.2, whole=20)) == [""]


def test_one_message_after_the_other_goes_over_one_connection_and_eight_at_once_over_eight() -> None:
    async def work(to: ChannelSetting) -> None:
        sender = KIND.sender(to)
        for _ in range(5):
            await sender.send(message(), "")
        assert ntfy.connections == 1
        await asyncio.gather(*(sender.send(message(uid=str(number)), "") for number in range(40)))
        await sender.close()

    with NtfyStandIn() as ntfy:
        run_it = work(setting(ntfy.url))
        asyncio.run(run_it)
        assert len(ntfy.received) == 45
        assert ntfy.connections <= 8


def test_after_the_server_hung_up_the_next_message_arrives_over_a_new_connection() -> None:
    async def work(to: ChannelSetting) -> None:
        sender = KIND.sender(to)
        await sender.send(message(), "")
        ntfy.answer = Answer(hangs_up=True)
        with suppress(DeliveryError):
            await sender.send(message(), "")
        ntfy.answer = Answer()
        await sender.send(message(uid="last"), "")
        await sender.close()

    with HttpStandIn() as ntfy:
        asyncio.run(work(setting(ntfy.url)))
        assert ntfy.received[-1].headers["x-sequence-id"] == "last"


def test_an_empty_topic_becomes_one_that_nobody_guesses_and_an_empty_address_the_public_server() -> None:
    first, second = (KIND.read({"url": "", "topic": ""}, NOTHING_SET) for _ in range(2))
    assert first.config["url"] == "https://ntfy.sh/"
    assert first.config["topic"].startswith("duplistatus-")
    assert len(first.config["topic"]) == len("duplistatus-") + 12
    assert first.config["topic"] != second.config["topic"]
    assert first.secret == {}
    assert KIND.place(first) == f"ntfy.sh/{first.config['topic']}"


def test_what_is_not_named_stays_an_empty_token_stays_and_null_removes_it() -> None:
    before = setting("http://ntfy.lan:8080")
    assert before.config == {"url": "http://ntfy.lan:8080/", "topic": "backups", "markdown": False}
    assert KIND.place(before) == "ntfy.lan:8080/backups"
    renamed = KIND.read({"topic": "other", "token": ""}, before)
    assert (renamed.config["topic"], renamed.config["url"], renamed.secret) == (
        "other",
        "http://ntfy.lan:8080/",
        {"token": "tk_verysecret"},
    )
    assert KIND.read({"token": None}, before).secret == {}
    assert KIND.read({"token": "new"}, before).secret == {"token": "new"}


@pytest.mark.parametrize(
    ("sent_values", "field"),
    [
        ({"url": "ftp://x"}, "url"),
        ({"url": "ntfy.sh"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://user:pw@ntfy.lan/"}, "url"),
        ({"url": "http://ntfy.lan/?auth=x"}, "url"),
        ({"url": "http://ntfy.lan:99999/"}, "url"),
        ({"url": "http://ntfy.lan/\r\nX: y"}, "url"),
        ({"url": 5}, "url"),
        ({"topic": "a/b"}, "topic"),
        ({"topic": "x" * 65}, "topic"),
        ({"token": "a\r\nX: y"}, "token"),
        ({"token": "ü"}, "token"),
        ({"token": 5}, "token"),
        ({"markdown": "yes"}, "markdown"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(sent_values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadChannel) as refused:
        KIND.read(sent_values, NOTHING_SET)
    assert refused.value.field == field


def test_a_channel_without_a_topic_has_no_sender() -> None:
    with pytest.raises(BadChannel, match="no topic"):
        KIND.sender(NOTHING_SET)
    assert KIND.place(NOTHING_SET) == ""
