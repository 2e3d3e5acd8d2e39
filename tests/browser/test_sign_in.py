"""Signing in and out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch


def test_whoever_is_not_signed_in_signs_in_first_and_comes_to_the_page_they_asked_for(visit: Visit, story: Site) -> None:
    page = visit(story, "/?view=table", signed_in=False)
    expect(page).to_have_url(re.compile(r"/login\?next="))
    sign_in(page, story)
    expect(page).to_have_url(f"{story.address}/?view=table")
    expect(page.get_by_role("table")).to_be_visible()


def test_a_wrong_password_is_said_plainly_and_the_name_stays(visit: Visit, story: Site, watch: Watch) -> None:
    watch.expect("401 .*/login")
    page = visit(story, "/login", signed_in=False)
    expect(page.get_by_label("User")).to_be_focused()
    sign_in(page, story, "Wrong7Horse")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    expect(page.get_by_label("User")).to_have_value("admin")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_value("")
    sign_in(page, story)
    expect(page).to_have_url(f"{story.address}/")


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(visit: Visit, story: Site, elsewhere: str) -> None:
    page = visit(story, f"/login?next={elsewhere}", signed_in=False)
    sign_in(page, story)
    expect(page).to_have_url(f"{story.address}/")


def test_signing_out_ends_the_session_and_the_way_back_shows_nothing(visit: Visit, fresh: Site) -> None:
    page = visit(fresh, "/login", signed_in=False)
    sign_in(page, fresh)
    page.get_by_label("Account of admin").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{fresh.address}/login")
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{fresh.address}/rejected")
    expect(page).to_have_url(f"{fresh.address}/login?next=%2Frejected")


def test_a_password_is_changed_only_by_who_knows_the_present_one(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect("401 .*/change-password")
    page = visit(fresh, "/login", signed_in=False)
    sign_in(page, fresh)
    page.get_by_label("Account of admin").click()
    page.get_by_role("link", name="Change password").click()

    def change(current: str, new: str) -> None:
        page.get_by_label("Current password").fill(current)
        page.get_by_label("New password", exact=True).fill(new)
        page.get_by_label("New password again").fill(new)
        page.get_by_role("button", name="Change password").click()

    change("Wrong7Horse", "Another8Horse")
    expect(page.get_by_role("alert")).to_have_text("The current password is wrong.")
    change(fresh.password, "Another8Horse")
    expect(page).to_have_url(f"{fresh.address}/")

    later = visit(fresh, "/login", signed_in=False)
    sign_in(later, fresh, "Another8Horse")
    expect(later).to_have_url(f"{fresh.address}/")
