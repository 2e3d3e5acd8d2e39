"""`/api/duplicati-versions`: what is out, how the servers stand to it, and when the list is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from duplistatus.app import build
from duplistatus.clock import DAY, HOUR, MINUTE, Instant, SetClock, iso
from duplistatus.settings import Settings
from duplistatus.store.releases import release_list
from duplistatus.web.api import version_schemas
from tests.ingest.test_releases import LISTS, github, update_server
from tests.notify.stand_ins import Answer, HttpStandIn
from tests.web.api.messaging import awaited
from tests.web.api.reports import Made, document, send
from tests.web.conftest import ADMIN_PASSWORD
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI

PATH = "/api/duplicati-versions"


@pytest.fixture
def lists() -> Iterator[HttpStandIn]:
    with HttpStandIn(update_server) as server:
        yield server


@pytest.fixture
def settings(data_dir: Path, lists: HttpStandIn) -> Settings:
    return Settings(data_dir=data_dir, admin_password=ADMIN_PASSWORD, releases_url=lists.url + LISTS)


def read(client: TestClient) -> Any:
    answer = client.get(PATH)
    assert answer.status_code == 200
    TypeAdapter(version_schemas.DuplicatiVersions).validate_json(answer.content)
    return answer.json()


def by_channel(body: Any) -> dict[str, str]:
    return {each["channel"]: each["version"] for each in body["items"]}


def test_before_any_fetch_there_is_what_is_known_from_the_start(admin: TestClient, lists: HttpStandIn) -> None:
    body = read(admin)
    assert [each["channel"] for each in body["items"]] == ["stable", "beta", "experimental", "canary"]
    assert all(each["built_in"] and each["fetched_at"] is None for each in body["items"])
    assert body["items"][0]["url"] == "https://github.com/duplicati/duplicati/releases/tag/v2.4.0.1_stable_2026-10-07"
    assert (body["source"], body["fetched_at"], body["tried_at"], body["trouble"]) == ("127.0.0.1", None, None, None)
    assert body["schedule"] == {"often": "24h", "at": "05:40", "zone": "UTC", "next_at": "2026-07-11T05:40:00.000Z"}
    assert lists.connections == 0, "the start asks nobody"


def test_the_button_fetches_the_list(admin: TestClient, lists: HttpStandIn, clock: SetClock, audited: Callable[..., Any]) -> None:
    newer = Answer(200, github("v2.9.0.0_stable_2026-07-09"))
    lists.answer = lambda asked: newer if "/stable/" in asked.path else update_server(asked)
    answer = admin.post(PATH + "/update")
    assert answer.status_code == 200
    body = answer.json()
    assert body == read(admin)
    assert by_channel(body)["stable"] == "2.9.0.0"
    assert by_channel(body)["experimental"] == "2.3.0.4", "offered there, though published as stable"
    (experimental,) = [each for each in body["items"] if each["channel"] == "experimental"]
    assert (experimental["published_as"], experimental["built_in"]) == ("stable", False)
    assert body["fetched_at"] == body["tried_at"] == iso(clock.now())
    assert audited("duplicati_version_refresh") == [{"told": 4, "new": 4, "asked": 1, "missed": 0}]


def test_without_a_network_nothing_is_wrong(admin: TestClient, lists: HttpStandIn) -> None:
    admin.post(PATH + "/update")
    lists.answer = Answer(hangs_up=True)
    answer = admin.post(PATH + "/update")
    assert answer.status_code == 200
    assert answer.json()["trouble"]["code"] == "offline"
    assert by_channel(answer.json())["beta"] == by_channel(read(admin))["beta"]
    (task,) = [each for each in admin.get("/api/tasks").json()["items"] if each["name"] == "duplicati-releases"]
    assert (task["error"], task["result"]) == (None, "No whole list could be fetched; what was known before stays.")
    assert admin.get("/api/notification-channel-alerts").json()["alerts"] == []


def test_servers_are_held_against_their_channel(admin: TestClient) -> None:
    begun = Instant(1_783_684_800_000 - HOUR)
    send(admin, Made(begun, "alpha"), Made(begun, "beta"))
    other = document(Made(begun, "gamma"))
    other["Data"]["Version"] = "2.4.0.102 (2.4.0.102_canary_2026-11-01)"
    other["Extra"]["update-channel"] = "Canary"
    assert admin.post("/api/upload", json=other).status_code == 200
    body = read(admin)
    assert {each["name"]: (each["version"], each["channel"], each["standing"]) for each in body["servers"]} == {
        "alpha": ("2.3.0.4", "stable", "outdated"),
        "beta": ("2.3.0.4", "stable", "outdated"),
        "gamma": ("2.4.0.102", "canary", "newer"),
    }
    assert body["outdated"] == 2


def test_the_schedule_can_be_set(admin: TestClient, audited: Callable[..., Any]) -> None:
    answer = admin.patch(PATH, json={"often": "6h", "at": "02:45"})
    assert answer.json()["schedule"] == {"often": "6h", "at": "02:45", "zone": "UTC", "next_at": "2026-07-10T14:45:00.000Z"}
    assert admin.patch(PATH, json={"often": "off"}).json()["schedule"]["next_at"] is None
    assert admin.patch(PATH, json={"often": "off"}).status_code == 200
    assert audited("duplicati_version_check_updated") == [
        {"before": {"often": "24h", "at": "05:40"}, "after": {"often": "6h", "at": "02:45"}},
        {"before": {"often": "6h"}, "after": {"often": "off"}},
    ]


@pytest.mark.parametrize(
    ("body", "field"), [({"often": "1h"}, "often"), ({"at": "25:00"}, "at"), ({"zone": "UTC"}, "zone"), ({"at": 5}, "at")]
)
def test_a_schedule_that_makes_no_sense_is_refused(admin: TestClient, body: dict[str, Any], field: str) -> None:
    answer = admin.patch(PATH, json=body)
    assert (answer.status_code, answer.json()["details"]) == (400, {"field": field})
    assert read(admin)["schedule"]["often"] == "24h"


def test_the_list_is_fetched_by_time(application: FastAPI, lists: HttpStandIn, clock: SetClock) -> None:
    def fetched() -> list[Instant]:
        with application.state.context.database.read() as connection:
            return [at for at in (release_list(connection).fetched_at,) if at == clock.now()]

    with TestClient(application):
        assert (lists.connections, fetched()) == (0, [])
        clock.advance(17 * HOUR + 41 * MINUTE)
        awaited(fetched)
        assert len(lists.received) == 4
        # what was missed is made up for once
        clock.advance(3 * DAY)
        awaited(fetched)
        assert len(lists.received) == 8


def test_whoever_may_look_may_not_change(application: FastAPI, admin: TestClient) -> None:
    user = TestClient(application, headers=enter(application, Kind.USER).headers)
    assert user.get(PATH).status_code == 200
    assert user.patch(PATH, json={"often": "off"}).status_code == 403
    assert user.post(PATH + "/update").status_code == 403
    assert read(admin)["schedule"]["often"] == "24h"


def test_the_environment_can_forbid_it(data_dir: Path, clock: SetClock) -> None:
    application = build(Settings(data_dir=data_dir, releases_url=None), clock)
    with TestClient(application):
        client = TestClient(application, headers=enter(application, Kind.ADMIN).headers)
        body = read(client)
        assert (body["source"], body["schedule"]["next_at"], len(body["items"])) == (None, None, 4)
        refused = client.post(PATH + "/update")
        assert (refused.status_code, refused.json()["code"]) == (409, "set_by_environment")
        (task,) = [each for each in client.get("/api/tasks").json()["items"] if each["name"] == "duplicati-releases"]
        assert (task["rhythm"], task["next_run_at"]) == ("not by time", None)
        assert client.post("/api/tasks/duplicati-releases/run").json()["result"] == "No list is fetched: DUPLISTATUS_RELEASES_URL says so."
