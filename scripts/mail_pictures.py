"""Draws the mails of every event as they look in a browser: in every language, at the width of a phone and of a window, light and dark.
In: a folder for the pictures; out: PNG files in it. The demo's fleet is what they tell of."""

from __future__ import annotations

import argparse
import base64
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from duplistatus.app import seed_demo
from duplistatus.clock import DAY, Instant, SetClock, instant
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.template import Name
from duplistatus.i18n.languages import LANGUAGES
from duplistatus.notify.message import Message
from duplistatus.notify.phrasebook import texts_of
from duplistatus.notify.rendering import Renderer
from duplistatus.notify.samples import sample_of
from duplistatus.notify.templates import TemplateSet
from duplistatus.settings import Settings
from duplistatus.store.database import Connection, Database
from duplistatus.store.fleet import jobs
from duplistatus.store.outbox import Delivery
from tests.fixtures.chromium import find, flags

NOW = instant(datetime(2026, 11, 21, 12, tzinfo=UTC))
WIDTHS = (360, 700)
SCHEMES = ("light", "dark")


def messages(connection: Connection, renderer: Renderer, code: str) -> Iterator[tuple[str, Message]]:
    """One of each kind."""
    language = next(each for each in LANGUAGES if each.code == code)
    templates = TemplateSet(texts_of(language), {})
    for name in Name:
        yield name.value, renderer.preview(connection, sample_of(connection, name, "Europe/Berlin", NOW).delivery, templates)
    late = [
        {"job_id": job.id, "expected_at": NOW - number * DAY, "overdue_at": NOW - number * DAY, "last_begun_at": NOW - (number + 1) * DAY}
        for number, job in enumerate(jobs(connection)[:12], 1)
    ]
    for title, event, details in (
        ("group", Event.OVERDUE, {"jobs": late, "down_since": None}),
        ("test", Event.TEST, {}),
        ("selfTest", Event.TEST, {"self_test": True}),
    ):
        yield title, renderer.preview(connection, Delivery(0, "x", 0, "", 0, NOW, 0, event, None, None, None, NOW, details), templates)


def html_of(message: Message) -> str:
    html = message.html
    for image in message.images:
        html = html.replace(f'"cid:{image.name}"', f'"data:image/png;base64,{base64.b64encode(image.png).decode()}"')
    return html


def draw(browser: Browser, html: str, file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 400}, color_scheme="dark" if scheme == "dark" else "light")
    page.set_content(html)
    page.screenshot(path=file, full_page=True)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", action="append", choices=[each.code for each in LANGUAGES])
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    clock = SetClock(Instant(NOW))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Settings(data_dir=Path(folder) / "data", time_zone="Europe/Berlin", public_url="https://backups.example.org")
        seed_demo(settings, clock)
        database = Database(settings.database_file)
        browser = playwright.chromium.launch(executable_path=find(), args=flags())
        renderer = Renderer(settings, clock)
        with database.read() as connection:
            for code in arguments.language or [each.code for each in LANGUAGES]:
                for name, message in messages(connection, renderer, code):
                    for width in WIDTHS:
                        for scheme in SCHEMES:
                            draw(browser, html_of(message), arguments.folder / f"{code}-{name}-{width}-{scheme}.png", width, scheme)
        browser.close()
        database.close()


if __name__ == "__main__":
    main()
