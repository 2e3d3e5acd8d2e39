"""The measurements. In: a running server that holds a fleet of a known size; out: the figures by the keys of `rows`. What a server does
not offer is left out with its reason, never guessed. Every figure is the median of several rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from urllib.parse import quote

import orjson

from bench.browsing import visit
from bench.client import Address, Rounds, fetch, get, many_clients, one_client, post
from bench.product import processor_seconds
from bench.reports import Place, document
from bench.sizes import Size
from duplistatus.clock import DAY, Instant, iso

CLIENTS = 16
_MOST_REQUESTS = 50_000
_UPLOADS = 3_000
_FRESH = 25


@dataclass(frozen=True, slots=True)
class Target:
    """A server to measure. `cookie` is the header of a signed-in session, `pid` its process where that is known."""

    address: Address
    cookie: dict[str, str]
    now: Instant
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often: each measurement takes `rounds` times at most `seconds`."""

    rounds: int = 5
    seconds: float = 2.0
    browser: bool = True


@dataclass(slots=True)
class Figures:
    """The medians by key, what could not be measured and why, and every round."""

    values: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, list[float]] = field(default_factory=dict)

    def keep(self, key: str, rounds: list[float]) -> None:
        self.values[key] = statistics.median(rounds)
        self.rounds[key] = rounds


class Refusal(Exception):
    """The server answered something else than was asked for."""


def measure(target: Target, size: Size, effort: Effort) -> Figures:
    """All rows that a request can measure, reading ones first, since uploads change the fleet."""
    figures = Figures()
    runs = Uploads(size, target.now)
    for step in (_summary, _lastbackups, _dashboard, _page, _detail, _chart, _html, _browser, _fresh, _upload):
        try:
            step(target, size, effort, figures, runs)
        except (Refusal, RuntimeError, OSError) as reason:
            figures.missing[step.__name__.strip("_")] = str(reason)
    return figures


class Uploads:
    """Reports that have not been sent yet: the next runs of every job in turn, each two seconds after the job's one before."""

    def __init__(self, size: Size, now: Instant) -> None:
        newest = size.runs - 1
        self._jobs = [Place(server, job, newest, newest, now) for job in range(size.jobs) for server in range(size.servers)]
        self._count = 0

    def bodies(self, count: int) -> list[bytes]:
        """The next `count` documents."""
        return [self._body() for _ in range(count)]

    def _body(self) -> bytes:
        turn, index = divmod(self._count, len(self._jobs))
        self._count += 1
        place = self._jobs[index]
        return document(replace(place, number=place.newest + 1 + turn))


def _rates(effort: Effort, run: Callable[[], Rounds]) -> list[Rounds]:
    run()  # a round to warm up
    return [run() for _ in range(effort.rounds)]


def _reading(target: Target, paths: Iterable[str], effort: Effort, *, signed_in: bool) -> list[Rounds]:
    headers = target.cookie if signed_in else {}
    requests = [get(target.address, path, headers) for path in paths]
    for request in requests[:1]:
        answer = fetch(target.address, request)
        if answer.status != 200:
            raise Refusal(f"{request.split()[1].decode()} answered {answer.status}")
    return _rates(effort, lambda: one_client(target.address, islice(cycle(requests), _MOST_REQUESTS), effort.seconds))


def _medians(rounds: list[Rounds]) -> list[float]:
    """Milliseconds."""
    return [each.percentile(0.5) * 1000 for each in rounds]


def _server_ids(target: Target, count: int) -> list[str]:
    answer = fetch(target.address, get(target.address, "/api/servers", target.cookie))
    if answer.status != 200:
        raise Refusal(f"/api/servers answered {answer.status}")
    ids = [quote(server["id"], safe="") for server in orjson.loads(answer.body)]
    if not ids:
        raise Refusal("there is no server")
    return ids[:: max(1, len(ids) // count)][:count]


def _summary(target: Target, _: Size, effort: Effort, figures: Figures, __: Uploads) -> None:
    figures.keep("summary_rate", [each.rate for each in _reading(target, ["/api/summary"], effort, signed_in=False)])


def _lastbackups(target: Target, _: Size, effort: Effort, figures: Figures, __: Uploads) -> None:
    paths = [f"/api/lastbackups/{each}" for each in _server_ids(target, 50)]
    figures.keep("lastbackups_rate", [each.rate for each in _reading(target, paths, effort, signed_in=False)])


def _dashboard(target: Target, _: Size, effort: Effort, figures: Figures, __: Uploads) -> None:
    figures.keep("dashboard_ms", _medians(_reading(target, ["/api/dashboard"], effort, signed_in=True)))


def _page(target: Target, _: Size, effort: Effort, figures: Figures, __: Uploads) -> None:
    figures.keep("page_ms", _medians(_reading(target, ["/"], effort, signed_in=True)))


def _detail(target: Target, _: Size, effort: Effort, figures: Figures, __: Uploads) -> None:
    paths = [f"/api/detail/{each}" for each in _server_ids(target, 50)]
    figures.keep("detail_ms", _medians(_reading(target, paths, effort, signed_in=True)))


def _chart(target: Target, _: Size, effort: Effort, figures: Figures, __: Uploads) -> None:
    path = f"/api/chart-data/aggregated?startDate={iso(Instant(target.now - 30 * DAY))}&endDate={iso(target.now)}"
    figures.keep("chart_ms", _medians(_reading(target, [path], effort, signed_in=True)))


def _html(target: Target, _: Size, __: Effort, figures: Figures, ___: Uploads) -> None:
    answer = fetch(target.address, get(target.address, "/", target.cookie | {"Accept-Encoding": "gzip"}))
    encoding = dict(answer.headers).get("content-encoding")
    if answer.status != 200:
        raise Refusal(f"/ answered {answer.status}")
    if encoding != "gzip":
        raise Refusal(f"/ came with the encoding {encoding}")
    figures.keep("html_kb", [len(answer.body) / 1000])


def _browser(target: Target, _: Size, effort: Effort, figures: Figures, __: Uploads) -> None:
    if not effort.browser:
        raise Refusal("the browser was left out")
    page = fetch(target.address, get(target.address, "/", target.cookie))
    if page.status != 200:
        raise Refusal(f"/ answered {page.status}")
    servers = orjson.loads(fetch(target.address, get(target.address, "/api/servers", target.cookie)).body)
    seen = visit(target.address, target.cookie["Cookie"], [server["name"] for server in servers], effort.rounds)
    figures.keep("paint_ms", [seen.first_paint])
    figures.keep("usable_ms", [seen.usable])
    figures.keep("scripts_kb", [seen.scripts / 1000])
    figures.keep("styles_kb", [seen.styles / 1000])
    figures.keep("fonts_kb", [seen.fonts / 1000])


def _fresh(target: Target, _: Size, effort: Effort, figures: Figures, uploads: Uploads) -> None:
    """The same reads when nothing that was computed before is still true."""
    for key, path in (("dashboard_fresh_ms", "/api/dashboard"), ("page_fresh_ms", "/")):
        request = get(target.address, path, target.cookie)
        if (status := fetch(target.address, request).status) != 200:
            raise Refusal(f"{path} answered {status}")
        rounds = []
        for _round in range(effort.rounds):
            latencies: list[float] = []
            for body in uploads.bodies(_FRESH):
                _accepted(one_client(target.address, [post(target.address, "/api/upload", body)], effort.seconds))
                latencies += one_client(target.address, [request], effort.seconds).latencies
                if sum(latencies) > effort.seconds:
                    break
            rounds.append(statistics.median(latencies) * 1000)
        figures.keep(key, rounds)


def _upload(target: Target, _: Size, effort: Effort, figures: Figures, uploads: Uploads) -> None:
    def requests() -> Iterator[bytes]:
        return iter([post(target.address, "/api/upload", body) for body in uploads.bodies(_UPLOADS)])

    def one() -> Rounds:
        return _accepted(one_client(target.address, requests(), effort.seconds))

    def many() -> Rounds:
        return _accepted(many_clients(target.address, requests(), CLIENTS, effort.seconds))

    figures.keep("upload_rate", [each.rate for each in _rates(effort, one)])
    many()  # a round to warm up
    spent = processor_seconds(target.pid) if target.pid else 0.0
    rounds = [many() for _ in range(effort.rounds)]
    if target.pid:
        figures.keep("upload_cpu_ms", [(processor_seconds(target.pid) - spent) / sum(len(each.latencies) for each in rounds) * 1000])
    figures.keep("upload_many_rate", [each.rate for each in rounds])
    figures.keep("upload_many_p99_ms", [each.percentile(0.99) * 1000 for each in rounds])


def _accepted(rounds: Rounds) -> Rounds:
    """A refused upload is no measurement."""
    if set(rounds.statuses) != {200}:
        raise Refusal(f"/api/upload answered {rounds.statuses}")
    return rounds
