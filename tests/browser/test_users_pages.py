"""Users and sessions, as people look after them in the browser."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.security import lockout
from duplistatus.security.lockout import stranger
from duplistatus.store import accounts
from duplistatus.store.accounts import Account, User
from duplistatus.store.ids import UserId
from tests.browser.layout import hindrances
from tests.browser.site import NOW
from tests.web.api.reports import Made

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from duplistatus.store.database import Connection
    from tests.browser.conftest import Visit
    from tests.browser.site import Site

USERS = "/settings/users"


@pytest.fixture
def office(fresh: Site) -> Site:
    """Three servers, and users of each kind, one of them locked."""
    for number, name in enumerate(("harbour", "mill", "quay")):
        fresh.report(Made(Instant(NOW - (number + 2) * HOUR), name, next_run=Instant(NOW + DAY)))
    fresh.clock.at = NOW

    def work(connection: Connection) -> None:
        people = (("anna", True, False), ("bert", False, False), ("a-name-of-fifty-characters-that-no-line-has-room-for", False, True))
        for name, is_admin, is_limited in people:
            user = User(UserId(f"id-{name}"), name[:50], is_admin, must_change_password=is_limited, is_limited=is_limited)
            accounts.add(connection, Account(user, "no password"), NOW)
        for _ in range(6):
            lockout.begin(connection, stranger("bert", "192.0.2.1"), NOW)

    fresh.context.writer.submit(work).result()
    return fresh


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_a_limited_user_is_added_with_a_password_to_copy_and_signs_in(visit: Visit, office: Site) -> None:
    page = visit(office)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("link", name="Add a user").click()
    page.get_by_label("Name").fill("Carol")
    servers = page.get_by_role("group", name="Servers of the limited user")
    expect(servers).to_be_hidden()
    page.get_by_label("Limited user").check()
    expect(servers.get_by_role("checkbox")).to_have_count(3)
    servers.get_by_label("mill").check()
    page.get_by_label("Find servers").fill("QUAY")
    expect(servers.get_by_label("harbour")).to_be_hidden()
    expect(servers.get_by_label("mill")).to_be_visible()
    servers.get_by_label("quay").check()
    page.get_by_role("button", name="Add").click()
    told = page.get_by_role("status").filter(has_text="Password of carol")
    password = told.locator("code").inner_text()
    told.get_by_role("button", name="Copy the password").click()
    expect(page.locator("#toast")).to_have_text("Copied")
    told.get_by_role("link", name="Done").click()
    expect(row(page, "carol")).to_contain_text("2 servers")
    expect(page.get_by_text(password)).to_have_count(0)

    carol = visit(office, "/login", signed_in=False)
    carol.get_by_label("User").fill("carol")
    carol.get_by_label("Password").fill(password)
    carol.get_by_role("button", name="Sign in").click()
    expect(carol.get_by_role("heading", name="Change password")).to_be_visible()


def test_a_user_is_unlocked_reset_and_deleted_after_a_question(visit: Visit, office: Site) -> None:
    page = visit(office, USERS)
    expect(row(page, "bert")).to_contain_text("Locked until 21 Nov, 12:15")
    row(page, "bert").get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("status").filter(has_text="The lock is ended")).to_be_visible()
    page.get_by_text("Reset the password …").click()
    page.get_by_role("button", name="Reset the password of “bert”").click()
    expect(page.get_by_role("heading", name="Password of bert")).to_be_visible()
    page.get_by_text("Delete this user …").click()
    page.get_by_role("button", name="Delete “bert”").click()
    expect(page.get_by_role("status").filter(has_text="“bert” was deleted.")).to_be_visible()
    expect(row(page, "bert")).to_have_count(0)


def sign_in_elsewhere(site: Site) -> None:
    """As a program does."""
    with urllib.request.urlopen(f"{site.address}/api/csrf") as answer:
        token, cookie = json.load(answer)["token"], answer.headers["set-cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "X-CSRF-Token": token, "Content-Type": "application/json", "User-Agent": "curl/8.14.1"}
    body = json.dumps({"username": "admin", "password": site.password}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{site.address}/api/auth/login", body, headers)) as answer:
        assert answer.status == 200


def test_ones_sessions_are_shown_and_ended(visit: Visit, office: Site) -> None:
    page = visit(office)
    sign_in_elsewhere(office)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Your sessions").click()
    expect(page.get_by_role("row").filter(has_text="This one")).to_contain_text(re.compile(r"Chrome on .*\s127\.0\.0\.1", re.DOTALL))
    other = page.get_by_role("row").filter(has_text="curl")
    other.get_by_role("button", name="End").click()
    expect(page.get_by_role("status").filter(has_text="1 session has ended.")).to_be_visible()
    expect(other).to_have_count(0)
    page.get_by_role("row").filter(has_text="This one").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    office.session = None


def test_the_form_works_without_scripts(visit: Visit, office: Site) -> None:
    page = visit(office, f"{USERS}/new")
    page.context.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    expect(page.get_by_label("Find servers")).to_be_hidden()
    page.get_by_label("Name").fill("dave")
    page.get_by_label("Limited user").check()
    page.get_by_label("harbour").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Password of dave")).to_be_visible()


def test_the_pages_are_readable_by_everybody_at_any_width(visit: Visit, office: Site) -> None:
    page = visit(office)
    for path in (USERS, f"{USERS}/new", f"{USERS}/id-bert", "/settings/sessions"):
        page.goto(f"{office.address}{path}")
        page.evaluate("for (const each of document.querySelectorAll('details.confirm')) each.open = true")
        if path.endswith("new"):
            page.get_by_label("Limited user").check()
        assert hindrances(page, (360, 1280)) == {}, path
