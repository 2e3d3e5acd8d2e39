"""From a template and values to an answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.i18n.languages import ENGLISH
from duplistatus.i18n.wording import wording
from duplistatus.web.assets import FOLDER
from duplistatus.web.pages.rendering import Reader, environment, job_url, reading, run_url, server_url
from duplistatus.web.pages.strip import BARS, strip_paths
from tests.web.pages.html import read, tree

if TYPE_CHECKING:
    from starlette.testclient import TestClient

NOW = Instant(1_783_684_800_000)
READER = Reader(wording(ENGLISH, "en_GB", "Europe/Oslo"), NOW, "/backups")


def drawn(source: str, **values: object) -> str:
    """A piece of template as the reader sees it."""
    with reading(READER):
        return environment.from_string(source).render(**values)


def test_values_are_escaped() -> None:
    assert drawn("<p title='{{ x }}'>{{ x }}</p>", x="<b>'\"&") == "<p title='&lt;b&gt;&#39;&#34;&amp;'>&lt;b&gt;&#39;&#34;&amp;</p>"
    assert drawn("{{ _('Copy %(what)s', what=x) }}", x="<b>") == "Copy &lt;b&gt;"


def test_addresses_carry_the_root_and_encode_names() -> None:
    with reading(READER):
        assert server_url("name:a/b?c#d") == "/backups/detail/name%3Aa%2Fb%3Fc%23d"
        assert job_url("k", "50% & more") == "/backups/detail/k?backup=50%25%20%26%20more"
        assert run_url("a/b", "x y") == "/backups/detail/a%2Fb/backup/x%20y"


def test_figures_that_are_unknown_are_a_dash() -> None:
    assert drawn("{{ x|number }} {{ x|size }} {{ x|duration }} {{ x|percent }} {{ x|size_parts|first }}", x=None) == "– – – – –"


def test_moments_and_ages_carry_what_scripts_need() -> None:
    source = '{% from "parts/marks.html" import age, moment %}{{ age(at) }}{{ moment(at) }}{{ age(none) }}'
    page = tree(drawn(source, at=Instant(NOW - 3 * HOUR)))
    age, moment = page.all("time")
    assert (age.text, age.attributes["datetime"], age.attributes["data-age"]) == ("3 h", "2026-07-10T09:00:00.000Z", "")
    assert (moment.text, moment.attributes["title"]) == ("10 Jul, 11:00", "Friday, 10 July 2026, 11:00:00 CEST")
    assert page.all("span", has="faint")[0].text == "–"


@pytest.mark.parametrize("kind", ["ok", "warn", "error", "late", "due", "run", "quiet"])
def test_every_mark_refers_to_a_shape_that_is_there(kind: str) -> None:
    shapes = set(re.findall(r'<symbol id="([^"]+)"', (FOLDER.parent / "templates/parts/sprite.html").read_text(encoding="utf-8")))
    reference = tree(drawn('{% from "parts/marks.html" import mark %}{{ mark(kind) }}', kind=kind)).one("use").attributes["href"]
    assert reference.removeprefix("#") in shapes


def test_every_icon_that_a_template_names_is_there() -> None:
    folder = FOLDER.parent / "templates"
    shapes = set(re.findall(r'<symbol id="i-([^"]+)"', (folder / "parts/sprite.html").read_text(encoding="utf-8")))
    named = {name for file in folder.rglob("*.html") for name in re.findall(r"icon\('([\w-]+)'\)", file.read_text(encoding="utf-8"))}
    assert named
    assert named <= shapes


def test_strips_end_at_the_right_edge_and_show_thirty_runs_at_most() -> None:
    assert strip_paths(["ok", "error"]) == [("ok", "M170 20v-7"), ("error", "M176 20v-20")]
    ((kind, line),) = strip_paths(["warn"] * 50)
    assert (kind, line.count("M")) == ("warn", BARS)
    assert strip_paths([]) == []
    assert strip_paths(["missed"]) == [("missed", "M174.5.5h3v19h-3z")]


@pytest.mark.parametrize(("theme", "shown"), [("light", "light"), ("dark", "dark"), ("system", "system"), ("<x>", "dark"), ("", "dark")])
def test_the_theme_is_that_of_the_cookie_from_the_first_byte(site: TestClient, theme: str, shown: str) -> None:
    page = read(site.get("/login", headers={"cookie": f"theme={theme}"}))
    assert page.one("html").attributes["data-theme"] == shown


def test_a_page_brings_what_its_scripts_say_in_the_readers_language(admin: TestClient) -> None:
    body = read(admin.get("/start")).one("body").attributes
    ages = json.loads(body["data-ages"])
    assert {"now", "min", "h", "d", "mo", "y", "in", "late"} == set(ages)
    assert all("{}" in text for name, text in ages.items() if name != "now")
    assert {"copied", "failed", "offline", "live", "none"} <= set(json.loads(body["data-words"]))


def test_modules_are_loaded_ahead_as_the_main_one_needs_them(admin: TestClient) -> None:
    page = read(admin.get("/start"))
    ahead = {each.attributes["href"].rpartition("/")[2] for each in page.all("link", rel="modulepreload")}
    wanted = set(re.findall(r'from "\./([\w.-]+)"', (FOLDER / "app/main.js").read_text(encoding="utf-8")))
    assert wanted <= ahead


def test_pages_are_compressed_when_they_are_large(admin: TestClient) -> None:
    with admin.stream("GET", "/start", headers={"accept-encoding": "gzip"}) as answer:
        raw = len(b"".join(answer.iter_raw()))
    plain = len(admin.get("/start", headers={"accept-encoding": "identity"}).content)
    assert answer.headers["content-encoding"] == "gzip"
    assert raw < plain / 2


def test_a_page_names_nobody_who_is_not_signed_in(site: TestClient) -> None:
    page = read(site.get("/login"))
    assert page.all("header", has="bar") == []
    assert page.all("details", has="menu") == []
