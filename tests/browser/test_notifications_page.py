"""The page of notifications: what people change on it is saved as they make it, and what it concerns changes in place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import Instant
from duplistatus.store import channels
from duplistatus.store.channels import EMAIL, NTFY, ChannelValues, own_channel
from tests.browser.conftest import sign_in
from tests.browser.layout import hindrances
from tests.browser.site import running, tell_story
from tests.fixtures.accessibility import serious_findings
from tests.notify.stand_ins import NtfyStandIn, ntfy_error
from tests.web.people import Kind, enter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

PATH = "/settings/notifications"


@pytest.fixture(scope="module")
def ntfy() -> Iterator[NtfyStandIn]:
    with NtfyStandIn({"closed": ntfy_error(403, "forbidden")}) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, ntfy: NtfyStandIn) -> Iterator[Site]:
    """The fleet of the story with ntfy and e-mail in use, for these tests alone: each changes a server of its own."""
    with running(tmp_path_factory.mktemp("notifications")) as site:
        tell_story(site)

        def work(connection: Connection) -> None:
            for key, config in ((NTFY, {"url": ntfy.url, "topic": "main", "markdown": False}), (EMAIL, {"host": "127.0.0.1"})):
                row = own_channel(connection, key)
                channels.save_channel(connection, row.id, ChannelValues(row.name, True, config, ""), "admin", Instant(1))

        site.context.writer.submit(work).result()
        yield site


def job(page: Page, name: str) -> Locator:
    """A job, by `server, job`."""
    return page.locator(".telling").filter(has=page.get_by_role("combobox", name=f"Runs told: {name}", include_hidden=True))


def server(page: Page, name: str) -> Locator:
    group = page.locator(".telling-group").filter(has=page.get_by_role("heading", name=name))
    return group.locator(".telling-server")


def saved(page: Page) -> None:
    expect(page.locator("#toast")).to_have_text("Saved")


def test_a_change_is_saved_as_it_is_made(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    notes = job(page, "quay, Notes")
    notes.get_by_role("combobox", name="Runs told: quay, Notes").select_option("errors")
    saved(page)
    notes.get_by_role("switch", name="ntfy: quay, Notes").focus()
    # What is said of the change before may still stand there.
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Space")
    expect(notes.get_by_role("switch", name="ntfy: quay, Notes")).not_to_be_checked()
    expect(notes.get_by_role("switch", name="ntfy: quay, Notes")).to_be_focused()
    saved(page)
    page.reload()
    expect(notes.get_by_role("combobox", name="Runs told: quay, Notes")).to_have_value("errors")
    expect(notes.get_by_role("switch", name="ntfy: quay, Notes")).not_to_be_checked()
    expect(notes.get_by_role("switch", name="E-mail: quay, Notes")).to_be_checked()


def test_what_a_server_says_reaches_its_jobs_until_they_have_their_own_and_can_be_taken_back(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    harbour, files, photos = server(page, "harbour"), job(page, "harbour, Files"), job(page, "harbour, Photos")
    photos.locator("summary").click()
    harbour.locator("summary").first.click()
    harbour.get_by_label("E-mail addresses: harbour").fill("ops@example.org")
    page.keyboard.press("Enter")
    expect(photos.locator(".besides-said")).to_have_text("ops@example.org from the server")
    expect(files.locator(".besides-said")).to_have_text("ops@example.org from the server")
    field = photos.get_by_label("E-mail addresses: harbour, Photos")
    expect(field).to_have_value("ops@example.org")
    field.fill("")
    page.keyboard.press("Tab")
    expect(photos.locator(".besides-said")).to_have_text("nobody own")
    expect(photos.locator("[data-cell=additional_emails] .from")).to_have_text("own")
    photos.get_by_role("button", name="Follow the server: harbour, Photos").click()
    expect(photos.locator("[data-cell=additional_emails] .from")).to_have_text("from the server")
    expect(field).to_have_value("ops@example.org")
    expect(field).to_be_focused()


def test_all_jobs_follow_and_everything_is_cleared_after_a_question(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    mill, mail = server(page, "mill"), job(page, "mill, Mail")
    mill.locator("summary").first.click()
    mill.get_by_label("ntfy topic: mill").fill("ops")
    page.keyboard.press("Tab")
    expect(mail.locator(".besides-said")).to_have_text("topic ops from the server")
    mail.locator("summary").click()
    mail.get_by_label("ntfy topic: mill, Mail").fill("mail-topic")
    page.keyboard.press("Tab")
    expect(mail.locator(".besides-said")).to_have_text("topic mail-topic own")
    mill.get_by_text("All jobs follow the server …").click()
    mill.locator(".confirm[open]").get_by_role("button", name="Do so").click()
    expect(mail.locator(".besides-said")).to_have_text("topic ops from the server")
    expect(mill.locator(".confirm[open]")).to_have_count(0)
    mill.get_by_text("Clear all …").click()
    mill.locator(".confirm[open]").get_by_role("button", name="Do so").click()
    expect(mail.locator(".besides-said")).to_have_text("nobody")
    expect(mill.locator(".besides-said")).to_have_text("nobody")


def test_what_is_wrong_is_said_beside_its_field_and_stays_typed(visit: Visit, told: Site, watch: Watch) -> None:
    watch.expect("400 .*/settings/notifications/jobs/")
    page = visit(told, PATH)
    notes = job(page, "quay, Notes")
    notes.locator("summary").click()
    topic = notes.get_by_label("ntfy topic: quay, Notes")
    topic.fill("two words")
    page.keyboard.press("Tab")
    expect(notes.locator(".field-problem")).to_contain_text("Letters, digits")
    expect(topic).to_have_value("two words")
    assert serious_findings(page) == []
    topic.fill("")
    page.keyboard.press("Tab")
    expect(notes.locator(".field-problem")).to_have_count(0)


def test_a_topic_is_tested_as_it_is_typed(visit: Visit, told: Site, ntfy: NtfyStandIn) -> None:
    page = visit(told, PATH)
    scans = job(page, "mill, Scans")
    scans.locator("summary").click()
    button = scans.get_by_role("button", name="Test the topic: mill, Scans")
    expect(button).to_be_hidden()
    scans.get_by_label("ntfy topic: mill, Scans").fill("brand-new")
    button.click()
    expect(scans.locator("[data-cell=additional_topic] .tested")).to_have_text("Delivered to brand-new.")
    assert "/brand-new" in {asked.path for asked in ntfy.received}
    scans.get_by_label("ntfy topic: mill, Scans").fill("closed")
    button.click()
    expect(scans.locator("[data-cell=additional_topic] .tested.failed")).to_contain_text("Not delivered to closed")
    scans.get_by_label("ntfy topic: mill, Scans").fill("")
    page.keyboard.press("Tab")
    expect(scans.locator(".besides-said")).to_contain_text("nobody")


# What is answered to the saving of a job waits until the test lets it go.
HELD = """() => {
  const { fetch } = window;
  const held = new Promise((done) => { window.letGo = () => { done(); return new Promise((shown) => setTimeout(shown)); }; });
  window.fetch = async (address, options) => {
    const answer = await fetch(address, options);
    if (String(address).includes("/settings/notifications/jobs/")) { await answer.clone().text(); await held; }
    return answer;
  };
}"""


@pytest.mark.parametrize("way", ["pointer", "space"])
def test_a_press_counts_that_lasts_longer_than_the_saving_of_the_field_before(visit: Visit, told: Site, way: str) -> None:
    page = visit(told, PATH)
    page.evaluate(HELD)
    scans = job(page, "mill, Scans")
    scans.locator("summary").click()
    scans.get_by_label("ntfy topic: mill, Scans").fill(f"slow-{way}")
    button = scans.get_by_role("button", name="Test the topic: mill, Scans")
    with page.expect_response(f"**{PATH}/jobs/*"):
        button.hover()
        if way == "pointer":
            page.mouse.down()
        else:
            button.focus()
            page.keyboard.down(" ")
    page.evaluate("() => letGo()")
    if way == "pointer":
        page.mouse.up()
    else:
        page.keyboard.up(" ")
    expect(scans.locator("[data-cell=additional_topic] .tested")).to_have_text(f"Delivered to slow-{way}.")
    # What came back is shown then.
    subscribe = scans.get_by_role("link", name="Subscribe to the topic: mill, Scans")
    expect(subscribe).to_have_attribute("href", re.compile(f"topic=slow-{way}$"))


def test_what_is_chosen_from_a_list_that_the_space_bar_opened_is_saved_and_shown(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    mail = job(page, "mill, Mail")
    chosen = mail.get_by_role("combobox", name="Runs told: mill, Mail")
    chosen.focus()
    for key in ("Space", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    saved(page)
    expect(chosen).to_be_focused()
    expect(chosen.locator("option[selected]")).to_have_text("Errors")


def test_several_jobs_are_chosen_and_changed_together(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    box = page.locator("#jobs").get_by_role("searchbox")
    box.fill("harbour")
    expect(page.locator(".telling")).to_have_count(2)
    page.get_by_label("Select all on this page").check()
    expect(page.locator("#picked")).to_have_text("2 selected")
    page.get_by_label("Runs told of the selected jobs").select_option("off")
    expect(page.locator("fieldset[data-set=event] input[name=set]")).to_be_checked()
    page.get_by_role("button", name="Change the selected jobs").click()
    expect(page.get_by_text("2 jobs were changed.")).to_be_visible()
    expect(job(page, "harbour, Files").get_by_role("combobox", name="Runs told: harbour, Files")).to_have_value("off")
    expect(page.locator(".telling")).to_have_count(2)


def test_the_bar_opens_ntfy_and_a_right_click_its_code(visit: Visit, told: Site) -> None:
    page = visit(told)
    page.get_by_role("link", name="Open ntfy").first.click(button="right")
    page.wait_for_url(f"**{PATH}/subscribe")
    expect(page.get_by_role("heading", name="Subscribe to main")).to_be_visible()
    assert page.locator(".code-picture").evaluate("picture => picture.complete && picture.naturalWidth > 0")
    page.get_by_label("Account of admin").click()
    expect(page.get_by_role("link", name="Subscribe to ntfy")).to_be_visible()


def test_what_is_open_can_be_read_at_any_width(visit: Visit, told: Site) -> None:
    page = visit(told, PATH)
    for closed in page.locator(".besides > summary").all():
        closed.click()
    page.locator("#bulk > summary").click()
    assert hindrances(page, (360, 1000, 1280, 2560), covered=False, keyboard=False) == {}


def test_without_scripts_buttons_save(chromium: Browser, told: Site) -> None:
    with chromium.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{told.address}{PATH}")
        sign_in(page, told)
        scans = job(page, "mill, Scans")
        scans.get_by_role("combobox", name="Runs told: mill, Scans").select_option("all")
        scans.locator("summary").click()
        scans.get_by_label("ntfy topic: mill, Scans").fill("by-hand")
        scans.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        expect(scans.get_by_role("combobox", name="Runs told: mill, Scans")).to_have_value("all")
        expect(scans.locator(".besides-said")).to_have_text("topic by-hand own")
        scans.locator("summary").click()
        scans.get_by_role("button", name="Test the topic: mill, Scans").click()
        expect(page.get_by_text("Delivered to by-hand.")).to_be_visible()
        job(page, "mill, Scans").locator("summary").click()
        page.get_by_role("button", name="Follow the server: mill, Scans").first.click()
        expect(job(page, "mill, Scans").locator(".besides-said")).to_have_text("nobody")


def test_users_find_nothing_to_change(visit: Visit, told: Site) -> None:
    page = visit(told, "/login", signed_in=False)
    name, _, value = enter(told.application, Kind.USER).headers["cookie"].partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": told.address}])
    page.goto(f"{told.address}{PATH}")
    expect(page.locator(".telling")).to_have_count(5)
    expect(page.locator(".page .page").get_by_role("switch")).to_have_count(0)
    expect(page.locator(".page .page").get_by_role("combobox")).to_have_count(0)
    assert serious_findings(page) == []
