"""What can go wrong between this product and a Duplicati server, each way with a server that does it: a trouble of its own code comes of
it, in bounded time and memory, and the password went to nobody who is no Duplicati."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.ingest.duplicati.api import MOST, Api
from duplistatus.ingest.duplicati.greeting import Generation, Greeting
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.security.addresses import Resolve
from duplistatus.security.pinned import Patience
from tests.ingest.duplicati.asking import SOON, asked, resolving, trouble_of
from tests.ingest.duplicati.rough import Rough, saying, silent, streaming
from tests.ingest.duplicati.stand_in import HANGS, Duplicati, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "pa55word-of-the-server"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"10000\r\n" + b"x" * 65_536 + b"\r\n"


@pytest.fixture(autouse=True)
def no_secret_anywhere(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever goes wrong, the password is in no line of the log."""
    caplog.set_level(logging.DEBUG)
    yield
    assert SECRET not in caplog.text


def rough_trouble(server: Rough, **more: Any) -> Trouble:
    """What comes of a first request; the password was never sent."""
    found = trouble_of(Target(server.url, SECRET), **more)
    assert not any(SECRET.encode() in head or b"auth" in head.split(b"\r\n")[0] for head in server.heads)
    assert SECRET not in repr((found, found.facts, found.__cause__, found.__context__))
    return found


def test_a_port_where_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = trouble_of(Target(f"http://127.0.0.1:{taken.getsockname()[1]}", SECRET))
    assert found.code is Code.REFUSED


def test_a_name_that_nobody_knows() -> None:
    found = trouble_of(Target("http://nas.example:8200", SECRET), resolve=resolving())
    assert (found.code, found.place) == (Code.DNS, "nas.example:8200")


def test_a_name_that_takes_too_long_to_be_resolved() -> None:
    async def resolve(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert trouble_of(Target("http://nas.example:8200", SECRET), resolve=resolve, patience=SOON).code is Code.DNS


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254"])
def test_a_name_that_leads_to_a_metadata_service(address: str) -> None:
    assert trouble_of(Target("http://nas.example:8200", SECRET), resolve=resolving(address)).code is Code.FORBIDDEN


def test_a_server_that_says_nothing() -> None:
    with Rough(silent()) as server:
        assert rough_trouble(server, patience=SOON).code is Code.SLOW


def test_a_head_that_never_ends() -> None:
    with Rough(streaming(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 10_000, pause=0.05)) as server:
        assert rough_trouble(server, patience=SOON).code is Code.SLOW


def test_a_body_that_drips() -> None:
    with Rough(streaming(CHUNKED, b"1\r\n[\r\n", 10_000, pause=0.05)) as server:
        assert rough_trouble(server, patience=SOON).code is Code.SLOW


def test_a_connection_that_is_cut() -> None:
    with Rough(saying(b"")) as server:
        assert rough_trouble(server).code is Code.CUT
    with Rough(saying(HEAD + b"Content-Length: 1000\r\n\r\n[{")) as server:
        assert rough_trouble(server).code is Code.CUT


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff\x16garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<html>router</html>\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"Content-Length: 2\r\n\r\n[]",
        HEAD + b"Content-Length: 4\r\n\r\nnull",
        HEAD + b'Content-Length: 7\r\n\r\n{"a":1}',
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="router"\r\nContent-Length: 0\r\n\r\n',
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["garbage", "ssh", "page", "404", "list", "null", "object", "basic", "403"],
)
def test_what_is_no_duplicati_server_gets_no_password(said: bytes) -> None:
    with Rough(saying(said)) as server:
        assert rough_trouble(server).code is Code.NOT_DUPLICATI


def test_a_redirect_is_named_by_its_server_alone() -> None:
    to = b"HTTP/1.1 302 Found\r\nLocation: https://user:word@proxy.example:444/login?token=abc\r\nContent-Length: 0\r\n\r\n"
    with Rough(saying(to)) as server:
        found = rough_trouble(server)
    assert (found.code, found.facts["leads_to"]) == (Code.NOT_DUPLICATI, "https://proxy.example:444")


def test_a_redirect_of_the_login_is_not_followed() -> None:
    with Duplicati() as other, Duplicati(password=SECRET) as server:
        server.instead["/api/v1/auth/login"] = Reply(None, 307, (("Location", f"{other.url}/api/v1/auth/login"),))
        found = trouble_of(Target(server.url, SECRET))
        assert (found.code, found.facts["leads_to"]) == (Code.NOT_DUPLICATI, other.url)
        assert other.received == []


def test_a_proxy_whose_server_is_away() -> None:
    with Rough(saying(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>")) as server:
        found = rough_trouble(server)
    assert (found.code, found.facts["status"]) == (Code.FAILED, 502)


def test_an_answer_that_announces_too_much_is_not_read() -> None:
    with Rough(streaming(HEAD + b"Content-Length: 104857600\r\n\r\n", b"x" * 65_536, 1_600)) as server:
        assert rough_trouble(server).code is Code.TOO_LARGE
        assert server.sent < 10_000_000


@pytest.mark.parametrize("path", ["/backups", "/backup/1/log"])
def test_of_an_answer_of_a_hundred_megabytes_a_bounded_part_is_read(path: str) -> None:
    with Duplicati(password=SECRET) as server:
        server.instead[f"/api/v1{path}"] = Reply([], endless=100_000_000)
        tracemalloc.start()
        found = trouble_of(Target(server.url, SECRET), path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (found.code, found.facts["path"]) == (Code.TOO_LARGE, f"/api/v1{path}")
    assert most < 40_000_000


def test_a_packed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    packed = Reply(bomb, headers=(("Content-Encoding", "gzip"), ("Content-Type", "application/json")))
    with Duplicati(password=SECRET) as server:
        server.instead["/api/v1/backups"] = packed
        tracemalloc.start()
        found = trouble_of(Target(server.url, SECRET))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert server.received[-2].headers["accept-encoding"] == "identity"
    assert found.code is Code.BROKEN
    assert most < 10_000_000


@pytest.mark.parametrize("body", [b'[{"Backup":{"ID":"1","Na', b"<html></html>", b"", b"\xff\xfe\x00", b"nul"])
def test_a_truncated_answer_after_the_login(body: bytes) -> None:
    with Duplicati(password=SECRET) as server:
        server.instead["/api/v1/backups"] = Reply(body, headers=(("Content-Type", "application/json"),))
        found = trouble_of(Target(server.url, SECRET))
    assert (found.code, found.facts["path"]) == (Code.BROKEN, "/api/v1/backups")


def test_a_server_that_hangs_after_the_login() -> None:
    with Duplicati(password=SECRET) as server:
        server.instead["/api/v1/backups"] = HANGS
        assert trouble_of(Target(server.url, SECRET), patience=SOON).code is Code.SLOW


def test_leaving_a_server_that_hangs_takes_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplistatus.ingest.duplicati.api._FAREWELL", 0.2)
    with Duplicati(password=SECRET) as server:
        server.instead["/api/v1/auth/refresh/logout"] = HANGS
        # Waited for at length, it would be told as a hanging test.
        assert asked(Target(server.url, SECRET), lambda api: api.get("/backups"), patience=Patience(600.0, 600.0, 600.0, 600.0))


def test_neither_password_nor_token_is_shown_by_what_holds_them() -> None:
    async def work(api: Api) -> str:
        await api.get("/backups")
        answer = await api._asking.ask("GET", "/api/v1/backups", most=MOST, headers=api._login.headers() if api._login else {})
        return repr((api, api._login, api._asking, api.target, answer, Greeting(Generation.LEGACY, SECRET)))

    with Duplicati(password=SECRET) as server:
        shown = asked(Target(server.url, SECRET), work)
        assert not [each for each in (SECRET, "signature", *server.tokens) if each in shown]


def test_a_name_is_asked_for_once_and_the_connection_goes_to_what_was_checked() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def rebinding(host: str) -> list[str]:
        return answers.pop(0)

    resolve: Resolve = rebinding
    with Duplicati(password=SECRET) as server:
        server.allowed_hosts.add("nas.example")
        assert asked(Target(f"http://nas.example:{server.port}", SECRET), lambda api: api.get("/backups"), resolve=resolve)
    assert answers == [["169.254.169.254"]]
