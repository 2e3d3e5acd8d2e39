"""Draws the pictures of the pages that the README shows: `.venv/bin/python -m scripts.screenshots`. In: the demo's fleet at a fixed moment,
an empty product, the system's Chromium; out: docs/images/<page>.png. The same look gives the same pictures."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from duplistatus.app import build, seed_demo
from duplistatus.clock import SetClock, instant, moment
from duplistatus.settings import Settings
from tests.fixtures.chromium import find, flags
from tests.fixtures.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parent.parent / "docs" / "images"
NOW = instant(datetime(2026, 11, 21, 10, tzinfo=UTC))
PASSWORD = "Demo2026"  # noqa: S105 - the demo's data are invented

# What browsers take for the system's font depends on what is installed; these have the measures of what most people see.
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match target="pattern"><test name="family" qual="any" compare="contains"><string>sans</string></test>
<test name="family" qual="all" compare="not_contains"><string>mono</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Noto Sans</string><string>Liberation Sans</string></edit></match>
</fontconfig>"""


@dataclass(frozen=True)
class Picture:
    """A page: where links of these names lead, one after the other, beginning at `path`."""

    name: str
    path: str
    theme: str
    size: tuple[int, int] = (1440, 900)
    follow: tuple[str, ...] = ()


FLEET = (
    Picture("dashboard-dark", "/", "dark"),
    Picture("dashboard-light", "/", "light"),
    Picture("dashboard-phone", "/", "light", (360, 780)),
    Picture("table", "/?view=table", "light"),
    Picture("charts", "/?view=charts", "dark", (1440, 720)),
    Picture("server", "/", "dark", follow=("anna-laptop",)),
    Picture("run", "/", "light", follow=("homelab", "Failing")),
)
EMPTY = (Picture("first-run", "/", "light", (1100, 720)),)
LOGIN = Picture("login", "/login", "dark", (900, 560))


@contextmanager
def _product(folder: str, *, with_demo: bool) -> Iterator[str]:
    settings, clock = Settings(data_dir=Path(folder), admin_password=PASSWORD, public_url="http://nas:9666"), SetClock(NOW)
    if with_demo:
        seed_demo(settings, clock)
    with serving(build(settings, clock)) as address:
        yield address


def _draw(browser: Browser, address: str, pictures: tuple[Picture, ...]) -> None:
    for picture in pictures:
        width, height = picture.size
        with browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Europe/Oslo", reduced_motion="reduce"
        ) as context:
            context.clock.set_fixed_time(moment(NOW))
            context.add_cookies([{"name": name, "value": value, "url": address} for name, value in _cookies(picture)])
            page = context.new_page()
            page.goto(f"{address}/login")
            if picture is not LOGIN:
                _sign_in(page)
                page.goto(f"{address}{picture.path}")
            for name in picture.follow:
                page.get_by_role("link", name=name, exact=True).first.click()
                page.wait_for_load_state()
            if page.locator("[data-charts]").count():
                page.locator(".plot canvas").nth(5).wait_for()
            page.evaluate("document.fonts.ready")
            page.mouse.move(0, 0)
            page.screenshot(path=IMAGES / f"{picture.name}.png")


def _cookies(picture: Picture) -> tuple[tuple[str, str], ...]:
    return (("theme", picture.theme), ("zone", "Europe%2FOslo"))


def _sign_in(page: Page) -> None:
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Account of admin").wait_for()


def main() -> None:
    program = find()
    if program is None:
        sys.exit("There is no Chromium here that can be driven.")
    with tempfile.TemporaryDirectory() as folder:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(FONTS, encoding="utf-8")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=flags(), env={**os.environ, "FONTCONFIG_FILE": str(fonts)})
            with _product(f"{folder}/demo", with_demo=True) as address:
                _draw(browser, address, (*FLEET, LOGIN))
            with _product(f"{folder}/empty", with_demo=False) as address:
                _draw(browser, address, EMPTY)
            browser.close()


if __name__ == "__main__":
    main()
