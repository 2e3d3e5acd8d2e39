"""Charts of a week or month as pictures for mails. In: a bar a day, and how numbers are written; out: PNG of twice the pixels that it is
shown with. In the pictures stand digits and units alone, large enough for a phone; what they show is said beside them. They bring their
own ground, which is calm on white and on black."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from duplistatus.evaluate.summary import DayBar
from duplistatus.notify.summary_forms import WIDTH
from duplistatus.notify.summary_words import Voice

HEIGHT = 180
"""Pixels of the style sheet, as the width; a phone shows them at six tenths."""
_SCALE = 4
"""Drawn so much larger, and then made smaller by half: lines get soft edges."""
_SHARP = 2
_GROUND, _GRID, _INK = "#f3f5f8", "#d5dae2", "#414c5b"
FINISHED, FAILED, UPLOADED, STORED = "#7ba7d0", "#b3261e", "#4d86bd", "#4d86bd"
_UNDER_LINE = "#c9dcee"
_FONT = 16
_LEFT, _RIGHT, _TOP, _BOTTOM = 10, 12, 16, 30
_GAP = 8
_LEAST = 3
"""The height of a bar of something; a single failed run among hundreds is seen."""
_DATES = 5
"""Dates below a chart at most."""
_STEP = 1024
_MOST_OF_A_UNIT = 800
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SMALL = (1, 2, 3, 4, 5, 6, 8, 10)
_ROUND = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)


@dataclass(frozen=True, slots=True)
class Top:
    """The upper end of an axis: its value and how that is written."""

    value: float
    label: str


def results_chart(days: Sequence[DayBar], voice: Voice) -> bytes:
    """Runs each day, those that failed at the bottom in a colour of their own."""
    parts = [((day.failures, FAILED), (day.runs - day.failures, FINISHED)) for day in days]
    return _bars(days, parts, number_top(max((day.runs for day in days), default=0), voice), voice)


def uploaded_chart(days: Sequence[DayBar], voice: Voice) -> bytes:
    """Bytes uploaded each day."""
    return _bars(
        days, [((day.uploaded, UPLOADED),) for day in days], size_top(max((day.uploaded for day in days), default=0), voice), voice
    )


def stored_chart(days: Sequence[DayBar], voice: Voice) -> bytes:
    """Bytes stored at the end of each day, from nothing up, so that the line does not make little much."""
    canvas = _Canvas(size_top(max((day.stored for day in days), default=0), voice), voice)
    slot = canvas.width / max(1, len(days))
    points = [(canvas.left + (index + 0.5) * slot, canvas.y(day.stored)) for index, day in enumerate(days)]
    if points:
        # To both edges, so that one day alone is seen as well.
        points = [(canvas.left, points[0][1]), *points, (canvas.left + canvas.width, points[-1][1])]
        canvas.draw.polygon([*points, (points[-1][0], canvas.bottom), (points[0][0], canvas.bottom)], fill=_UNDER_LINE)
        canvas.draw.line(points, fill=STORED, width=3 * _SCALE, joint="curve")
    return canvas.finish(days)


def _bars(days: Sequence[DayBar], parts: Sequence[tuple[tuple[int, str], ...]], top: Top, voice: Voice) -> bytes:
    canvas = _Canvas(top, voice)
    slot = canvas.width / max(1, len(days))
    inset = max(1.0, slot * 0.14)
    for index, stack in enumerate(parts):
        left, right = canvas.left + index * slot + inset, canvas.left + (index + 1) * slot - inset
        boxes: list[tuple[tuple[float, float, float, float], str]] = []
        begun = 0
        for value, color in stack:
            if value > 0:
                upper = min(canvas.y(begun + value), canvas.y(begun) - _LEAST * _SCALE)
                boxes.append(((left, upper, right, canvas.y(begun)), color))
                begun += value
        # The lowest last: what makes it visible must not be covered.
        for box, color in reversed(boxes):
            canvas.draw.rectangle(box, fill=color)
    return canvas.finish(days)


class _Canvas:
    """A ground with an axis; `y` is the height of a value on it."""

    def __init__(self, top: Top, voice: Voice) -> None:
        from PIL import Image, ImageDraw, ImageFont

        self._top, self._voice = top, voice
        self._image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _GROUND)
        self.draw = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(_FONT * _SCALE)
        labels = max(self.draw.textlength(_plain(text), font=self._font) for text in (top.label, "0"))
        self.left = _LEFT * _SCALE + labels + _GAP * _SCALE
        self.width = (WIDTH - _RIGHT) * _SCALE - self.left
        self.bottom = (HEIGHT - _BOTTOM) * _SCALE
        self._height = self.bottom - _TOP * _SCALE
        for share, label in ((0.0, "0"), (0.5, ""), (1.0, top.label)):
            y = self.bottom - share * self._height
            self.draw.line((self.left, y, self.left + self.width, y), fill=_GRID, width=_SCALE)
            self.draw.text((self.left - _GAP * _SCALE, y), _plain(label), fill=_INK, font=self._font, anchor="rm")

    def y(self, value: float) -> float:
        return self.bottom - value / self._top.value * self._height

    def finish(self, days: Sequence[DayBar]) -> bytes:
        """Writes the dates; the picture."""
        from PIL import Image

        slot = self.width / max(1, len(days))
        for index in chosen(len(days)):
            x = self.left + (index + 0.5) * slot
            text = _plain(self._voice.short_day(days[index].date))
            half = self.draw.textlength(text, font=self._font) / 2
            x = min(max(x, self.left + half - _GAP * _SCALE), (WIDTH - _RIGHT / 2) * _SCALE - half)
            self.draw.text((x, self.bottom + _GAP * _SCALE / 2), text, fill=_INK, font=self._font, anchor="ma")
        size = (WIDTH * _SHARP, HEIGHT * _SHARP)
        small = self._image.resize(size, Image.Resampling.LANCZOS)
        file = BytesIO()
        small.save(file, "PNG", optimize=True)
        return file.getvalue()


def chosen(count: int) -> range:
    """The days whose dates are written: the first, and others at the same distance."""
    return range(0, count, max(1, -(-(count - 1) // (_DATES - 1))))


def number_top(most: int, voice: Voice) -> Top:
    """The end of an axis of whole numbers."""
    found = next_round(most)
    return Top(found, voice.number(found))


def size_top(most: int, voice: Voice) -> Top:
    """The end of an axis of bytes, in a unit that people count in."""
    unit = 0
    while most > _MOST_OF_A_UNIT * _STEP**unit and unit < len(_UNITS) - 1:
        unit += 1
    amount = -(-most // _STEP**unit)
    found = next_round(amount)
    return Top(found * _STEP**unit, f"{voice.number(found)} {_UNITS[unit]}")


def next_round(most: int) -> int:
    """The first round number that is not below."""
    if most <= _SMALL[-1]:
        return next(each for each in _SMALL if each >= most)
    scale = 1
    while most > _ROUND[-1] * scale:
        scale *= 10
    return next(each * scale for each in _ROUND if each * scale >= most)


def _plain(text: str) -> str:
    """The font has no narrow or no-break blanks."""
    return "".join(" " if letter.isspace() else letter for letter in text)
