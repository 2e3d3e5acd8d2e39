"""Users as administrators make, change and remove them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from duplistatus.security import lockout
from duplistatus.security.lockout import stranger
from duplistatus.security.new_session import Visitor
from duplistatus.security.passwords import fits
from duplistatus.security.users import (
    BadUser,
    Edit,
    NameTaken,
    NewUser,
    NoSuchUser,
    Outcome,
    PasswordTooWeak,
    create_user,
    edit_user,
    remove_user,
)
from duplistatus.store import accounts
from duplistatus.store.ids import UserId

if TYPE_CHECKING:
    from duplistatus.store.accounts import User
    from tests.security.conftest import Office

HERE = Visitor("192.0.2.1", "browser")


def create(
    office: Office, username: str, password: str | None = "Viewer2026x", *, is_admin: bool = False, must_change: bool = False
) -> Outcome:
    new = NewUser(username, password, is_admin, must_change)
    return asyncio.run(create_user(office.desk, new, office.account("admin").user, HERE))


def edit(office: Office, user: User, wanted: Edit, by: str = "admin") -> Outcome:
    return asyncio.run(edit_user(office.desk, user.id, wanted, office.account(by).user, HERE))


def remove(office: Office, user_id: UserId, by: str = "admin") -> None:
    asyncio.run(remove_user(office.desk, user_id, office.account(by).user, HERE))


def test_a_new_user_has_the_password_given(office: Office) -> None:
    made = create(office, "Viewer")
    account = office.account("viewer")
    assert account.user == made.user
    assert (made.user.username, made.user.is_admin, made.user.must_change_password) == ("viewer", False, False)
    assert made.temporary_password is None
    assert fits(account.password_hash, "Viewer2026x")


def test_without_a_password_there_is_a_temporary_one_that_must_be_changed(office: Office) -> None:
    made = create(office, "viewer", None)
    assert made.temporary_password is not None
    assert made.user.must_change_password
    assert fits(office.account("viewer").password_hash, made.temporary_password)


@pytest.mark.parametrize("name", ["VIEWER", " viewer "])
def test_a_name_is_taken_whatever_its_case(office: Office, name: str) -> None:
    create(office, "viewer")
    with pytest.raises(NameTaken):
        create(office, name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Username is required"),
        ("    ", "Username is required"),
        ("ab", "Username must be between 3 and 50 characters"),
        ("x" * 51, "Username must be between 3 and 50 characters"),
        ("vie\nwer", "Username must not contain control characters"),
    ],
)
def test_a_name_that_cannot_be_is_refused(office: Office, name: str, sentence: str) -> None:
    with pytest.raises(BadUser, match=sentence):
        create(office, name)


def test_a_weak_password_is_refused_with_its_complaints(office: Office) -> None:
    with pytest.raises(PasswordTooWeak) as refused:
        create(office, "viewer", "weak")
    assert len(refused.value.complaints) == 3


def test_an_edit_changes_what_it_names_only(office: Office) -> None:
    made = create(office, "viewer").user
    edit(office, made, Edit(username="Viewer2"))
    edit(office, made, Edit(is_admin=True))
    after = office.account("viewer2").user
    assert (after.id, after.is_admin, after.must_change_password) == (made.id, True, False)
    assert edit(office, made, Edit()).user == after


def test_a_user_cannot_take_anothers_name_but_may_keep_the_own(office: Office) -> None:
    made = create(office, "viewer").user
    with pytest.raises(NameTaken):
        edit(office, made, Edit(username="Admin"))
    assert edit(office, made, Edit(username="VIEWER")).user.username == "viewer"


def test_a_changed_role_holds_in_open_sessions_at_once(office: Office) -> None:
    made = create(office, "viewer").user
    opened = office.open(made)
    edit(office, made, Edit(is_admin=True))
    session = office.session(opened.session.token_hash)
    assert session is not None
    assert session.user is not None
    assert session.user.is_admin


def test_a_reset_gives_a_temporary_password_and_ends_sessions_and_lock(office: Office) -> None:
    made = create(office, "viewer").user
    opened = office.open(made)
    for _ in range(6):
        office.write(lambda connection: lockout.begin(connection, stranger("viewer", "192.0.2.9"), office.clock.now()))
    reset = edit(office, made, Edit(reset_password=True))
    assert reset.temporary_password is not None
    account = office.account("viewer")
    assert account.user.must_change_password
    assert fits(account.password_hash, reset.temporary_password)
    assert office.session(opened.session.token_hash) is None
    assert office.write(lambda connection: lockout.begin(connection, stranger("viewer", "192.0.2.9"), office.clock.now())) is None


def test_a_removed_user_is_gone_with_all_sessions(office: Office) -> None:
    made = create(office, "viewer").user
    opened = office.open(made)
    remove(office, made.id)
    assert office.session(opened.session.token_hash) is None
    assert office.read(lambda connection: accounts.by_name(connection, "viewer")) is None


def test_the_last_administrator_stays_one(office: Office) -> None:
    admin = office.account("admin").user
    with pytest.raises(BadUser, match="administrator must remain"):
        edit(office, admin, Edit(is_admin=False))
    second = create(office, "second", is_admin=True).user
    edit(office, admin, Edit(is_admin=False), by="second")
    with pytest.raises(BadUser, match="administrator must remain"):
        remove(office, second.id, by="admin")


def test_nobody_removes_demotes_or_resets_themselves(office: Office) -> None:
    create(office, "second", is_admin=True)
    admin = office.account("admin").user
    with pytest.raises(BadUser, match="own account"):
        remove(office, admin.id)
    for wanted in (Edit(is_admin=False), Edit(reset_password=True)):
        with pytest.raises(BadUser):
            edit(office, admin, wanted)
    assert office.account("admin").user == admin


def test_an_unknown_user_cannot_be_changed_or_removed(office: Office) -> None:
    unknown = UserId("nope")
    with pytest.raises(NoSuchUser):
        asyncio.run(edit_user(office.desk, unknown, Edit(is_admin=True), office.account("admin").user, HERE))
    with pytest.raises(NoSuchUser):
        remove(office, unknown)


def test_each_change_is_in_the_audit_log_without_any_password(office: Office) -> None:
    made = create(office, "viewer", None)
    reset = edit(office, made.user, Edit(is_admin=True, reset_password=True))
    remove(office, made.user.id)
    actions = [action for action, _, _ in office.audit()]
    assert actions[1:] == ["user_created", "user_updated", "password_reset", "user_deleted"]
    text = str(office.read(lambda connection: connection.raw.execute("SELECT * FROM audit").fetchall()))
    for secret in (made.temporary_password, reset.temporary_password):
        assert secret is not None
        assert secret not in text


@pytest.mark.parametrize(("search", "found"), [("", ["admin", "per_cent", "viewer"]), ("VIEW", ["viewer"]), ("_", ["per_cent"]), ("%", [])])
def test_users_are_listed_by_name_and_searched_literally(office: Office, search: str, found: list[str]) -> None:
    create(office, "viewer")
    create(office, "per_cent")
    rows, total = office.read(lambda connection: accounts.listed(connection, search, 10, 0))
    assert [row.user.username for row in rows] == found
    assert total == len(found)


def test_users_are_listed_in_pages(office: Office) -> None:
    for name in ("viewer", "second"):
        create(office, name)
    rows, total = office.read(lambda connection: accounts.listed(connection, "", 2, 2))
    assert [row.user.username for row in rows] == ["viewer"]
    assert total == 3


def test_the_list_tells_of_locks(office: Office) -> None:
    for _ in range(6):
        office.write(lambda connection: lockout.begin(connection, stranger("Admin", "192.0.2.9"), office.clock.now()))
    rows, _ = office.read(lambda connection: accounts.listed(connection, "", 10, 0))
    assert rows[0].failures == 5
    assert rows[0].locked_until is not None
