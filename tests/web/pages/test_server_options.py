"""The page that writes the options for reports into a Duplicati server, by its plain forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from duplistatus.clock import HOUR, Instant
from duplistatus.ingest.duplicati.options import JSON_URLS, LOG_LEVEL, LOG_LINES
from duplistatus.store.api_keys import Scope
from tests.ingest.duplicati.stand_in import Duplicati, error
from tests.web.api.reports import Made, send
from tests.web.pages.html import Element, read, tree
from tests.web.people import make_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock

ALPHA = "/settings/servers/1"
OPTIONS = f"{ALPHA}/options"
HERE = "http://dashboard.test/api/upload"
OTHER = "https://hooks.example/their-path?token=their-secret"


@pytest.fixture
def duplicati() -> Iterator[Duplicati]:
    with Duplicati() as server:
        yield server


@pytest.fixture
def linked(admin: TestClient, clock: SetClock, duplicati: Duplicati) -> TestClient:
    """Alpha, at a server that reports elsewhere already."""
    send(admin, Made(Instant(clock.now() - HOUR)))
    admin.patch("/api/servers/id-alpha", json={"server_url": duplicati.url})
    admin.patch("/api/servers/id-alpha/password", json={"password": duplicati.password})
    duplicati.settings[JSON_URLS] = OTHER
    return admin


def fields(page: Element) -> dict[str, str]:
    """What the form at the end of the page would send, but for its button."""
    form = next(each for each in page.one("main").all("form") if each.attributes.get("action") == OPTIONS)
    return {each.attributes["name"]: each.attributes.get("value", "") for each in form.all("input")}


def press(client: TestClient, page: Element, do: str, **more: str) -> Response:
    return client.post(OPTIONS, data=fields(page) | {"do": do} | more)


def shown(page: Element) -> list[list[str]]:
    return page.one("main").one("table").rows


def settings(server: Duplicati) -> dict[str, Any]:
    return {name: value for name, value in server.settings.items() if name.startswith("--")}


def audited(client: TestClient) -> list[dict[str, Any]]:
    return [entry["details"] for entry in client.get("/api/audit-log?action=server_options_updated").json()["logs"]]


def test_the_change_is_shown_written_read_back_and_undone(linked: TestClient, duplicati: Duplicati) -> None:
    page = read(linked.get(OPTIONS))
    elsewhere = "https://hooks.example/their-path?token=…"
    assert shown(page) == [
        [JSON_URLS, elsewhere, f"{elsewhere};{HERE}"],
        [LOG_LEVEL, "not set", "Information"],
        [LOG_LINES, "not set", "0"],
    ]
    assert settings(duplicati) == {JSON_URLS: OTHER}, "nothing was written yet"
    written = read(press(linked, page, "write"))
    assert "the server has them" in written.one("p", role="status").text
    assert settings(duplicati) == {JSON_URLS: f"{OTHER};{HERE}", LOG_LEVEL: "Information", LOG_LINES: "0"}
    assert audited(linked)[0] | {"before": {}} == {
        "serverId": "id-alpha",
        "serverName": "alpha",
        "before": {},
        "after": {JSON_URLS: "https://hooks.example/…;http://dashboard.test/…", LOG_LEVEL: "Information", LOG_LINES: "0"},
    }
    back = read(press(linked, written, "back"))
    assert shown(back)[0] == [JSON_URLS, f"{elsewhere};{HERE}", elsewhere]
    assert settings(duplicati)[LOG_LINES] == "0", "the way back is shown before it is gone"
    press(linked, back, "write_back")
    assert settings(duplicati) == {JSON_URLS: OTHER}
    assert len(audited(linked)) == 2


def test_no_page_and_no_entry_holds_what_others_are_reached_by(linked: TestClient) -> None:
    page = linked.get(OPTIONS)
    written = press(linked, read(page), "write")
    back = press(linked, read(written), "back")
    texts = [page.text, written.text, back.text, linked.get("/api/audit-log").text]
    assert [text for text in texts if "their-secret" in text] == []


def test_settings_that_changed_meanwhile_are_shown_anew_and_nothing_is_written(linked: TestClient, duplicati: Duplicati) -> None:
    page = read(linked.get(OPTIONS))
    duplicati.settings[LOG_LINES] = "500"
    answer = press(linked, page, "write")
    again = tree(answer.text)
    assert answer.status_code == 409
    assert "changed meanwhile" in again.one("p", role="alert").text
    assert [row[0] for row in shown(again)] == [JSON_URLS, LOG_LEVEL]
    assert settings(duplicati) == {JSON_URLS: OTHER, LOG_LINES: "500"}
    press(linked, again, "write")
    assert settings(duplicati)[LOG_LEVEL] == "Information"


def test_the_same_holds_for_the_way_back(linked: TestClient, duplicati: Duplicati) -> None:
    written = read(press(linked, read(linked.get(OPTIONS)), "write"))
    back = read(press(linked, written, "back"))
    duplicati.settings[JSON_URLS] += ";https://new.example"
    again = press(linked, back, "write_back")
    assert "changed meanwhile" in again.text
    assert duplicati.settings[JSON_URLS].endswith(";https://new.example")


def test_a_way_back_that_somebody_made_up_is_refused(linked: TestClient, duplicati: Duplicati) -> None:
    before = settings(duplicati)
    for made_up in ("", '{"--run-script-before": "/bin/evil"}', "v1:AAAA"):
        answer = linked.post(OPTIONS, data={"csrf_token": linked.headers["x-csrf-token"], "do": "write_back", "back": made_up, "mark": "x"})
        assert answer.status_code == 400
    assert settings(duplicati) == before


def test_where_it_reports_here_already_nothing_has_to_change(linked: TestClient, duplicati: Duplicati) -> None:
    duplicati.settings |= {JSON_URLS: f"{HERE}?api_key=k", LOG_LEVEL: "Verbose", LOG_LINES: "0"}
    page = read(linked.get(OPTIONS))
    assert "it reports here already" in page.text
    assert [button.attributes.get("value") for button in page.one("main").all("button")] == []
    assert "Nothing had to change." in read(press(linked, page, "write")).one("p", role="status").text
    assert audited(linked) == []


# --- keys --------------------------------------------------------------------------------------------------------------------------


def require_keys(client: TestClient) -> None:
    assert client.patch("/api/access", json={"uploads_need_key": True}).status_code == 200


def test_where_reports_need_a_key_one_is_made_for_the_server(linked: TestClient, duplicati: Duplicati) -> None:
    require_keys(linked)
    page = read(linked.get(OPTIONS))
    assert shown(page)[0][2].endswith(f"{HERE}?api_key=…")
    assert linked.get("/api/keys").json()["items"] == [], "not before the change is written"
    answer = press(linked, page, "write")
    (key,) = linked.get("/api/keys").json()["items"]
    assert (key["name"], key["scopes"]) == ("Duplicati on alpha", ["upload"])
    address = duplicati.settings[JSON_URLS].rpartition(";")[2]
    assert address.startswith(f"{HERE}?api_key=duplistatus_")
    assert address.rpartition("=")[2] not in answer.text + linked.get("/api/audit-log").text
    report = linked.post(address.removeprefix("http://dashboard.test"), json={})
    assert report.status_code == 400, "the key lets reports in, though this is none"


def test_a_key_that_is_entered_must_let_reports_in(linked: TestClient, application: FastAPI, duplicati: Duplicati) -> None:
    page = read(linked.get(f"{OPTIONS}?key=own"))
    before = settings(duplicati)
    for wrong in ("", "duplistatus_nothing", make_key(application, Scope.READ)):
        answer = press(linked, page, "write", own=wrong)
        assert answer.status_code == 400
        assert settings(duplicati) == before
    right = make_key(application, Scope.UPLOAD)
    answer = press(linked, page, "write", own=f" {right} ")
    assert duplicati.settings[JSON_URLS] == f"{OTHER};{HERE}?api_key={right}"
    assert right not in answer.text


def test_a_key_that_is_there_stays_unless_another_is_chosen(linked: TestClient, duplicati: Duplicati) -> None:
    require_keys(linked)
    duplicati.settings[JSON_URLS] = f"{HERE}?api_key=old"
    press(linked, read(linked.get(OPTIONS)), "write")
    assert duplicati.settings[JSON_URLS] == f"{HERE}?api_key=old"
    press(linked, read(linked.get(f"{OPTIONS}?key=none")), "write")
    assert duplicati.settings[JSON_URLS] == HERE


# --- what goes wrong ---------------------------------------------------------------------------------------------------------------


def test_a_server_that_cannot_be_asked_is_said(linked: TestClient, duplicati: Duplicati) -> None:
    page = read(linked.get(OPTIONS))
    duplicati.password = "another"
    for answer in (linked.get(OPTIONS), press(linked, page, "write")):
        assert answer.status_code == 502
        assert "does not accept the password" in tree(answer.text).one("p", role="alert").text


def test_a_change_that_the_server_refuses_is_said_and_kept_in_the_log(linked: TestClient, duplicati: Duplicati) -> None:
    page = read(linked.get(OPTIONS))
    real = duplicati.reply
    refusal = error(400, "Cannot update")
    duplicati.instead["/api/v1/serversettings"] = lambda asked: refusal if asked.method == "PATCH" else real(asked)
    answer = press(linked, page, "write")
    assert answer.status_code == 502
    assert "Cannot update" in answer.text
    assert audited(linked)[0]["outcome"] == "failed"


def test_a_version_that_knows_one_address_alone_keeps_the_one_it_has(linked: TestClient, duplicati: Duplicati) -> None:
    duplicati.system["ServerVersion"] = "2.0.8.1"
    duplicati.settings = {"--send-http-url": OTHER}
    page = read(linked.get(OPTIONS))
    assert "another one is set" in page.one("p", role="alert").text
    assert [button.attributes.get("value") for button in page.one("main").all("button")] == []
    assert press(linked, page, "write").status_code == 502
    assert duplicati.settings == {"--send-http-url": OTHER}


def test_options_that_keep_results_back_are_said(linked: TestClient, duplicati: Duplicati) -> None:
    duplicati.settings["--send-http-level"] = "Error,Fatal"
    assert "--send-http-level" in linked.get(OPTIONS).text


def test_without_an_address_there_is_no_such_page(admin: TestClient, clock: SetClock) -> None:
    send(admin, Made(clock.now()))
    assert admin.get(OPTIONS).status_code == 409
