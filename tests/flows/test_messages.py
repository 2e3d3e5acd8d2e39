"""kill -9 around the sending of messages, of the product as its users have it. The stand-in of ntfy tells the test where a message is: when
it has arrived and is not answered yet, the product cannot have marked it."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from httpx2 import TransportError

from tests.flows.product import SETTLE, START_LIMIT, Product, post, report, running, sign_in
from tests.notify.stand_ins import HANGS, Answer, HttpStandIn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from httpx2 import Client

    from tests.notify.stand_ins import Asked

TAKEN = Answer(200, b'{"id": "xE73Iyuabi", "event": "message"}')
COUNT = 30


def channel(client: Client, url: str) -> None:
    body = {"kind": "ntfy", "name": "Phone", "config": {"url": url, "topic": "family"}, "filter": {"events": ["success"]}}
    answer = client.post("/api/channels", json=body)
    assert answer.status_code == 200, answer.text


def name_of(asked: Asked) -> str:
    """The name of a message, by which ntfy and the test tell a second from a first."""
    names = [asked.query.get("sequence_id"), asked.headers.get("x-sequence-id"), asked.query.get("sid")]
    found = next((name for name in names if name), None)
    assert found, f"{asked.query} {asked.headers}"
    return found


def fates(folder: Path) -> dict[str, str]:
    """The state of each message by its name, read beside the product."""
    connection = sqlite3.connect(f"file:{folder / 'duplistatus.db'}?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT uid, state FROM outbox").fetchall())
    finally:
        connection.close()


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + START_LIMIT
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(SETTLE)


def all_sent(product: Product) -> None:
    until(lambda: set(fates(product.folder).values()) == {"sent"}, f"{Counter(fates(product.folder).values())}\n{product.said()}")


def test_a_message_that_was_not_sent_when_the_product_died_is_sent_after_it(data_dir: Path) -> None:
    with HttpStandIn(HANGS) as ntfy:
        with running(data_dir) as product:
            client = product.client()
            sign_in(client)
            channel(client, ntfy.url)
            # The places of the channel are taken by messages that hang; the others are claimed or wait, and none of them is sent.
            for number in range(COUNT):
                assert post(client, report(number)).status_code == 200
            ntfy.wait_for(1)
            product.kill()
        begun = {name_of(asked) for asked in ntfy.received}
        stored = fates(data_dir)
        assert len(stored) == COUNT, "each acknowledged report has its message"
        assert 0 < len(begun) < COUNT, "none was unsent: the test does not test"
        assert "sent" not in stored.values()
        offered = len(ntfy.received)
        ntfy.answer = TAKEN
        with running(data_dir) as product:
            all_sent(product)
            assert product.terminate() < 10
        arrived = Counter(name_of(asked) for asked in ntfy.received[offered:])
    assert set(arrived) == set(stored)
    assert set(arrived.values()) == {1}, "each once, those that were under way under the same name"


@pytest.mark.parametrize("death", [1, 7, 20])
def test_a_message_comes_twice_only_where_the_death_fell_between_sending_and_mark(data_dir: Path, death: int) -> None:
    with HttpStandIn() as ntfy:
        with running(data_dir) as product:
            client = product.client()
            sign_in(client)
            channel(client, ntfy.url)

            def die_at(_: Asked) -> Answer:
                # In the thread of the stand-in: what was taken is not answered.
                if len(ntfy.received) >= death:
                    product.process.kill()
                    return HANGS
                return TAKEN

            ntfy.answer = die_at
            sent = 0
            for number in range(COUNT):
                try:
                    sent += post(client, report(number)).status_code == 200
                except TransportError:
                    break
            product.process.wait(10)
        before = Counter(name_of(asked) for asked in ntfy.received)
        marked = {uid for uid, state in fates(data_dir).items() if state == "sent"}
        offered = len(ntfy.received)
        ntfy.answer = TAKEN
        with running(data_dir) as product:
            all_sent(product)
            product.kill()
        after = Counter(name_of(asked) for asked in ntfy.received[offered:])
    stored = set(fates(data_dir))
    assert len(stored) >= sent > 0
    assert set(before.values()) == {1}
    assert set(before) | set(after) == stored, "every message arrived"
    assert set(after.values()) <= {1}
    twice = set(before) & set(after)
    assert twice, "the death fell between sending and mark"
    assert twice.isdisjoint(marked), "what was marked is not sent again"


def test_a_channel_that_hangs_does_not_keep_the_product_from_ending(data_dir: Path) -> None:
    with HttpStandIn(HANGS) as ntfy, running(data_dir) as product:
        client = product.client()
        sign_in(client)
        channel(client, ntfy.url)
        for number in range(COUNT):
            assert post(client, report(number)).status_code == 200
        ntfy.wait_for(1)
        assert product.terminate() < 10
        assert product.process.returncode == 0
        assert set(fates(data_dir).values()) == {"waiting"}, "no claim is left behind"
