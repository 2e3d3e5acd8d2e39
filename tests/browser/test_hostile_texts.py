"""Whatever reports and people write, on every page it stays text: nothing runs, nothing is fetched from elsewhere, nothing leaves the
window of a phone."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from prometheus_client.parser import text_string_to_metric_families

from duplistatus.web.access import access_of
from tests.browser.hostile import ADDRESS, LONG, MARKUP, MIRRORED, TEXTS, fill
from tests.browser.layout import outside
from tests.browser.site import Site, running
from tests.web.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Request

    from tests.browser.conftest import Visit
    from tests.browser.watch import Watch

_WATCH = """Object.defineProperty(window, 'ran', { set() { console.error('a script of a text ran'); } });
for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => console.error(`${name} was called`);"""
_ALIVE = r"""() => [...document.querySelectorAll('*')].flatMap((element) => {
    const found = [];
    for (const { name, value } of element.attributes) {
        if (name.startsWith('on') || name === 'srcdoc') found.push(`${element.tagName} ${name}`);
        const isAddress = ['href', 'src', 'action', 'formaction', 'data', 'xlink:href', 'hx-get', 'hx-post'].includes(name);
        if (!isAddress || !value) continue;
        const address = new URL(value, location.href);
        if (!['http:', 'https:', 'mailto:', 'ntfy:'].includes(address.protocol)) found.push(`${name}=${value.slice(0, 80)}`);
        if (address.host === 'evil.test') found.push(`${element.tagName} ${name} leads to ${address.host}`);
    }
    const isForeign = element.matches('script:not([src]), style, iframe:not([title]), object, embed, img[src="x"], svg[onload]');
    if (isForeign) found.push(element.outerHTML.slice(0, 80));
    return found;
})"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("hostile")) as site:
        taken = fill(site)
        # What is refused tests nothing: of most kinds the markup at least is a text like others.
        assert [what for what, count in taken.items() if not count] == []
        yield site


def _paths(site: Site, text: str, job: int) -> list[str]:
    """Every page of a server, and of its newest run and its job."""
    key = quote(text, safe="")
    with site.context.database.read() as connection:
        rows = connection.raw.execute("SELECT run.uid FROM run WHERE job_id = ? ORDER BY begun_at DESC", (job,)).fetchall()
    return [
        f"/detail/{key}",
        f"/detail/{key}?backup={key}",
        f"/detail/{key}/backup/{rows[0][0]}",
        f"/detail/{key}/backup/{rows[0][0]}?q={quote(text[:100], safe='')}",
        f"/jobs/{job}/explain",
        f"/silence?job={job}",
        f"/settings/monitoring/zone?server={key}",
        f"/?q={key[:900].rpartition('%')[0] or key[:400]}",
        f"/settings/monitoring?q={quote(text[:100], safe='')}",
    ]


def _common(site: Site) -> list[str]:
    """Every page without a parameter, and some with hostile ones."""
    found = []
    for route in iter_route_contexts(site.application.routes):
        path = route.path or ""
        if (
            "GET" in (route.methods or ())
            and access_of(route)
            and "{" not in path
            and not path.startswith(("/api/", "/metrics", "/favicon"))
        ):
            found.append(path)
    assert len(found) > 25
    script = quote(MARKUP, safe="")
    return [
        *(path for path in found if not path.endswith((".csv", ".svg", "/preview", "/login"))),
        *("/?view=table", "/?view=charts", "/api/docs", "/settings/channels/new?kind=webhook", "/settings/channels/new?kind=apprise"),
        *(
            "/settings/channels/2",
            "/settings/channels/3",
            "/settings/channels/4",
            "/settings/channels/5",
        ),
        *(
            f"/?q={script}",
            f"/?state={script}&view={script}&sort={script}",
            f"/settings/messages?q={script}",
            f"/settings/users?search={script}",
        ),
        *(
            f"/settings/templates?name={script}",
            f"/login?next=/{script}",
            f"/settings/keys?did={script}",
            f"/settings/channels?added={script}",
        ),
    ]


def _look(page: Page, site: Site, path: str) -> list[str]:
    """What is wrong with a page, as it stands and with everything opened."""
    answer = page.goto(f"{site.address}{path}")
    assert answer is not None
    found = [f"status {answer.status}"] if answer.status >= 500 else []
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found += page.evaluate(_ALIVE)
    page.evaluate("() => document.querySelectorAll('.menu, header details, details.menu').forEach((each) => { each.open = false; })")
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found += outside(page)[:4]
    return [f"{path[:80]}: {what}" for what in found]


def _watched(visit: Visit, site: Site, watch: Watch) -> tuple[Page, list[str]]:
    """A window of a phone, and the addresses elsewhere that it asks."""
    watch.may_come("40[034] \\(")
    # Previews of mails are shown in a frame in which no script may run, not even those of this test.
    watch.may_come("Blocked script execution in .*/preview")
    page = visit(site, "/start", width=360)
    page.context.add_init_script(_WATCH)
    elsewhere: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((site.address, "data:", "blob:")):
            elsewhere.append(request.url)

    page.context.on("request", asked)
    return page, elsewhere


@pytest.mark.parametrize("text", TEXTS)
def test_pages_of_a_server_whose_every_text_is_hostile(visit: Visit, hostile: Site, watch: Watch, text: str) -> None:
    page, elsewhere = _watched(visit, hostile, watch)
    job = list(TEXTS).index(text) + 1
    assert [wrong for path in _paths(hostile, TEXTS[text], job) for wrong in _look(page, hostile, path)] == []
    assert elsewhere == []


def test_all_other_pages(visit: Visit, hostile: Site, watch: Watch) -> None:
    page, elsewhere = _watched(visit, hostile, watch)
    assert [wrong for path in _common(hostile) for wrong in _look(page, hostile, path)] == []
    assert elsewhere == []


def test_names_are_shown_as_they_are(visit: Visit, hostile: Site) -> None:
    page = visit(hostile)
    shown = page.locator("body").inner_text()
    assert MARKUP[:60] in shown
    assert ADDRESS in shown


@pytest.fixture
def client(hostile: Site) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=hostile.address, timeout=30) as made:
        sign_in(made, "admin", hostile.password)  # type: ignore[arg-type]
        yield made


def test_metrics_stay_one_line_a_value(hostile: Site, client: httpx2.Client) -> None:
    text = client.get("/metrics").text
    values = {value for family in text_string_to_metric_families(text) for sample in family.samples for value in sample.labels.values()}
    assert {MARKUP, ADDRESS, MIRRORED, LONG} <= values
    assert all(re.match(r"(#|[a-z_]+(\{.*\})? )", line) for line in text.split("\n") if line)


def test_files_for_spreadsheets_have_the_texts_in_their_cells(hostile: Site, client: httpx2.Client) -> None:
    rows = list(csv.reader(io.StringIO(client.get("/settings/monitoring.csv").text)))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert {MARKUP, ADDRESS, MIRRORED, LONG} <= {cell.removeprefix("'") for row in rows for cell in row}
    rows = list(csv.reader(io.StringIO(client.get("/api/audit-log/download").text)))
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize(
    "path", ["/api/dashboard", "/api/servers?includeBackups=true", "/api/jobs", "/api/summary", "/api/rejected", "/api/audit-log"]
)
def test_json_is_json_and_no_page(hostile: Site, client: httpx2.Client, path: str) -> None:
    answer = client.get(path)
    json.loads(answer.content)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_was_no_report_is_handed_back_as_no_page(hostile: Site, client: httpx2.Client) -> None:
    items = client.get("/api/rejected").json()["items"]
    assert len(items) >= len(TEXTS)
    for item in items:
        answer = client.get(f"/api/rejected/{item['id']}/document")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert not answer.headers["content-type"].startswith("text/html")
