"""The rows of the table: what is measured, in which unit, what the budget is and what the reference needed. In: nothing; out: `ROWS`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`key` names the figure in the results. `budget` and `reference` are texts by size (`*` for any): the reference's were measured
    once, on a machine of the same kind."""

    key: str
    title: str
    unit: str
    budget: dict[str, str]
    reference: dict[str, str]

    def expected(self, letter: str) -> str:
        return self.budget.get(letter, self.budget.get("*", ""))

    def known(self, letter: str) -> str:
        return self.reference.get(letter, self.reference.get("*", ""))


def _abc(a: str, b: str, c: str) -> dict[str, str]:
    return {"a": a, "b": b, "c": c}


ROWS: tuple[Row, ...] = (
    Row("summary_rate", "`GET /api/summary`, 1 client", "req/s", {"*": "≥ 3 000"}, _abc("805", "9.1", "2.9")),
    Row("lastbackups_rate", "`GET /api/lastbackups/{id}`, 1 client", "req/s", {"*": "≥ 1 500"}, _abc("1 087", "528", "759")),
    Row("dashboard_ms", "`GET /api/dashboard`, p50", "ms", {"b": "≤ 10", "c": "≤ 50"}, _abc("3.5", "416", "5 655")),
    Row("dashboard_fresh_ms", "the same, each time after a new report", "ms", {}, {}),
    Row("page_ms", "dashboard page, HTML, p50 at the server", "ms", _abc("≤ 2", "≤ 5", "≤ 25"), _abc("7.6", "507", "8 451")),
    Row("page_fresh_ms", "the same, each time after a new report", "ms", {}, {}),
    Row("detail_ms", "`GET /api/detail/{id}`, p50", "ms", {"*": "≤ 10"}, _abc("7.8", "1 533", "15 250")),
    Row("chart_ms", "chart data of all servers, 30 days, p50", "ms", {"*": "≤ 3"}, _abc("0.8", "18.7", "147")),
    Row("upload_rate", "`POST /api/upload` 40 KB, 1 client", "req/s", {"*": "≥ 1 500"}, _abc("500", "11.7", "3.7")),
    Row("upload_many_rate", "the same, 16 clients", "req/s", {"*": "≥ 2 500"}, _abc("397", "11.5", "3.7")),
    Row("upload_many_p99_ms", "the same, 16 clients, p99", "ms", {"*": "≤ 60"}, _abc("221", "9 200", "22 000")),
    Row("upload_cpu_ms", "the same, processor time of each", "ms", {}, {}),
    Row("paint_ms", "dashboard, first paint (cold cache, Chromium)", "ms", _abc("≤ 120", "≤ 200", "≤ 400"), _abc("216", "752", "5 904")),
    Row("usable_ms", "dashboard, usable", "ms", _abc("≤ 150", "≤ 250", "≤ 600"), _abc("582", "1 602", "9 721")),
    Row("scripts_kb", "JavaScript of the dashboard, gzip", "KB", {"*": "≤ 60"}, {"*": "612"}),
    Row("styles_kb", "CSS of the dashboard, gzip", "KB", {"*": "≤ 15"}, {"*": "24"}),
    Row("fonts_kb", "fonts of the dashboard", "KB", {"*": "0"}, {"*": "346"}),
    Row("html_kb", "HTML of the dashboard, gzip", "KB", {"c": "≤ 150"}, _abc("31", "1 060", "3 280")),
    Row("messages_rate", "messages to a channel while another hangs", "messages/s", {"*": "≥ 200"}, {}),
    Row("collect_seconds", "collecting from 200 servers, a tenth of which hang: all others done", "s", {"*": "≤ 60"}, {}),
    Row("collect_again_seconds", "the same, with every run known", "s", {}, {}),
    Row("collect_cpu_seconds", "the first of them, processor time", "s", {}, {}),
    Row("collect_memory_mb", "most memory while collecting (a product of its own, empty at first)", "MB", {"*": "≤ 200"}, {}),
    Row("start_seconds", "start to first 200 on `/api/health`", "s", {"*": "≤ 0.6"}, _abc("0.49", "0.51", "0.62")),
    Row("memory_mb", "memory after load", "MB", {"*": "≤ 120"}, _abc("825", "659", "595")),
)
