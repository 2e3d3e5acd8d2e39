"""Running products and a browser's windows to them. Whatever the browser complains about fails the test that looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import pytest
from playwright.sync_api import expect

from duplistatus.clock import moment
from tests.browser.site import Site, running, tell_story
from tests.browser.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

Scheme = Literal["dark", "light"]

PATIENCE = 20_000
"""Milliseconds for what a page is about to show: machines that run tests are busy, and what is there is seen at once."""
expect.set_options(timeout=PATIENCE)


class Visit(Protocol):
    """Opens a page of a site in a new window with cookies of its own."""

    def __call__(
        self,
        site: Site,
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 800,
        theme: str | None = None,
        scheme: Scheme = "light",
        still: bool = False,
        signed_in: bool = True,
        zone: str = "UTC",
        touch: bool = False,
    ) -> Page: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The fleet of `tell_story`. Tests look at it and leave it as it is."""
    with running(tmp_path_factory.mktemp("story")) as site:
        tell_story(site)
        yield site


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What two generations of Duplicati really sent, and some documents that are no reports. Tests leave it as it is."""
    with running(tmp_path_factory.mktemp("recorded")) as site:
        for generation in ("2.1.0.5", "2.3.0.4"):
            site.replay(generation)
        site.judge()
        assert site.deliver(b'{"test":"connection"}') == 400
        assert site.deliver(b"<script>alert(1)</script><b>no report</b>", "text/html") == 400
        yield site


@pytest.fixture
def fresh(data_dir: Path) -> Iterator[Site]:
    """A product to which nobody has reported yet; the test may do with it what it likes."""
    with running(data_dir) as site:
        yield site


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the browser complains about; nothing, unless the test expects it."""
    listener = Watch()
    yield listener
    assert listener.complaints() == []


def sign_in(page: Page, site: Site, password: str | None = None) -> None:
    """Signs in by the form of the page that is open."""
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(password or site.password)
    page.get_by_role("button", name="Sign in").click()


def _state(browser: Browser, site: Site) -> None:
    """Signs in once a site, without the form and its page; later windows share the session."""
    if site.session is None:
        with browser.new_context() as context:
            token = context.request.get(f"{site.address}/api/csrf").json()["token"]
            credentials = {"username": "admin", "password": site.password}
            answer = context.request.post(f"{site.address}/api/auth/login", data=credentials, headers={"X-CSRF-Token": token})
            assert answer.ok, answer.text()
            site.session = context.storage_state()


@pytest.fixture
def visit(chromium: Browser, watch: Watch) -> Iterator[Visit]:
    """Opens windows; they are closed at the end of the test."""
    windows: list[BrowserContext] = []

    def open_window(
        site: Site,
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 800,
        theme: str | None = None,
        scheme: Scheme = "light",
        still: bool = False,
        signed_in: bool = True,
        zone: str = "UTC",
        touch: bool = False,
    ) -> Page:
        if signed_in:
            _state(chromium, site)
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            storage_state=site.session if signed_in else None,
            color_scheme=scheme,
            reduced_motion="reduce" if still else "no-preference",
            locale="en-GB",
            timezone_id=zone,
            has_touch=touch,
        )
        windows.append(context)
        site.windows.append(context)
        context.set_default_timeout(PATIENCE)
        if theme is not None:
            context.add_cookies([{"name": "theme", "value": theme, "url": site.address}])
        context.clock.set_fixed_time(moment(site.clock.now()))
        watch.listen(context)
        page = context.new_page()
        page.goto(f"{site.address}{path}")
        return page

    yield open_window
    for window in windows:
        window.close()


@pytest.fixture
def marked() -> Callable[[Page], Callable[[], bool]]:
    """Marks a page; the function it returns says whether it is still the same page, not loaded anew."""

    def mark(page: Page) -> Callable[[], bool]:
        page.evaluate("() => { window.sameAsBefore = true; }")
        return lambda: bool(page.evaluate("() => window.sameAsBefore === true"))

    return mark
