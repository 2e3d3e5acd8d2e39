"""Duplicati servers to collect from. In: how many, and how many of them hang; out: as many ports of this machine, served by one thread,
each with a name, jobs and logs of its own, made beforehand. They let people in as 2.1 does; one that hangs takes connections and never
says a word."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import lru_cache
from types import TracebackType

import orjson

from bench.reports import Place, document
from duplistatus.clock import SECOND, Instant, iso

PASSWORD = "bench-of-duplicati"
JOBS = 3
RUNS = 30
_TOKEN = b"Bearer bench"
_PADDING = "x" * 200_000
"""What the real answer holds besides what is read of it, about."""
_LOGIN = b'{"AccessToken":"bench"}'
_REFUSED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n"


class Duplicatis:
    """`ports`: those that answer; `hanging`: those that do not. A context manager."""

    def __init__(self, count: int, hanging: int, now: Instant) -> None:
        self._count, self._hanging, self._now = count, hanging, now
        self.ports: list[int] = []
        self.hanging: list[int] = []
        self._logs = {(number, job): _log(number, job, now) for number in range(count - hanging) for job in range(1, JOBS + 1)}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Duplicatis:
        self._thread.start()
        if not self._ready.wait(60):
            raise TimeoutError("the servers to collect from did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        servers = []
        for number in range(self._count):
            hangs = number >= self._count - self._hanging
            made = await asyncio.start_server(self._taker(number, hangs=hangs), "127.0.0.1", 0)
            (self.hanging if hangs else self.ports).append(made.sockets[0].getsockname()[1])
            servers.append(made)
        self._ready.set()
        await self._stop.wait()
        for each in servers:
            each.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _taker(self, number: int, *, hangs: bool) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    if hangs:
                        await self._stop.wait()
                        return
                    lines = head.split(b"\r\n")
                    length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
                    await reader.readexactly(length)
                    writer.write(self._answer(number, lines[0].split()[1].decode(), is_in=_TOKEN in head))
                    await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        return take

    def _answer(self, number: int, target: str, *, is_in: bool) -> bytes:
        path = target.partition("?")[0].removeprefix("/api/v1")
        if path == "/auth/login":
            return _reply(_LOGIN)
        if not is_in:
            return _REFUSED
        if path == "/systeminfo":
            return _reply(_system(number))
        if path == "/backups":
            return _reply(_backups())
        if path.endswith("/log"):
            # A second page of a log is empty.
            return _reply(b"[]" if "offset=" in target else self._logs[number, int(path.split("/")[2])])
        if path == "/serversettings":
            return _reply(b'{"server-timezone":"UTC"}')
        return _reply(b'{"ProgramState":"Running","ProposedSchedule":[]}')


def _log(number: int, job: int, now: Instant) -> bytes:
    rows = []
    for run in reversed(range(RUNS)):
        place = Place(number, job - 1, run, RUNS - 1, now)
        data = _data(document(place))
        ended = place.begun_at // SECOND + place.duration // SECOND
        rows.append({"ID": run + 1, "OperationID": run + 1, "Timestamp": ended, "Type": "Result", "Message": data, "Exception": None})
    return orjson.dumps(rows)


def _data(report: bytes) -> str:
    """The result as a job's log has it: with the first lines of each kind in it, and without those of the report."""
    found = orjson.loads(report)
    return orjson.dumps({**found["Data"], "Messages": found["LogLines"][:20], "Warnings": [], "Errors": []}).decode()


def _reply(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _system(number: int) -> bytes:
    place = Place(number, 0, 0, 0, Instant(0))
    option = {"Name": "machine-id", "DefaultValue": place.machine_id}
    version = {"ServerVersion": "2.1.0.5", "ServerVersionName": "2.1.0.5 - 2.1.0.5_stable_2025-03-04"}
    return orjson.dumps({"MachineName": place.server_name, "Options": [option], **version, "Padding": _PADDING})


@lru_cache(maxsize=1)
def _backups() -> bytes:
    schedule = {"ID": 1, "Time": iso(Instant(4_102_444_800_000)), "Repeat": "1D", "Rule": "", "AllowedDays": None, "LastRun": None}
    jobs = [
        {"Backup": {"ID": str(job + 1), "Name": f"Backup {job + 1}", "TargetURL": "s3://bucket/x", "Metadata": {}}, "Schedule": schedule}
        for job in range(JOBS)
    ]
    return orjson.dumps(jobs)
