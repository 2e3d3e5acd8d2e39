"""Charts in mails: pictures that show what they are made of."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from duplistatus.evaluate.summary import DayBar
from duplistatus.i18n.languages import ENGLISH, LANGUAGES
from duplistatus.notify import summary_charts as charts
from duplistatus.notify.summary_charts import chosen, next_round, number_top, size_top
from duplistatus.notify.summary_words import voice

SAY = voice(ENGLISH, "UTC")
FIRST = 20_760
GIB = 1024**3


def picture(png: bytes) -> Image.Image:
    found = Image.open(BytesIO(png)).convert("RGB")
    assert found.size == (1_000, 360)
    return found


def share(image: Image.Image, color: str, *, left: float = 0, right: float = 1) -> float:
    """How much of a part of the picture has that colour."""
    part = image.crop((int(left * image.width), 0, int(right * image.width), image.height))
    wanted = ImageColor.getrgb(color)
    counts = part.getcolors(part.width * part.height) or []
    return sum(count for count, found in counts if found == wanted) / (part.width * part.height)


def test_bars_are_as_high_as_their_days_are_busy() -> None:
    days = [DayBar(FIRST + number, runs=10 if number < 5 else 5) for number in range(10)]
    image = picture(charts.results_chart(days, SAY))
    left, right = share(image, charts.FINISHED, right=0.5), share(image, charts.FINISHED, left=0.55)
    assert left > 0.3
    assert right == pytest.approx(left / 2, rel=0.25)
    assert share(image, charts.FAILED) == 0


def test_one_failed_run_among_hundreds_is_seen() -> None:
    days = [DayBar(FIRST + number, runs=500, failures=int(number == 15)) for number in range(31)]
    image = picture(charts.results_chart(days, SAY))
    assert 0 < share(image, charts.FAILED) < 0.005
    assert share(image, charts.FAILED, right=0.4) == 0


def test_what_was_uploaded_and_stored_is_drawn_from_nothing_up() -> None:
    days = [DayBar(FIRST + number, uploaded=number * GIB, stored=8 * GIB) for number in range(7)]
    image = picture(charts.uploaded_chart(days, SAY))
    assert share(image, charts.UPLOADED, right=0.4) < share(image, charts.UPLOADED, left=0.6)
    flat = picture(charts.stored_chart(days, SAY))
    # Eight of eight: the line is at the top, all below is filled.
    assert share(flat, "#c9dcee") > 0.5


@pytest.mark.parametrize("count", [0, 1, 2, 7, 28, 31])
def test_charts_can_be_drawn_of_any_days_in_any_language(count: int) -> None:
    days = [DayBar(FIRST + number) for number in range(count)]
    for language in LANGUAGES:
        say = voice(language, "UTC")
        for draw in (charts.results_chart, charts.uploaded_chart, charts.stored_chart):
            picture(draw(days, say))


def test_pictures_are_small_files() -> None:
    days = [DayBar(FIRST + number, 3_000 + number, number, number * 7 * GIB, 900 * GIB + number) for number in range(31)]
    sizes = [len(draw(days, SAY)) for draw in (charts.results_chart, charts.uploaded_chart, charts.stored_chart)]
    assert all(1_000 < size < 40_000 for size in sizes), sizes


@given(st.integers(0, 10**18))
def test_the_end_of_an_axis_is_round_and_not_far_above(most: int) -> None:
    found = next_round(most)
    assert most <= found <= max(1, 2 * most)
    assert len(str(found).rstrip("0")) <= 2
    top = size_top(most, SAY)
    assert most <= top.value <= max(2 * 1024, 2.6 * most)
    assert len(top.label) <= len("800 GiB") or most > 800 * 1024**6


def test_axes_say_what_people_say() -> None:
    assert [number_top(most, SAY).label for most in (0, 1, 7, 21, 130, 3_000)] == ["1", "1", "8", "25", "150", "3,000"]
    assert [size_top(most, SAY).label for most in (0, 500, 37 * GIB, 900 * GIB, 9 * 1024 * GIB)] == [
        "1 B",
        "500 B",
        "40 GiB",
        "1 TiB",
        "10 TiB",
    ]


def test_dates_stand_at_equal_distances() -> None:
    assert [list(chosen(count)) for count in (0, 1, 5, 7, 31)] == [[], [0], [0, 1, 2, 3, 4], [0, 2, 4, 6], [0, 8, 16, 24]]
