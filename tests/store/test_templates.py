"""Templates and the own address are kept as they were, and what cannot be read stops nothing; on both databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from duplistatus.evaluate.template import Name, Template
from duplistatus.settings import Settings
from duplistatus.store.account_tables import setting
from duplistatus.store.own_address import checked_public_url, public_url, run_address, save_public_url, server_address
from duplistatus.store.statement import Statement
from duplistatus.store.templates import KEY, StoredTemplates, save_templates, stored_templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

CHANGED = Template("Für {backup_name}", "One\n\ntwo", "max", ("a", "b"))


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


def test_what_is_kept_reads_back_as_it_was(connection: Connection) -> None:
    assert stored_templates(connection) == StoredTemplates()
    for stored in (StoredTemplates("de", {Name.BACK: CHANGED}), StoredTemplates("fr"), StoredTemplates("", {Name.SUCCESS: CHANGED})):
        save_templates(connection, stored)
        assert stored_templates(connection) == stored


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"language": 7, "success": []}', '{"success": {"title": ""}}'])
def test_what_cannot_be_read_counts_as_not_changed(connection: Connection, text: str) -> None:
    connection.run(Statement(insert(setting).values(key=KEY, value=text)))
    assert stored_templates(connection) == StoredTemplates()


def test_one_bad_template_does_not_lose_the_others(connection: Connection) -> None:
    kept = {"title": "t", "message": "m", "priority": "high", "tags": "duplicati, duplistatus"}
    text = json.dumps({"language": "de", "success": kept | {"priority": "loud"}, "warning": kept})
    connection.run(Statement(insert(setting).values(key=KEY, value=text)))
    assert stored_templates(connection) == StoredTemplates("de", {Name.WARNING: Template("t", "m", "high", ("duplicati", "duplistatus"))})


def test_the_environment_says_the_address_before_the_page_does(connection: Connection) -> None:
    assert public_url(connection, Settings()) == ""
    save_public_url(connection, " https://backups.example.org/dup/ ")
    assert public_url(connection, Settings()) == "https://backups.example.org/dup"
    assert public_url(connection, Settings(public_url="http://other.example")) == "http://other.example"
    save_public_url(connection, "")
    assert public_url(connection, Settings()) == ""


@pytest.mark.parametrize(
    "text",
    ["backups.example.org", "ftp://h.example", "https://", "https://a b.example", "https://u:p@h.example", "https://h/?x=1", "http://h:x"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        checked_public_url(text)


def test_addresses_of_pages_hold_any_name() -> None:
    assert server_address("https://h", "name:a/b c") == "https://h/detail/name%3Aa%2Fb%20c"
    assert run_address("https://h", "k", "01-2") == "https://h/detail/k/backup/01-2"
    assert (server_address("", "k"), run_address("", "k", "u")) == ("", "")
