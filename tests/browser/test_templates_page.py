"""The page of templates: a message is written, looked at as it would be, tried and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.layout import hindrances, missed_by_tab

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

    from tests.browser.conftest import Visit
    from tests.browser.site import Site
    from tests.browser.watch import Watch

SANDBOXED = "Blocked script execution in '(.*/settings/templates/preview|about:blank)"
"""The frame lets no script run, not even what stops the clock of these tests."""


def preview(page: Page) -> FrameLocator:
    """The frame that is shown."""
    return page.frame_locator("#preview iframe:not(.coming)")


def test_the_preview_follows_what_is_written_with_what_is_newest(visit: Visit, story: Site, watch: Watch) -> None:
    watch.expect(SANDBOXED)
    page = visit(story, "/settings/templates?name=warning")
    expect(page.get_by_text("With what is newest here")).to_be_visible()
    expect(preview(page).get_by_text("Warning: 3 files are locked")).to_be_visible()
    page.get_by_label("Title", exact=True).fill("{backup_name} of {server_name} & <b>more</b>")
    expect(preview(page).get_by_role("heading", level=1)).to_have_text("Scans of mill & <b>more</b>")
    page.get_by_role("radio", name="Text").check()
    expect(preview(page).locator("pre")).to_contain_text("The backup Scans of mill did not go smoothly.")
    page.reload()
    expect(page.get_by_label("Title", exact=True)).to_have_value("{status}: {backup_name} on {server_alias}")


def test_variables_go_in_at_a_press_and_unknown_ones_are_named(visit: Visit, story: Site, watch: Watch) -> None:
    watch.expect(SANDBOXED)
    page = visit(story, "/settings/templates?name=overdueBackup")
    title = page.get_by_label("Title", exact=True)
    title.fill("Late: ")
    page.get_by_role("button", name="{backup_name}").click()
    expect(title).to_have_value("Late: {backup_name}")
    expect(preview(page).get_by_role("heading", level=1)).to_have_text("Late: Photos")
    title.press("End")
    title.press_sequentially(" {log_text}")
    expect(page.get_by_text("Not known here, so it stays as it is written: {log_text}")).to_be_visible()
    expect(preview(page).get_by_role("heading", level=1)).to_have_text("Late: Photos {log_text}")


def test_a_template_is_kept_and_reset(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect(SANDBOXED)
    page = visit(fresh, "/settings/templates")
    expect(page.get_by_text("With invented numbers")).to_be_visible()
    page.get_by_label("Title", exact=True).fill("Fine: {backup_name}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_role("link", name="Success changed")).to_be_visible()
    page.get_by_label("Language of messages").select_option("Deutsch")
    page.get_by_role("button", name="Use this language").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Fine: {backup_name}")
    page.get_by_role("link", name="Overdue").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Überfällig: {backup_name} auf {server_alias}")
    page.get_by_role("button", name="Reset all templates").click()
    page.get_by_role("link", name="Success").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Sicherung fertig: {backup_name} auf {server_alias}")


def test_the_page_works_without_scripts(visit: Visit, fresh: Site, watch: Watch) -> None:
    watch.expect(SANDBOXED)
    page = visit(fresh, "/settings/templates?name=warning")
    page.route("**/app/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    page.get_by_label("Title", exact=True).fill("Plain {status}")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("iframe[name=preview]").get_by_role("heading", level=1)).to_have_text("Plain Warning")


def test_the_page_is_readable_by_everybody_at_any_width(visit: Visit, story: Site, watch: Watch) -> None:
    watch.expect(SANDBOXED)
    page = visit(story, "/settings/templates?name=overdueBackup")
    expect(preview(page).get_by_role("heading", level=1)).to_have_text("Overdue: Photos on harbour")
    assert hindrances(page, (360, 1400), keyboard=False) == {}
    page.locator("iframe").evaluate_all("frames => frames.forEach((frame) => frame.remove())")
    for width in (360, 1400):
        page.set_viewport_size({"width": width, "height": 800})
        assert missed_by_tab(page) == [], width
