"""Users as administrators make, change and remove them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
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
    NoLongerAdmin,
    NoSuchUser,
    Outcome,
    PasswordTooWeak,
    UserError,
    create_user,
    edit_user,
    end_sessions_of,
    remove_user,
    server_keys,
    unlock_user,
)
from duplistatus.store import accounts, sessions
from duplistatus.store.accounts import User
from duplistatus.store.ids import UserId
from duplistatus.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from duplistatus.security.sign_in import Desk
    from duplistatus.store.database import Connection
    from tests.security.conftest import Office

HERE = Visitor("192.0.2.1", "browser")


def create(
    office: Office, username: str, password: str | None = "Viewer2026x", *, is_admin: bool = False, must_change: bool = False
) -> Outcome:
    new = NewUser(username, password, is_admin, must_change)
    return asyncio.run(create_user(office.desk, new, office.account("admin").user, HERE))


def edit(office: Office, user: User, wanted: Edit, by: str = "admin") -> Outcome:
    return asyncio.run(edit_user(office.desk, user.id, wanted, office.account(by).user, HERE))


KEY = User(UserId("key:1"), "key:some key", is_admin=True, must_change_password=False)
"""Who acts where a program has called."""


def edit_by(office: Office, user: User, wanted: Edit, by: User) -> Outcome:
    return asyncio.run(edit_user(office.desk, user.id, wanted, by, HERE))


def remove_by(office: Office, user: User, by: User) -> None:
    asyncio.run(remove_user(office.desk, user.id, by, HERE))


def keys(office: Office, user: User) -> list[str]:
    return office.read(lambda connection: server_keys(connection, user.id))


def add_servers(connection: Connection) -> None:
    for name in ("one", "two"):
        connection.raw.execute(f"INSERT INTO server (key, has_machine_id, name, created_at) VALUES ('id-{name}', 1, '{name}', 0)")


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
        ("key:backup", "Username must not begin with key:"),
        ("KEY:backup", "Username must not begin with key:"),
        (" key:backup", "Username must not begin with key:"),
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
    for wanted in (lambda: remove_by(office, second, KEY), lambda: edit_by(office, second, Edit(is_admin=False), KEY)):
        with pytest.raises(BadUser, match="administrator must remain"):
            wanted()
    with pytest.raises(BadUser, match="cannot be limited"):
        edit_by(office, second, Edit(is_limited=True), KEY)
    assert office.account("second").user == second


def test_who_is_no_administrator_any_more_changes_nobody(office: Office) -> None:
    """The guard let them in while they were one."""
    admin = office.account("admin").user
    create(office, "second", is_admin=True)
    viewer = create(office, "viewer").user
    edit(office, admin, Edit(is_admin=False), by="second")
    deeds = (
        lambda: edit_by(office, viewer, Edit(is_admin=True), admin),
        lambda: remove_by(office, viewer, admin),
        lambda: asyncio.run(create_user(office.desk, NewUser("third", None, True, True), admin, HERE)),
        lambda: asyncio.run(unlock_user(office.desk, viewer.id, admin, HERE)),
        lambda: asyncio.run(end_sessions_of(office.desk, viewer.id, admin, HERE)),
    )
    for deed in deeds:
        with pytest.raises(NoLongerAdmin):
            deed()
    assert office.account("viewer").user == viewer
    assert office.read(lambda connection: accounts.by_name(connection, "third")) is None


@pytest.mark.parametrize("deed", ["demote", "delete", "one of each"])
def test_two_administrators_who_remove_each_other_at_once_leave_one(office: Office, deed: str) -> None:
    """Also when each asks another process on the same database."""
    admin, second = office.account("admin").user, create(office, "second", is_admin=True).user
    other_writer = Writer(office.desk.database)
    other_writer.start()
    other = replace(office.desk, writer=other_writer)

    def against(desk: Desk, target: User, by: User, *, demotes: bool) -> Coroutine[Any, Any, object]:
        if demotes:
            return edit_user(desk, target.id, Edit(is_admin=False), by, HERE)
        return remove_user(desk, target.id, by, HERE)

    async def both() -> list[object]:
        first = against(office.desk, second, admin, demotes=deed == "demote")
        second_one = against(other, admin, second, demotes=deed != "delete")
        return list(await asyncio.gather(first, second_one, return_exceptions=True))

    try:
        outcomes = asyncio.run(both())
    finally:
        other_writer.close()
    assert sum(isinstance(each, UserError) for each in outcomes) == 1, outcomes
    assert office.read(accounts.count_admins) == 1


def test_no_transaction_makes_an_administrator_less_while_another_counts_them(office: Office) -> None:
    if office.desk.database.dialect == "sqlite":
        return  # a second transaction that writes does not even begin
    connection = office.desk.database.connect()
    connection.script("BEGIN")
    accounts.hold_admins(connection)
    waiting = office.desk.writer.submit(accounts.hold_admins)
    with pytest.raises(TimeoutError):
        waiting.result(0.3)
    connection.script("ROLLBACK")
    connection.close()
    waiting.result(5)


def test_a_limited_user_has_chosen_servers_until_they_see_all(office: Office) -> None:
    office.write(add_servers)
    new = NewUser("viewer", "Viewer2026x", False, False, is_limited=True, servers=("id-one", "id-two"))
    user = asyncio.run(create_user(office.desk, new, office.account("admin").user, HERE)).user
    assert user.is_limited
    assert keys(office, user) == ["id-one", "id-two"]
    edit(office, user, Edit(servers=("id-two",)))
    assert keys(office, user) == ["id-two"]
    edit(office, user, Edit(username="viewer2"))
    assert keys(office, user) == ["id-two"], "what is not named stays"
    edit(office, user, Edit(servers=()))
    assert keys(office, user) == []
    assert office.account("viewer2").user.is_limited
    edit(office, user, Edit(servers=("id-one",)))
    edit(office, user, Edit(is_limited=False))
    assert keys(office, user) == []
    edit(office, user, Edit(is_limited=True))
    assert keys(office, user) == [], "what was chosen before is forgotten"


def test_who_becomes_an_administrator_is_limited_no_more(office: Office) -> None:
    office.write(add_servers)
    new = NewUser("viewer", "Viewer2026x", False, False, is_limited=True, servers=("id-one",))
    user = asyncio.run(create_user(office.desk, new, office.account("admin").user, HERE)).user
    assert not edit(office, user, Edit(is_admin=True)).user.is_limited
    assert not edit(office, user, Edit(is_admin=False)).user.is_limited
    assert keys(office, user) == []


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Edit(is_admin=True, is_limited=True), "Administrators see all servers"),
        (Edit(is_admin=True, servers=("id-one",)), "Administrators see all servers"),
        (Edit(servers=("id-one",)), "limited users only"),
        (Edit(is_limited=True, servers=("nope",)), "There is no server 'nope'"),
    ],
)
def test_a_limitation_that_makes_no_sense_is_refused(office: Office, wanted: Edit, sentence: str) -> None:
    office.write(add_servers)
    user = create(office, "viewer").user
    with pytest.raises(BadUser, match=sentence):
        edit(office, user, wanted)
    assert office.account("viewer").user == user
    assert keys(office, user) == []


def test_a_lock_is_ended_by_an_administrator(office: Office) -> None:
    user = create(office, "viewer").user
    for _ in range(6):
        office.write(lambda connection: lockout.begin(connection, stranger("viewer", "192.0.2.9"), office.clock.now()))
    asyncio.run(unlock_user(office.desk, user.id, office.account("admin").user, HERE))
    assert office.write(lambda connection: lockout.begin(connection, stranger("viewer", "192.0.2.9"), office.clock.now())) is None
    assert office.audit()[-1] == ("user_unlocked", "admin", "success")


def test_an_administrator_signs_a_user_out_everywhere_but_not_themselves_here(office: Office) -> None:
    admin, user = office.account("admin").user, create(office, "viewer").user
    theirs = [office.open(user) for _ in range(2)]
    here, there = office.open(admin), office.open(admin)
    visitor = replace(HERE, session=here.session)
    assert asyncio.run(end_sessions_of(office.desk, user.id, admin, visitor)) == 2
    assert [office.session(each.session.token_hash) for each in theirs] == [None, None]
    assert asyncio.run(end_sessions_of(office.desk, admin.id, admin, visitor)) == 1
    assert office.session(here.session.token_hash) is not None
    assert office.session(there.session.token_hash) is None


def test_everybodys_sessions_can_end(office: Office) -> None:
    opened = [office.open(each) for each in (office.account("admin").user, create(office, "viewer").user, None)]
    assert office.write(sessions.end_all) == 3
    assert all(office.session(each.session.token_hash) is None for each in opened)


def test_a_change_is_written_down_as_it_was_and_is(office: Office) -> None:
    office.write(add_servers)
    user = create(office, "viewer").user
    edit(office, user, Edit(is_limited=True, servers=("id-one",)))
    edit(office, user, Edit())
    rows = office.read(lambda connection: connection.raw.execute("SELECT details FROM audit WHERE action = 'user_updated'").fetchall())
    assert [json.loads(row[0]) for row in rows] == [
        {
            "is_limited": True,
            "servers": ["id-one"],
            "before": {"is_limited": False, "servers": None},
            "after": {"is_limited": True, "servers": ["id-one"]},
            "targetUsername": "viewer",
        }
    ]


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
