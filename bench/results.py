"""What was measured, written down. In: figures of one or several sizes; out: a JSON file and the same as a Markdown table, with machine,
commit and date."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench.measuring import Figures
from bench.rows import ROWS, Row
from bench.sizes import Size

_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: the product's figures and, where it was measured beside it, the reference's."""

    size: Size
    figures: Figures
    fill_seconds: float
    reference: Figures | None = None


def write(folder: Path, measured: list[Measured], options: dict[str, object]) -> tuple[Path, Path]:
    """Writes both files; their paths."""
    about = _about(options)
    folder.mkdir(parents=True, exist_ok=True)
    letters = "".join(each.size.letter for each in measured)
    stem = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}-{about['commit']}-{letters}"
    text, table = folder / f"{stem}.json", folder / f"{stem}.md"
    text.write_bytes(orjson.dumps({**about, "sizes": [_plain(each) for each in measured]}, option=orjson.OPT_INDENT_2))
    table.write_text(markdown(measured, about), encoding="utf-8")
    return text, table


def _plain(measured: Measured) -> dict[str, object]:
    return {
        "size": asdict(measured.size),
        "fill_seconds": measured.fill_seconds,
        "figures": asdict(measured.figures),
        "reference": asdict(measured.reference) if measured.reference else None,
    }


def _about(options: dict[str, object]) -> dict[str, object]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "flush_ms": flush_milliseconds(),
        "options": options,
    }


def flush_milliseconds() -> float:
    """The median of 200 flushes of 12 KB to the disk that temporary folders are on: what every upload waits for at least."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(200):
            file.write(os.urandom(12_000))
            file.flush()
            begin = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begin)
    return round(statistics.median(times) * 1000, 3)


def _commit() -> str:
    """The short name of the commit, with `+` where files differ from it."""
    try:
        name = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=_ROOT, check=True, capture_output=True, text=True).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "src"], cwd=_ROOT, check=True, capture_output=True, text=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}{'+' if changed else ''}"


def _processor() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((row.partition(":")[2].strip() for row in rows if row.startswith("model name")), platform.machine())


def markdown(measured: list[Measured], about: dict[str, object]) -> str:
    """The table of each size, and what length of history costs where both of its sizes were measured."""
    head = (
        f"Measured on {about['date']} at commit {about['commit']}: {about['processor']}, {about['cores']} cores, Python {about['python']}, "
        f"SQLite {about['sqlite']}, a flush of the disk {about['flush_ms']} ms. Medians; the load client shares the cores."
    )
    parts = [head, *(_table(each) for each in measured)]
    by_letter = {each.size.letter: each for each in measured}
    if {"k", "m"} <= set(by_letter):
        parts.append(_ratios(by_letter["k"], by_letter["m"]))
    return "\n\n".join(parts) + "\n"


def _table(measured: Measured) -> str:
    letter = measured.size.letter
    beside = measured.reference is not None
    titles = ["what", "measured", *(["reference beside it"] if beside else []), "budget", "reference, measured once"]
    lines = [f"## {measured.size.label}", "", f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for row in ROWS:
        cells = [row.title, _cell(row, measured.figures)]
        if measured.reference is not None:
            cells.append(_cell(row, measured.reference))
        cells += [_with_unit(row.expected(letter), row.unit), _with_unit(row.known(letter), row.unit)]
        lines.append(f"| {' | '.join(cells)} |")
    for figures, whose in ((measured.figures, "not measured"), (measured.reference, "not measured at the reference")):
        if figures is not None and figures.missing:
            lines += ["", *(f"{whose}: {what} ({reason})" for what, reason in figures.missing.items())]
    return "\n".join(lines)


def _cell(row: Row, figures: Figures) -> str:
    value = figures.values.get(row.key)
    return "–" if value is None else _with_unit(_number(value), row.unit)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if text else ""


def _number(value: float) -> str:
    """Three figures that count, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratios(few: Measured, many: Measured) -> str:
    lines = ["## A million runs against ten thousand", "", "| what | ratio |", "|---|---|"]
    for row in ROWS:
        before, after = few.figures.values.get(row.key), many.figures.values.get(row.key)
        if before and after:
            worse = before / after if row.unit.endswith("/s") else after / before
            lines.append(f"| {row.title} | {worse:.2f} × |")
    return "\n".join(lines)
