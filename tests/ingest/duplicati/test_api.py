"""A Duplicati server's API, as servers of each version answer: being let in, staying in, and leaving."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.ingest.duplicati.api import Generation
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import read_identity, read_jobs
from tests.ingest.duplicati.asking import asked, resolving, trouble_of
from tests.ingest.duplicati.legacy import Legacy
from tests.ingest.duplicati.recorded import VERSIONS
from tests.ingest.duplicati.stand_in import Asked, Duplicati, Reply, error

if TYPE_CHECKING:
    from duplistatus.ingest.duplicati.api import Api

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"


async def jobs_of(api: Api) -> tuple[Generation, Any]:
    await api.get("/systeminfo")
    found = await api.get("/backups")
    return api.generation, found


@pytest.mark.parametrize("version", VERSIONS)
def test_many_requests_take_one_login_that_is_ended_afterwards(version: str) -> None:
    with Duplicati(version) as server:
        generation, found = asked(server.target, jobs_of)
        assert read_jobs(found)[0].name == "Documents"
        assert generation is Generation.JWT
        assert server.logins == 1
        assert server.families == {}
        assert server.asked(LOGIN)[0].json == {"Password": "secret123", "RememberMe": False}
        assert len(server.asked(f"{REFRESH}/logout")) == (version != "2.1.0.5")


def test_requests_at_the_same_time_share_one_login() -> None:
    async def work(api: Api) -> None:
        await asyncio.gather(*(api.get("/backups") for _ in range(6)))

    with Duplicati() as server:
        asked(server.target, work)
        assert server.logins == 1


def test_requests_at_the_same_time_renew_one_login_once() -> None:
    async def work(api: Api) -> None:
        await api.get("/backups")
        server.end_tokens()
        await asyncio.gather(*(api.get("/backups") for _ in range(6)))

    with Duplicati() as server:
        asked(server.target, work)
        assert (server.logins, len(server.asked(REFRESH))) == (1, 1)


@pytest.mark.parametrize(("version", "logins", "refreshes"), [("2.3.0.109", 1, 1), ("2.1.0.5", 2, 0)])
def test_a_token_that_ended_is_renewed_as_the_version_can(version: str, logins: int, refreshes: int) -> None:
    async def work(api: Api) -> Any:
        await api.get("/backups")
        server.end_tokens()
        return await api.get("/systeminfo")

    with Duplicati(version) as server:
        assert read_identity(asked(server.target, work)).version == version
        assert server.logins == logins
        assert len(server.asked(REFRESH)) == refreshes
        assert server.families == {}


def test_a_login_that_cannot_be_renewed_is_made_again() -> None:
    async def work(api: Api) -> None:
        await api.get("/backups")
        server.end_tokens()
        server.families.clear()
        await api.get("/backups")

    with Duplicati() as server:
        asked(server.target, work)
        assert (server.logins, len(server.asked(REFRESH))) == (2, 1)
        assert "cookie" not in server.asked(LOGIN)[1].headers


def test_a_server_that_lets_in_and_refuses_none_the_less_is_asked_twice_alone() -> None:
    with Duplicati() as server:
        server.instead["/api/v1/backups"] = Reply(None, 401)
        found = trouble_of(server.target)
        assert (found.code, found.facts["status"]) == (Code.FAILED, 401)
        assert len(server.asked("/api/v1/backups")) == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wrong_password_is_tried_once(version: str) -> None:
    with Duplicati(version) as server:
        assert trouble_of(Target(server.url, "wrong")).code is Code.PASSWORD
        assert server.logins == 1


def test_without_a_password_nobody_tries_to_log_in() -> None:
    with Duplicati() as server:
        assert trouble_of(Target(server.url)).code is Code.NO_PASSWORD
        assert server.logins == 0


def test_a_name_that_the_server_does_not_know_is_named() -> None:
    with Duplicati() as server:
        target = Target(f"http://duplicati.example:{server.port}", server.password)
        found = trouble_of(target, resolve=resolving("127.0.0.1"))
        assert (found.code, found.facts["host"]) == (Code.HOST_NAME, "duplicati.example")
        assert server.logins == 0
        server.allowed_hosts.add("duplicati.example")
        assert asked(target, jobs_of, resolve=resolving("127.0.0.1"))


def test_a_name_that_an_old_server_does_not_know_is_named() -> None:
    with Legacy() as server:
        target = Target(f"http://duplicati.example:{server.port}", server.password)
        found = trouble_of(target, resolve=resolving("127.0.0.1"))
        assert (found.code, found.facts["host"]) == (Code.HOST_NAME, "duplicati.example")
        assert server.logins == 0


def test_a_server_behind_a_path_of_a_proxy_is_asked_below_that_path() -> None:
    with Duplicati() as server:
        target = Target(f"{server.url}/nas", server.password)
        server.instead["*"] = lambda asked: server.reply(
            Asked(asked.method, asked.path.removeprefix("/nas"), asked.query, asked.headers, asked.body)
        )
        assert asked(target, jobs_of)
        assert all(each.path.startswith("/nas/api/") for each in server.received)


@pytest.mark.parametrize(("version", "code"), [("2.3.0.109", Code.BUSY), ("2.3.0.4", None), ("2.1.0.5", None)])
def test_a_database_in_use_is_no_error_of_the_server(version: str, code: Code | None) -> None:
    with Duplicati(version) as server:
        server.start("1")
        if code is None:
            assert asked(server.target, lambda api: api.get("/backup/1/log")) == []
        else:
            found = trouble_of(server.target, "/backup/1/log")
            assert (found.code, found.facts["job"]) == (code, "1")
        assert len(server.asked("/api/v1/backup/1/log")) == 1, "a refusal with a reason is no end of a login"


@pytest.mark.parametrize("server", [Legacy(), Duplicati()], ids=["2.0.8", "2.3"])
def test_a_refusal_with_a_reason_is_no_end_of_a_login(server: Legacy | Duplicati) -> None:
    with server:
        server.instead["/api/v1/backups"] = error(400, "The request makes no sense")
        assert trouble_of(Target(server.url, server.password)).facts["reason"] == "The request makes no sense"
        assert len(server.asked("/api/v1/backups")) == 1
        assert server.logins == 1


def test_an_error_of_the_server_is_told_in_its_words() -> None:
    with Duplicati() as server:
        found = trouble_of(server.target, "/backup/99/log")
    expected = {"status": 404, "reason": "Backup not found", "path": "/api/v1/backup/99/log"}
    assert found.code is Code.FAILED
    assert expected.items() <= found.facts.items()


def test_changes_are_sent_and_empty_answers_are_none() -> None:
    async def work(api: Api) -> None:
        assert await api.patch("/serversettings", {"--send-http-json-urls": "http://127.0.0.1/x"}) is None
        assert await api.post("/backup/1/run") == {"Status": "OK", "ID": 51}
        assert await api.post("/serverstate/pause?duration=20s") is None

    with Duplicati() as server:
        asked(server.target, work)
        assert server.settings["--send-http-json-urls"] == "http://127.0.0.1/x"
        assert (server.active, server.paused) == ((51, "1"), True)


def test_the_second_version_tells_its_data_or_its_error() -> None:
    async def work(api: Api) -> Any:
        return await api.version2("/backup/list-filesets", {"BackupId": "1"})

    with Duplicati() as server:
        assert [each["Version"] for each in asked(server.target, work)] == [0, 1]
        with pytest.raises(Trouble) as found:
            asked(server.target, lambda api: api.version2("/backup/list-filesets", {"BackupId": "99"}))
    assert (found.value.code, found.value.facts["status"], found.value.facts["reason"]) == (Code.FAILED, 404, "Backup not found")


def test_a_token_for_web_sockets_is_issued_or_is_that_of_the_login() -> None:
    with Duplicati() as server:
        assert asked(server.target, lambda api: api.websocket_token()) == "header.websocket.signature"
    with Duplicati("2.1.0.5") as old:
        assert asked(old.target, lambda api: api.websocket_token()) in old.tokens


def test_destinations_are_schemes_alone_and_options_of_jobs_are_dropped() -> None:
    with Duplicati() as server:
        server.jobs[0]["Backup"]["TargetURL"] = "s3://bucket/x?auth-username=KEY&auth-password=SECRET"
        server.jobs[0]["Backup"]["AdditionalTargetURLs"] = ["ftp://me:SECRET@host/y"]
        server.jobs[0]["Backup"]["Settings"] = [{"Name": "passphrase", "Value": "SECRET"}]
        _, found = asked(server.target, jobs_of)
    assert "SECRET" not in str(found)
    assert found[0]["Backup"]["TargetURL"] == "s3://"
    assert read_jobs(found)[0].destination_type == "s3"


# Up to 2.0.8


def test_an_old_server_is_entered_by_its_nonce() -> None:
    async def work(api: Api) -> Any:
        assert await api.get("/backup/1/filesets") == [{"Version": 0}]
        return (*await jobs_of(api), await api.get("/backup/1/log", pagesize=100))

    with Legacy(password="pässwort 日本") as server:
        generation, found, log = asked(Target(server.url, "pässwort 日本"), work)
        assert generation is Generation.LEGACY
        assert read_jobs(found)[0].name == "Documents"
        assert len(log) > 1
        assert server.logins == 1
        assert server.sessions == set()
        assert "pässwort".encode() not in b"".join(each.body for each in server.received)


def test_an_old_server_without_a_password_is_just_asked() -> None:
    with Legacy(password="") as server:
        generation, found = asked(Target(server.url), jobs_of)
        assert generation is Generation.OPEN
        assert found
        assert server.asked("/login.cgi") == []


def test_a_wrong_or_missing_password_of_an_old_server_is_named() -> None:
    with Legacy() as server:
        assert trouble_of(Target(server.url, "wrong")).code is Code.PASSWORD
        assert trouble_of(Target(server.url)).code is Code.NO_PASSWORD
        assert server.logins == 1


@pytest.mark.parametrize("ended", ["xsrf", "sessions"])
def test_what_lets_into_an_old_server_is_renewed(ended: str) -> None:
    async def work(api: Api) -> Any:
        await api.get("/backups")
        getattr(server, ended).clear()
        return await api.get("/systeminfo")

    with Legacy() as server:
        assert read_identity(asked(Target(server.url, "secret123"), work)).version == "2.0.8.1"
        assert server.logins == 2


def test_the_token_of_an_open_old_server_is_renewed() -> None:
    async def work(api: Api) -> Any:
        await api.get("/backups")
        server.xsrf.clear()
        return await api.get("/backups")

    with Legacy(password="") as server:
        assert asked(Target(server.url), work)


@pytest.mark.parametrize("answer", [Reply({"Nonce": 5, "Salt": None}), Reply({}), Reply(b"<html>"), Reply({"Nonce": "é", "Salt": ""})])
def test_a_nonce_that_is_none_is_named(answer: Reply) -> None:
    with Legacy() as server:
        server.instead["/login.cgi"] = answer
        assert trouble_of(Target(server.url, "secret123")).code is Code.BROKEN


def test_login_may_be_refused_for_other_reasons_than_the_password() -> None:
    with Duplicati() as server:
        server.instead[LOGIN] = error(429, "Too many attempts for secret123")
        found = trouble_of(server.target)
    assert (found.code, found.facts["reason"]) == (Code.FAILED, "Too many attempts for •••")


@pytest.mark.parametrize("answer", [Reply({"AccessToken": 5}), Reply({}), Reply([]), Reply({"AccessToken": "a\r\nX: y"}), Reply(b"")])
def test_a_login_without_a_usable_token_is_named(answer: Reply) -> None:
    with Duplicati() as server:
        server.instead[LOGIN] = answer
        assert trouble_of(server.target).code is Code.BROKEN
