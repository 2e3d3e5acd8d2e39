"""A Duplicati server's API, as servers of each version answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from duplistatus.clock import SetClock
from duplistatus.ingest.duplicati.api import Api, Generation
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.server_answers import read_jobs
from tests.ingest.duplicati.recorded import VERSIONS
from tests.ingest.duplicati.stand_in import Duplicati


def asked(target: Target, work: Callable[[Api], Awaitable[Any]], **more: Any) -> Any:
    """What some work with the API of a server comes to."""

    async def whole() -> Any:
        async with Api(target, clock=SetClock(0), **more) as api:
            return await work(api)

    return asyncio.run(whole())


@pytest.mark.parametrize("version", VERSIONS)
def test_jobs_are_read_after_one_login(version: str) -> None:
    async def work(api: Api) -> Any:
        await api.get("/systeminfo")
        found = await api.get("/backups")
        assert api.generation is Generation.JWT
        return found

    with Duplicati(version) as server:
        assert read_jobs(asked(server.target, work))[0].name == "Documents"
        assert server.logins == 1
        assert server.families == {}
        assert server.asked("/api/v1/auth/login")[0].json == {"Password": "secret123", "RememberMe": False}


def test_a_wrong_password_is_named() -> None:
    with Duplicati() as server, pytest.raises(Trouble) as found:
        asked(Target(server.url, "wrong"), lambda api: api.get("/backups"))
    assert found.value.code is Code.PASSWORD
