"""Attempts on sessions and on changes: a session that an attacker knows, and requests that another site makes a browser send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import ADMIN_PASSWORD, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient

OWN = "http://dashboard.test"


class TestFixation:
    """Somebody gives a victim a session that they know, and waits until the victim signs in with it."""

    def test_a_planted_session_is_not_the_one_that_has_signed_in(self, browser: Callable[[], TestClient]) -> None:
        attacker, victim = browser(), browser()
        token = attacker.get("/api/csrf").json()["token"]
        planted = attacker.cookies["sessionId"]
        victim.cookies.set("sessionId", planted, domain="dashboard.test")
        sign_in(victim, "admin", ADMIN_PASSWORD)
        assert victim.get("/api/auth/me").json()["authenticated"] is True
        attacker.headers["x-csrf-token"] = token
        assert "authenticated" not in attacker.get("/api/auth/me").json()
        assert attacker.post("/api/tags", json={"name": "mine"}).status_code == 401
        attacker.cookies.set("sessionId", planted, domain="dashboard.test")
        assert attacker.get("/api/dashboard").status_code == 401

    def test_the_same_by_the_form_of_the_page(self, browser: Callable[[], TestClient]) -> None:
        attacker, victim = browser(), browser()
        token = attacker.get("/api/csrf").json()["token"]
        planted = attacker.cookies["sessionId"]
        victim.cookies.set("sessionId", planted, domain="dashboard.test")
        form = {"username": "admin", "password": ADMIN_PASSWORD, "csrf_token": token}
        assert victim.post("/login", data=form).status_code == 303
        assert attacker.get("/api/dashboard").status_code == 401

    def test_a_session_in_the_older_cookie_is_never_signed_in(self, browser: Callable[[], TestClient]) -> None:
        attacker, victim = browser(), browser()
        attacker.post("/api/session")
        planted = attacker.cookies["session"]
        victim.cookies.set("session", planted, domain="dashboard.test")
        sign_in(victim, "admin", ADMIN_PASSWORD)
        for name in ("session", "sessionId"):
            other = browser()
            other.cookies.set(name, planted, domain="dashboard.test")
            assert other.get("/api/dashboard").status_code == 401
        # The session of somebody who has signed in is none for the older cookie's endpoints to end.
        other = browser()
        other.cookies.set("session", planted, domain="dashboard.test")
        other.delete("/api/session")
        assert victim.get("/api/dashboard").status_code == 200

    def test_an_id_of_the_attackers_making_opens_nothing(self, browser: Callable[[], TestClient]) -> None:
        victim = browser()
        victim.cookies.set("sessionId", "a" * 64, domain="dashboard.test")
        victim.get("/login")
        assert victim.cookies.get("sessionId", domain="dashboard.test") != "a" * 64

    @pytest.mark.parametrize(
        "cookie",
        [
            "sessionId=",
            "sessionId=" + "a" * 8_000,
            "sessionId=x; sessionId={}x",
            "sessionId",
            "=x",
            "; " * 3_000,
            "; ".join(f"c{number}=x" for number in range(3_000)),
            'sessionId="{}',
            "SESSIONID={}",
            "sessionId[]={}",
            "sessionId={}' OR '1'='1",
        ],
    )
    def test_cookies_of_any_kind_are_no_session(self, site: TestClient, admin: TestClient, cookie: str) -> None:
        token = admin.cookies["sessionId"]
        admin.cookies.clear()
        answer = admin.get("/api/dashboard", headers={"cookie": cookie.replace("{}", token)})
        assert answer.status_code == 401


class TestForgery:
    """Another site makes the browser of somebody who has signed in send a change."""

    def change(self, admin: TestClient, headers: dict[str, str], **body: Any) -> int:
        """Tries to make a tag; the status. Nothing is made unless it is 200."""
        before = len(admin.get("/api/tags").json()["items"])
        answer = admin.post("/api/tags", headers=headers, **body)
        after = len(admin.get("/api/tags").json()["items"])
        assert (after > before) is (answer.status_code == 200)
        return int(answer.status_code)

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", ""]
    )
    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.test", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
            {"origin": "https://evil.test"},
            {"origin": "null"},
            {"referer": "https://evil.test/"},
            {},
        ],
        ids=["modern", "origin", "null", "referer", "silent"],
    )
    def test_a_form_or_script_of_another_site_changes_nothing(self, admin: TestClient, kind: str, headers: dict[str, str]) -> None:
        admin.headers.pop("x-csrf-token")
        for body in (b'{"name": "forged"}', b'{"name": "forged", "x": "=', b"name=forged&csrf_token=", b'--x\r\n\r\n{"name":"forged"}'):
            assert self.change(admin, headers | {"content-type": kind}, content=body) == 403

    @pytest.mark.parametrize(
        "origin",
        [
            "http://sub.dashboard.test",
            "http://dashboard.test.evil.test",
            "http://dashboard.test:8443",
            "http://evil.test?dashboard.test",
            "http://dashboard.test@evil.test",
            "http://evil.test\\dashboard.test",
            "http://[",
            "null",
            "",
        ],
    )
    def test_the_right_token_does_not_help_another_origin(self, admin: TestClient, origin: str) -> None:
        assert self.change(admin, {"origin": origin}, json={"name": "forged"}) == 403

    @pytest.mark.parametrize("said", ["cross-site", "same-site", "", "x", "SAME-ORIGIN"])
    def test_what_the_browser_says_of_the_site_counts_more_than_the_origin(self, admin: TestClient, said: str) -> None:
        assert self.change(admin, {"sec-fetch-site": said, "origin": OWN}, json={"name": "forged"}) == 403

    def test_a_forwarded_host_of_anybody_makes_no_origin_ours(self, admin: TestClient) -> None:
        headers = {
            "origin": "https://evil.test",
            "x-forwarded-host": "evil.test",
            "forwarded": "host=evil.test",
            "x-original-host": "evil.test",
        }
        assert self.change(admin, headers, json={"name": "forged"}) == 403

    def test_the_token_counts_in_the_header_and_in_forms_alone(self, admin: TestClient) -> None:
        token = admin.headers.pop("x-csrf-token")
        for place in (f"?csrf_token={token}", f"?x-csrf-token={token}", f"?_csrf={token}"):
            assert admin.post(f"/api/tags{place}", json={"name": "forged"}).status_code == 403
        admin.cookies.set("csrf_token", token, domain="dashboard.test")
        admin.cookies.set("x-csrf-token", token, domain="dashboard.test")
        assert self.change(admin, {}, json={"name": "forged", "csrf_token": token}) == 403

    def test_the_token_of_another_session_and_of_nobody_is_refused(self, admin: TestClient, browser: Callable[[], TestClient]) -> None:
        for token in (browser().get("/api/csrf").json()["token"], "", "0" * 64, admin.headers["x-csrf-token"].upper()[:-1]):
            assert self.change(admin, {"x-csrf-token": token}, json={"name": "forged"}) == 403

    @pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
    def test_no_header_or_field_makes_another_method_of_a_request(self, admin: TestClient, name: str) -> None:
        made = admin.post("/api/tags", json={"name": "kept"}).json()["id"]
        admin.get(f"/api/tags/{made}", headers={name: "DELETE"})
        admin.get("/api/tags", headers={name: "DELETE"}, params={"_method": "DELETE", "id": made})
        admin.post("/api/tags", headers={name: "DELETE"}, json={"_method": "DELETE"})
        assert [tag["id"] for tag in admin.get("/api/tags").json()["items"]] == [made]

    def test_a_form_where_json_is_expected_is_the_senders_error_even_with_its_token(self, admin: TestClient) -> None:
        token = admin.headers.pop("x-csrf-token")
        answer = admin.post("/api/tags", content=f"csrf_token={token}", headers={"content-type": "application/x-www-form-urlencoded"})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
