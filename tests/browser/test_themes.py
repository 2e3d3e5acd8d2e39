"""Dark as delivered, light, and as the system has it; and nothing that moves for those who want no motion."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Scheme, Visit
    from tests.browser.site import Site

# A canvas turns any way to write a colour into bytes.
_GROUND = """() => {
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3 < 128 ? 'dark' : 'light';
}"""


def _ground(page: Page) -> str:
    return str(page.evaluate(_GROUND))


def _choose(page: Page, theme: str) -> None:
    page.locator("#theme-menu summary").click()
    page.get_by_role("button", name=theme).click()
    expect(page.locator("#theme-menu")).not_to_have_attribute("open", re.compile(""))


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_is_dark_as_delivered_whatever_the_system_has(visit: Visit, story: Site, scheme: Scheme) -> None:
    assert _ground(visit(story, scheme=scheme)) == "dark"
    assert _ground(visit(story, "/login", scheme=scheme, signed_in=False)) == "dark"


def test_a_chosen_theme_shows_at_once_and_stays(visit: Visit, story: Site) -> None:
    page = visit(story)
    _choose(page, "Light")
    assert _ground(page) == "light"
    expect(page.locator('[data-theme-choice="light"]')).to_have_attribute("aria-pressed", "true")
    page.reload()
    assert _ground(page) == "light"
    page.goto(f"{story.address}/detail/id-harbour")
    assert _ground(page) == "light"
    window = page.context.new_page()
    window.goto(f"{story.address}/rejected")
    assert _ground(window) == "light"
    _choose(window, "Dark")
    page.reload()
    assert _ground(page) == "dark"


def test_the_servers_first_bytes_have_the_chosen_theme_so_that_nothing_flashes(visit: Visit, story: Site) -> None:
    page = visit(story)
    _choose(page, "Light")
    body = page.context.request.get(f"{story.address}/").text()
    assert 'data-theme="light"' in body


def test_the_theme_can_follow_the_system(visit: Visit, story: Site) -> None:
    page = visit(story, scheme="light")
    _choose(page, "As the system")
    assert _ground(page) == "light"
    page.emulate_media(color_scheme="dark")
    assert _ground(page) == "dark"
    page.reload()
    assert _ground(page) == "dark"
    page.emulate_media(color_scheme="light")
    assert _ground(page) == "light"


def test_charts_take_the_colours_of_the_theme(visit: Visit, story: Site) -> None:
    page = visit(story, "/detail/id-harbour")
    canvas = page.locator("figure[data-chart='stored_size'] canvas")
    expect(canvas).to_be_visible()
    dark = canvas.evaluate("canvas => canvas.toDataURL()")
    _choose(page, "Light")
    page.wait_for_function(
        "([canvas, dark]) => canvas.isConnected ? canvas.toDataURL() !== dark : true", arg=[canvas.element_handle(), dark]
    )
    expect(canvas).to_be_visible()
    assert canvas.evaluate("canvas => canvas.toDataURL()") != dark


@pytest.mark.parametrize("still", [False, True])
def test_only_a_running_mark_turns_and_not_for_those_who_want_no_motion(visit: Visit, fresh: Site, still: bool) -> None:
    page = visit(fresh, still=still)
    expect(page.get_by_role("heading", name="Waiting for the first report …")).to_be_visible()
    moving = page.evaluate("document.getAnimations().map(animation => animation.effect.target.getAttribute('class'))")
    assert moving == ([] if still else ["mark run"])
