"""Draws docs/images/architecture.svg: the packages, and how a report travels through them from left to right."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

TARGET = Path(__file__).parent.parent / "docs" / "images" / "architecture.svg"

WIDTH, HEIGHT = 1210, 530

STYLE = """
text { font: 14px system-ui, "Segoe UI", sans-serif; fill: #1f2328; text-anchor: middle; }
.name { font-weight: 600; font-size: 16px; }
.note { fill: #57606a; font-size: 13px; }
.side { text-anchor: start; }
.ground { fill: #ffffff; }
.process { fill: #f6f8fa; stroke: #d0d7de; }
.stage { fill: #ddeaf8; stroke: #3b6ea5; }
.around { fill: #ffffff; stroke: #8c959f; }
.outside { fill: #ffffff; stroke: #8c959f; stroke-dasharray: 5 4; }
.kept { fill: #fff4d6; stroke: #9a7416; }
.flow { fill: none; stroke: #3b6ea5; stroke-width: 2; marker-end: url(#head); }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with a name and up to two lines that say what it is."""

    name: str
    notes: tuple[str, ...]
    left: int
    top: int
    width: int
    height: int
    kind: str

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def middle(self) -> int:
        return self.left + self.width // 2

    def draw(self) -> str:
        first = self.top + self.height // 2 - 9 * len(self.notes) + 5
        lines = [f'<text class="name" x="{self.middle}" y="{first}">{escape(self.name)}</text>']
        lines += [
            f'<text class="note" x="{self.middle}" y="{first + 18 * number}">{escape(note)}</text>'
            for number, note in enumerate(self.notes, start=1)
        ]
        shape = f'<rect class="{self.kind}" x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}" rx="6"/>'
        return "\n".join([shape, *lines])


def arrow(*points: tuple[int, int], label: str = "", at: tuple[int, int] = (0, 0)) -> str:
    """A line through the points with a head at its end, and words beside it."""
    path = " L ".join(f"{x} {y}" for x, y in points)
    text = f'\n<text class="note" x="{at[0]}" y="{at[1]}">{escape(label)}</text>' if label else ""
    return f'<path class="flow" d="M {path}"/>{text}'


def draw() -> str:
    """The whole picture as SVG."""
    stages_top, stage_height = 120, 92
    duplicati = Box("Duplicati", ("one report", "after each run"), 20, stages_top, 120, stage_height, "outside")
    report = Box("report", ("parse: bytes", "become values"), 210, stages_top, 130, stage_height, "stage")
    ingest = Box("ingest", ("the doors, and", "one transaction"), 380, stages_top, 130, stage_height, "stage")
    store = Box("store", ("keep: SQL,", "single writer"), 550, stages_top, 130, stage_height, "stage")
    evaluate = Box("evaluate", ("decide: rules", "over values"), 720, stages_top, 130, stage_height, "stage")
    notify = Box("notify", ("tell: outbox,", "channels"), 890, stages_top, 130, stage_height, "stage")
    people = Box("People", ("mail, push,", "chat"), 1070, stages_top, 125, stage_height, "outside")
    web = Box("web", ("present what store and evaluate know: pages, JSON, events, metrics",), 550, 262, 470, 64, "stage")
    readers = Box("Readers", ("browsers,", "programs"), 1070, 262, 125, 64, "outside")
    database = Box("SQLite file", ("or PostgreSQL",), 380, 262, 130, 64, "kept")
    background = Box("background", ("what happens by time",), 720, 34, 300, 50, "around")
    roots = Box("app · cli", ("put the parts together, start them",), 210, 34, 470, 50, "around")
    ground = Box("security · i18n", ("accounts, sessions, limits; languages and formats",), 210, 352, 810, 50, "around")
    settings = Box("settings · clock", ("the only readers of the environment and of the time",), 210, 414, 810, 50, "around")
    boxes = (
        duplicati, report, ingest, store, evaluate, notify, people, web, readers, database, background, roots, ground, settings,
    )  # fmt: skip
    middle = stages_top + stage_height // 2
    stages = (duplicati, report, ingest, store, evaluate, notify, people)
    flows = [arrow((left.right + 3, middle), (right.left - 4, middle)) for left, right in itertools.pairwise(stages)]
    flows += [
        arrow((580, store.bottom + 2), (580, 236), (database.middle, 236), (database.middle, database.top - 4)),
        arrow((640, store.bottom + 2), (640, web.top - 4)),
        arrow((evaluate.middle, evaluate.bottom + 2), (evaluate.middle, web.top - 4)),
        arrow((evaluate.middle, background.bottom + 2), (evaluate.middle, evaluate.top - 4)),
        arrow((notify.middle, background.bottom + 2), (notify.middle, notify.top - 4)),
        arrow((web.right + 3, web.top + 32), (readers.left - 4, web.top + 32)),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title description">',
            '<title id="title">The packages of duplistatus</title>',
            '<desc id="description">A report of Duplicati passes from left to right through report, ingest, store, evaluate and notify '
            "to people; web presents what store and evaluate know; background acts by time.</desc>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="5" markerHeight="5" orient="auto">'
            '<path d="M 0 0 L 8 4 L 0 8 z" fill="#3b6ea5"/></marker></defs>',
            f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
            '<rect class="process" x="180" y="14" width="870" height="472" rx="10"/>',
            '<text class="note side" x="184" y="510">'
            "One process. Arrows are the way of the data; which package may import which is said in the text.</text>",
            *flows,
            *(box.draw() for box in boxes),
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(draw(), encoding="utf-8")
