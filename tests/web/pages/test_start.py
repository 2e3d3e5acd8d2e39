"""The first-run page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.settings import Settings
from duplistatus.web.pages.start import generations
from tests.web.api.reports import Made, send
from tests.web.conftest import ADMIN_PASSWORD
from tests.web.pages.html import Element, read

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

UPLOAD = "http://dashboard.test/api/upload"
# Options that a generation does not know would be a warning in each of its runs.
KNOWN = {
    "g23": {"send-http-json-urls", "send-http-log-level", "send-http-max-log-lines", "http-report-status-url"},
    "g21": {"send-http-json-urls", "send-http-log-level", "send-http-max-log-lines"},
    "g20": {"send-http-url", "send-http-result-output-format", "send-http-log-level", "send-http-max-log-lines"},
}


def copied(page: Element) -> dict[str, list[str]]:
    """What the copy buttons of each generation copy."""
    return {name: [each.attributes["data-copy"] for each in page.one(id=f"options-{name}").all("button")] for name in KNOWN}


def test_each_generation_gets_only_the_options_that_it_knows() -> None:
    for generation in generations(UPLOAD):
        names = {option.name for option in (*generation.options, *generation.live)}
        assert names == KNOWN[generation.id]


def test_options_can_be_copied_as_text_and_field_by_field(admin: TestClient) -> None:
    buttons = copied(read(admin.get("/start")))
    assert buttons["g21"] == [
        f"--send-http-json-urls={UPLOAD}\n--send-http-log-level=Information\n--send-http-max-log-lines=0",
        UPLOAD,
        "Information",
        "0",
    ]
    assert buttons["g20"][0].splitlines() == [
        f"--send-http-url={UPLOAD}",
        "--send-http-result-output-format=Json",
        "--send-http-log-level=Information",
        "--send-http-max-log-lines=0",
    ]
    assert buttons["g23"][-1] == f"--http-report-status-url={UPLOAD}"


def test_one_generation_is_shown_and_the_others_are_a_click_away(admin: TestClient) -> None:
    page = read(admin.get("/start"))
    shown = {name for name in KNOWN if "hidden" not in page.one(id=f"options-{name}").attributes}
    pressed = {each.attributes["data-choose"] for each in page.all("button", aria_pressed="true", data_group="generation")}
    assert (shown, pressed) == ({"g23"}, {"options-g23"})


def test_it_waits_for_the_first_report_and_then_leads_to_it(admin: TestClient, clock: SetClock) -> None:
    waiting = read(admin.get("/start")).one("li", id="arrival")
    assert "Waiting for the first report" in waiting.text
    assert (waiting.attributes["hx-get"], waiting.attributes["hx-trigger"]) == ("/start", "changed")
    send(admin, Made(Instant(clock.now() - HOUR), server="nas", job="Photos"))
    arrived = read(admin.get("/start")).one("li", id="arrival")
    link = arrived.all("a")[0]
    assert link.text == "nas · Photos"
    assert admin.get(link.attributes["href"]).status_code == 200


def test_localhost_is_called_what_it_is(admin: TestClient) -> None:
    assert "localhost" not in admin.get("/start").text
    assert "localhost" in admin.get("/start", headers={"host": "localhost:9666"}).text


def test_a_strange_host_is_shown_as_text(admin: TestClient) -> None:
    answer = admin.get("/start", headers={"host": 'x"><script>alert(1)</script>'})
    assert "<script>alert" not in answer.text


class TestBehindAProxy:
    """The public address of the settings is what Duplicati servers reach."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return Settings(data_dir=data_dir, admin_password=ADMIN_PASSWORD, public_url="https://backups.example.org/watch")

    def test_the_public_address_is_shown(self, admin: TestClient) -> None:
        assert copied(read(admin.get("/start")))["g21"][1] == "https://backups.example.org/watch/api/upload"
