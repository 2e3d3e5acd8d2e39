"""The options by which a server reports here: exactly what would change, and what it has afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import Instant, SetClock
from duplistatus.ingest.duplicati import options
from duplistatus.ingest.duplicati.api import Api
from duplistatus.ingest.duplicati.options import (
    CONSOLE_URL,
    FORM_URLS,
    FORMAT,
    JSON_URLS,
    LEVEL,
    LOG_LEVEL,
    LOG_LINES,
    URL,
    VERB,
    CannotPlan,
    Change,
    Hindrance,
    Told,
    kept,
    planned,
    reports_to,
    restored,
    shown,
)
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from tests.ingest.duplicati.legacy import Legacy
from tests.ingest.duplicati.recorded import VERSIONS
from tests.ingest.duplicati.stand_in import Duplicati, Reply, error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HERE = "https://backups.example:9666/api/upload"
OTHER = "https://hooks.example/x?token=their-secret"
LOG = {LOG_LEVEL: "Information", LOG_LINES: "0"}


def after(settings: dict[str, str], version: str = "2.3.0.4", address: str = HERE) -> dict[str, str]:
    """The settings once the change is made."""
    changed = dict(settings)
    for each in planned(Told(version, settings), address):
        assert each.before == changed.get(each.name, "")
        changed[each.name] = each.after
    return {name: value for name, value in changed.items() if value}


@pytest.mark.parametrize("version", ["2.1.0.2", "2.1.0.5", "2.3.0.109", "2.4", "10.0.0.1"])
def test_versions_with_lists_get_an_address_for_json(version: str) -> None:
    assert after({}, version) == {JSON_URLS: HERE, **LOG}


@pytest.mark.parametrize("version", ["2.0.6.3", "2.0.8.1", "2.0.9.100"])
def test_older_ones_get_the_one_address_and_the_format(version: str) -> None:
    assert after({}, version) == {URL: HERE, FORMAT: "Json", **LOG}
    assert after({URL: HERE, VERB: "PUT", FORMAT: "duplicati"}, version) == {URL: HERE, FORMAT: "Json", **LOG}


@pytest.mark.parametrize(
    ("listed", "then"),
    [
        (OTHER, f"{OTHER};{HERE}"),
        (f"{OTHER}; https://b.example", f"{OTHER};https://b.example;{HERE}"),
        (f"{HERE};{OTHER}", f"{HERE};{OTHER}"),
        (f"{HERE}?api_key=old;{OTHER}", f"{HERE};{OTHER}"),
        (f"{HERE};{HERE}/?api_key=old", HERE),
        ("https://BACKUPS.example:9666/api/upload", HERE),
    ],
)
def test_other_addresses_stay_in_their_order(listed: str, then: str) -> None:
    assert after({JSON_URLS: listed, **LOG}) == {JSON_URLS: then, **LOG}


@pytest.mark.parametrize(
    "other", ["http://backups.example:9666/api/upload", "https://backups.example/api/upload", f"{HERE}/2", "::", "x y"]
)
def test_what_only_resembles_the_address_is_another(other: str) -> None:
    assert after({JSON_URLS: other, **LOG})[JSON_URLS] == f"{other};{HERE}"


def test_an_address_in_another_list_moves_as_a_report_would_come_twice() -> None:
    assert after({URL: HERE, FORMAT: "Json", **LOG}) == {JSON_URLS: HERE, FORMAT: "Json", **LOG}
    assert after({URL: f"{OTHER};{HERE}", FORM_URLS: HERE, **LOG}) == {URL: OTHER, JSON_URLS: HERE, **LOG}


def test_an_address_of_the_console_is_enough() -> None:
    assert planned(Told("2.3.0.109", {CONSOLE_URL: f"{HERE}?api_key=k", **LOG}), HERE) == ()


def test_the_one_address_of_an_older_version_is_not_taken_from_another() -> None:
    with pytest.raises(CannotPlan) as found:
        planned(Told("2.0.8.1", {URL: OTHER}), HERE)
    assert (found.value.hindrance, found.value.option) == (Hindrance.TAKEN, URL)


@pytest.mark.parametrize("version", ["", "unknown", "2"])
def test_without_a_version_nothing_is_planned(version: str) -> None:
    with pytest.raises(CannotPlan) as found:
        planned(Told(version, {}), HERE)
    assert found.value.hindrance is Hindrance.VERSION


def test_what_the_server_masks_is_not_overwritten() -> None:
    with pytest.raises(CannotPlan) as found:
        planned(Told("2.3.0.4", {JSON_URLS: "**********"}), HERE)
    assert found.value.hindrance is Hindrance.MASKED


@pytest.mark.parametrize(
    ("level", "then"),
    [("", "Information"), ("Warning", "Information"), ("error", "Information"), ("Verbose", "Verbose"), ("information", "information")],
)
def test_a_log_that_says_enough_is_left_as_it_is(level: str, then: str) -> None:
    assert after({LOG_LEVEL: level} if level else {})[LOG_LEVEL] == then
    assert after({LOG_LINES: "500"})[LOG_LINES] == "500"


@given(
    st.lists(st.sampled_from([OTHER, HERE, f"{HERE}?api_key=a", "https://c.example/y", ""]), max_size=6),
    st.sampled_from(["2.1.0.5", "2.3.0.4"]),
)
def test_the_change_is_complete_and_its_way_back_exact(listed: list[str], version: str) -> None:
    before = {name: value for name, value in {JSON_URLS: ";".join(listed), FORM_URLS: OTHER}.items() if value}
    then = after(before, version)
    assert planned(Told(version, then), HERE) == ()
    assert reports_to(Told(version, then), HERE) == HERE
    others = [each for each in listed if each and not each.startswith(HERE)]
    assert [each for each in then[JSON_URLS].split(";") if each != HERE] == list(dict.fromkeys(others))
    changes = planned(Told(version, before), HERE)
    back = restored(Told(version, then), {each.name: each.before for each in changes})
    undone = then | {each.name: each.after for each in back}
    assert {name: value for name, value in undone.items() if value} == before


def test_a_way_back_sets_no_options_that_are_never_written() -> None:
    assert restored(Told("2.3.0.4", {}), {"--run-script-before": "/bin/evil", JSON_URLS: "x"}) == (Change(JSON_URLS, "", "x"),)


@pytest.mark.parametrize(
    ("value", "is_silenced"),
    [("", False), ("all", False), ("Success,Warning,Error,Fatal", False), ("Error,Fatal", True), ("Warning, All", False)],
)
def test_results_that_are_kept_back_are_noticed(value: str, is_silenced: bool) -> None:
    assert Told("2.3.0.4", {LEVEL: value}).silenced is is_silenced


def test_what_is_shown_and_what_is_kept_hold_no_secrets() -> None:
    value = f"{HERE}?api_key=our-secret;https://user:pass@b.example/path;{OTHER}&b=c"
    assert shown(value) == f"{HERE}?api_key=…;https://…@b.example/path;https://hooks.example/x?token=…&b=…"
    assert kept(value) == "https://backups.example:9666/…;https://b.example/…;https://hooks.example/…"
    assert (shown("Information"), kept("0"), kept("")) == ("Information", "0", "")


# --- with a server -----------------------------------------------------------------------------------------------------------------


def run(server: Duplicati | Legacy, work: Callable[[Api], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with Api(server.target, clock=SetClock(Instant(0))) as api:
            return await work(api)

    return asyncio.run(whole())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_has_afterwards_what_was_planned_and_no_other_setting_changed(version: str) -> None:
    async def work(api: Api) -> Any:
        told = await options.ask(api)
        assert told.version == version
        missed = await options.write(api, planned(told, HERE))
        return told, missed, await options.ask(api)

    with Duplicati(version) as server:
        server.settings |= {JSON_URLS: OTHER, "--some-other": "1"}
        before = dict(server.settings)
        told, missed, now = run(server, work)
        assert missed == ()
        assert told.mark != now.mark
        assert server.settings == before | {JSON_URLS: f"{OTHER};{HERE}", **LOG}
        assert [each.json for each in server.asked("/api/v1/serversettings", "PATCH")] == [{JSON_URLS: f"{OTHER};{HERE}", **LOG}]

        async def undo(api: Api) -> Any:
            return await options.write(api, restored(await options.ask(api), {JSON_URLS: OTHER, LOG_LEVEL: "", LOG_LINES: ""}))

        assert run(server, undo) == ()
        assert server.settings == before


def test_an_old_server_has_the_one_address_afterwards_and_can_be_put_back() -> None:
    async def work(api: Api) -> Any:
        missed = await options.write(api, planned(await options.ask(api), HERE))
        return missed, await options.ask(api)

    async def undo(api: Api) -> Any:
        return await options.write(api, restored(await options.ask(api), {URL: "", FORMAT: "", LOG_LEVEL: "", LOG_LINES: ""}))

    with Legacy() as server:
        before = dict(server.settings)
        missed, now = run(server, work)
        assert missed == ()
        assert now.settings == {URL: HERE, FORMAT: "Json", **LOG}
        assert server.settings == before | now.settings
        assert run(server, undo) == ()
        assert server.settings == before


def test_a_server_that_does_not_keep_what_was_written_is_found_out() -> None:
    with Duplicati() as server:
        settings = {**server.settings, LOG_LINES: "7"}
        server.instead["/api/v1/serversettings"] = lambda asked: Reply(settings if asked.method == "GET" else None)
        missed = run(server, lambda api: options.write(api, (Change(JSON_URLS, "", HERE), Change(LOG_LINES, "7", "7"))))
    assert missed == (Change(JSON_URLS, "", ""),)


def test_settings_that_are_none_of_duplicati_are_a_trouble() -> None:
    with Duplicati() as server:
        server.instead["/api/v1/serversettings"] = Reply(["nothing"])
        with pytest.raises(Trouble) as found:
            run(server, options.ask)
    assert found.value.code is Code.NOT_DUPLICATI


def test_a_refused_change_is_a_trouble() -> None:
    with Duplicati() as server:
        server.instead["/api/v1/serversettings"] = error(400, "Cannot update")
        with pytest.raises(Trouble) as found:
            run(server, lambda api: options.write(api, (Change(JSON_URLS, "", HERE),)))
    assert found.value.code is Code.FAILED
