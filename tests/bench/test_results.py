from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench.measuring import Figures
from bench.results import Measured, write
from bench.rows import ROWS
from bench.sizes import SIZES

if TYPE_CHECKING:
    from pathlib import Path


def measured(letter: str, rate: float, *, missing: dict[str, str] | None = None) -> Measured:
    figures = Figures(missing=missing or {})
    figures.keep("summary_rate", [rate - 1, rate, rate + 500])
    return Measured(SIZES[letter], figures, 1.0)


def test_the_table_names_every_row_with_budget_and_reference(tmp_path: Path) -> None:
    _, table = write(tmp_path, [measured("b", 4321)], {})
    text = table.read_text()
    assert all(f"| {row.title} |" in text for row in ROWS)
    assert "| `GET /api/summary`, 1 client | 4 321 req/s | ≥ 3 000 req/s | 9.1 req/s |" in text


def test_what_was_not_measured_is_said_with_its_reason(tmp_path: Path) -> None:
    _, table = write(tmp_path, [measured("a", 1, missing={"browser": "no Chromium here"})], {})
    text = table.read_text()
    assert "| `GET /api/dashboard`, p50 | – |" in text
    assert "not measured: browser (no Chromium here)" in text


def test_the_reference_stands_beside_when_it_was_measured(tmp_path: Path) -> None:
    own = measured("a", 4000)
    beside = Measured(own.size, own.figures, 1.0, measured("a", 805).figures)
    _, table = write(tmp_path, [beside], {})
    assert "| `GET /api/summary`, 1 client | 4 000 req/s | 805 req/s | ≥ 3 000 req/s | 805 req/s |" in table.read_text()


def test_a_long_history_is_held_against_a_short_one(tmp_path: Path) -> None:
    _, table = write(tmp_path, [measured("k", 4000), measured("m", 2000)], {})
    assert "| `GET /api/summary`, 1 client | 2.00 × |" in table.read_text()


def test_the_json_holds_machine_commit_date_and_every_round(tmp_path: Path) -> None:
    text, _ = write(tmp_path, [measured("a", 10)], {"rounds": 3})
    kept = json.loads(text.read_bytes())
    assert {"date", "commit", "processor", "cores", "python", "sqlite", "options"} <= set(kept)
    assert kept["sizes"][0]["figures"]["rounds"]["summary_rate"] == [9, 10, 510]
    assert kept["sizes"][0]["figures"]["values"]["summary_rate"] == 10
