from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from bench.__main__ import main
from bench.rows import ROWS

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = {"paint_ms", "usable_ms", "scripts_kb", "styles_kb", "fonts_kb"}


def test_the_product_is_measured_as_a_process_and_every_row_has_a_figure(tmp_path: Path) -> None:
    small = ["--rounds", "1", "--seconds", "0.1", "--messages", "100", "--duplicatis", "10", "--no-browser"]
    arguments = ["--sizes", "a", *small, "--out", str(tmp_path)]
    ended = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    written = next(tmp_path.glob("*.json"))
    kept = json.loads(written.read_bytes())["sizes"][0]["figures"]
    assert kept["missing"] == {"browser": "the browser was left out"}
    assert set(kept["values"]) == {row.key for row in ROWS} - BROWSER
    assert all(value > 0 for value in kept["values"].values())


def test_an_unknown_size_is_refused_by_name() -> None:
    ended = CliRunner().invoke(main, ["--sizes", "a,z"])
    assert ended.exit_code == 2
    assert "there is no size 'z'" in ended.output


def test_another_server_is_measured_with_one_size_only() -> None:
    ended = CliRunner().invoke(main, ["--sizes", "a,b", "--reference", "http://127.0.0.1:9"])
    assert ended.exit_code == 2
    assert "name one size" in ended.output
