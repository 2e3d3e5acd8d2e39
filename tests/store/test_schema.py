"""Migrations: they make the tables of `tables.py` on both engines, change a database in one transaction or not at all, keep a copy of a
file first, and refuse what is not theirs."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from duplistatus.store import schema
from duplistatus.store.all_tables import metadata
from duplistatus.store.database import Database, StoreUnavailable
from duplistatus.store.schema import NEWEST, SchemaError, alembic_config, engine_of, make_file, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Database]:
    """A database without any table; the file of the SQLite one is not there yet."""
    url = request.getfixturevalue("postgres_url")() if request.param == "postgresql" else None
    made = Database(data_dir / "duplistatus.db", url)
    yield made
    made.close()


@pytest.fixture
def file(data_dir: Path) -> Database:
    """An SQLite database that is not there yet."""
    return Database(data_dir / "duplistatus.db")


@pytest.fixture
def next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Pretends that this release has one migration more, with the given commands."""

    def add(commands: str) -> None:
        folder = tmp_path / "migrations"
        (folder / "versions").mkdir(parents=True)
        for each in (*schema.MIGRATIONS.glob("*.py"), *schema.MIGRATIONS.glob("versions/*.py")):
            (folder / each.relative_to(schema.MIGRATIONS)).write_text(each.read_text(encoding="utf-8"), encoding="utf-8")
        body = f"from alembic import op\nrevision = '9999'\ndown_revision = {NEWEST!r}\n\n\ndef upgrade():\n{commands}\n"
        (folder / "versions" / "9999_next.py").write_text(body, encoding="utf-8")
        monkeypatch.setattr(schema, "MIGRATIONS", folder)
        monkeypatch.setattr(schema, "NEWEST", "9999")

    return add


def _run(database: Database, text: str) -> list[tuple[object, ...]]:
    connection = database.connect()
    try:
        cursor = connection.raw.execute(text)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    finally:
        connection.close()


def _add_server(database: Database, key: str) -> None:
    _run(database, f"INSERT INTO server (key, has_machine_id, created_at) VALUES ('{key}', 1, 0)")


def _revision(database: Database) -> list[tuple[object, ...]]:
    return _run(database, "SELECT version_num FROM alembic_version")


def test_the_migrations_make_the_tables_that_statements_are_written_for(empty: Database) -> None:
    migrate(empty)
    engine = engine_of(empty)
    with engine.connect() as connection:
        # On SQLite Alembic takes every empty text for a changed default; the next test compares those.
        options = {"compare_type": True, "compare_server_default": empty.dialect == "postgresql"}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_on_sqlite_each_table_and_index_has_the_same_shape(file: Database, tmp_path: Path) -> None:
    """Defaults, WITHOUT ROWID and the conditions of indexes among it."""
    migrate(file)
    direct = Database(tmp_path / "direct.db")
    make_file(direct.file)
    engine = engine_of(direct)
    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()
    made, expected = _shapes(file), _shapes(direct)
    del made["alembic_version"]
    assert made == expected
    assert "WITHOUT ROWID" in expected["day"]
    assert expected["job_due"][-1].endswith("WHERE due_at IS NOT NULL")


def _shapes(database: Database) -> dict[str, list[str]]:
    """What makes each table and index: columns with their defaults, keys and constraints of tables, in no order; the command of an index.
    The command of a table is another where columns were added later."""
    shapes: dict[str, list[str]] = {}
    for kind, name, text in _run(database, "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if kind == "index":
            shapes[str(name)] = [str(text)]
            continue
        columns = [str(row[1:]) for row in _run(database, f"PRAGMA table_info('{name}')")]
        keys = [str(row[2:]) for row in _run(database, f"PRAGMA foreign_key_list('{name}')")]
        uniques = [
            str((row[2:], [each[2] for each in _run(database, f"PRAGMA index_info('{row[1]}')")]))
            for row in _run(database, f"PRAGMA index_list('{name}')")
        ]
        shapes[str(name)] = [*sorted(columns + keys + uniques), "WITHOUT ROWID" if "WITHOUT ROWID" in str(text) else ""]
    return shapes


def test_a_table_that_the_migrations_do_not_make_is_noticed(empty: Database) -> None:
    """What the test above relies on."""
    migrate(empty)
    _run(empty, "ALTER TABLE server DROP COLUMN note")
    engine = engine_of(empty)
    with engine.connect() as connection:
        assert len(compare_metadata(MigrationContext.configure(connection), metadata)) == 1
    engine.dispose()


@pytest.mark.postgres
def test_due_jobs_have_an_index_of_their_own_on_postgresql(postgres_url: Callable[[], str], data_dir: Path) -> None:
    database = Database(data_dir / "none", postgres_url())
    migrate(database)
    assert str(_run(database, "SELECT indexdef FROM pg_indexes WHERE indexname = 'job_due'")[0][0]).endswith("WHERE (due_at IS NOT NULL)")


def test_the_named_revision_is_that_of_the_newest_file(file: Database) -> None:
    migrate(file)
    engine = engine_of(file)
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert script.get_heads() == [NEWEST]
        assert all(Path(each.path).name.startswith(f"{each.revision}_") for each in script.walk_revisions())
    engine.dispose()


def test_a_second_start_changes_nothing(empty: Database) -> None:
    migrate(empty)
    _add_server(empty, "a")
    migrate(empty)
    assert _run(empty, "SELECT key FROM server") == [("a",)]
    assert _revision(empty) == [(NEWEST,)]


def test_a_start_with_the_newest_schema_imports_no_alembic(file: Database) -> None:
    migrate(file)
    program = f"""
import sys
from pathlib import Path
from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
migrate(Database(Path({str(file.file)!r})))
print([name for name in ("alembic", "mako") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_only_the_account_of_the_product_may_read_the_file(file: Database) -> None:
    migrate(file)
    assert stat.S_IMODE(file.file.stat().st_mode) == 0o600


def test_a_change_keeps_a_copy_of_the_file_as_it_was(file: Database, next_step: Callable[[str], None]) -> None:
    migrate(file)
    _add_server(file, "before")
    next_step("    op.execute(\"UPDATE server SET note = 'changed'\")")
    migrate(file)
    copy = Database(file.file.with_name("duplistatus.db.before-9999"))
    assert _run(copy, "SELECT key, note FROM server") == [("before", "")]
    assert _revision(copy) == [(NEWEST,)]
    assert stat.S_IMODE(copy.file.stat().st_mode) == 0o600
    assert _run(file, "SELECT key, note FROM server") == [("before", "changed")]
    assert _revision(file) == [("9999",)]


def test_making_a_database_keeps_no_copy(file: Database) -> None:
    migrate(file)
    assert [each.name for each in file.file.parent.iterdir()] == ["duplistatus.db"]


def test_a_change_that_fails_halfway_leaves_everything_as_it_was(empty: Database, next_step: Callable[[str], None]) -> None:
    migrate(empty)
    _add_server(empty, "before")
    next_step("""    op.execute("UPDATE server SET note = 'changed'")
    op.execute("CREATE TABLE half (id INTEGER)")
    op.execute("INSERT INTO nowhere VALUES (1)")""")
    with pytest.raises(SchemaError, match="could not be brought to schema 9999 and is as it was"):
        migrate(empty)
    assert _run(empty, "SELECT key, note FROM server") == [("before", "")]
    assert _revision(empty) == [(NEWEST,)]
    _run(empty, "CREATE TABLE half (id INTEGER)")


def test_a_change_that_leaves_references_to_nothing_is_undone(file: Database, next_step: Callable[[str], None]) -> None:
    migrate(file)
    _add_server(file, "a")
    _run(file, "INSERT INTO job (server_id, name, created_at) SELECT id, 'Documents', 0 FROM server")
    next_step('    op.execute("DELETE FROM server")')
    with pytest.raises(SchemaError, match="1 rows refer to nothing"):
        migrate(file)
    assert _run(file, "SELECT key FROM server") == [("a",)]


def test_a_table_can_be_written_anew_without_losing_what_refers_to_it(file: Database, next_step: Callable[[str], None]) -> None:
    """SQLite changes most of a table only so, and dropping the old one would take a user's sessions along."""
    migrate(file)
    user = "('u', 'admin', 'admin', '', 0, 0)"
    _run(file, f"INSERT INTO user (id, username, username_key, password_hash, created_at, updated_at) VALUES {user}")
    opened = "('t', 'p', 'u', '', 0, 0, 0)"
    _run(file, f"INSERT INTO session (token_hash, public_id, user_id, csrf_token, created_at, last_seen_at, expires_at) VALUES {opened}")
    next_step("""    with op.batch_alter_table("user", recreate="always") as batch:
        batch.drop_column("display")""")
    migrate(file)
    assert _run(file, "SELECT user_id FROM session") == [("u",)]
    assert len(_run(file, "SELECT * FROM user")[0]) == len(metadata.tables["user"].columns) - 1


def test_a_copy_that_cannot_be_written_stops_the_change(file: Database, next_step: Callable[[str], None]) -> None:
    migrate(file)
    _add_server(file, "before")
    next_step('    op.execute("DELETE FROM server")')
    (file.file.parent / "duplistatus.db.before-9999").mkdir()
    with pytest.raises(StoreUnavailable, match="is not changed, because the copy"):
        migrate(file)
    assert _run(file, "SELECT key FROM server") == [("before",)]
    assert not (file.file.parent / "duplistatus.db.before-9999.part").exists()


def test_a_database_of_a_newer_release_is_refused_and_left_alone(empty: Database) -> None:
    migrate(empty)
    _run(empty, "UPDATE alembic_version SET version_num = '0815'")
    with pytest.raises(SchemaError, match=f"has the schema 0815, which this release does not know .its own is {NEWEST}."):
        migrate(empty)
    assert _revision(empty) == [("0815",)]


def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Database) -> None:
    file.file.write_bytes(b"a letter to my mother, long enough to be read as pages of a database. " * 100)
    before = file.file.read_bytes()
    with pytest.raises(SchemaError, match="is no SQLite database"):
        migrate(file)
    assert file.file.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(file: Database) -> None:
    with sqlite3.connect(file.file) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(SchemaError, match=r"holds tables of another program \(recipes\)"):
        migrate(file)
    assert _run(file, "SELECT name FROM sqlite_master") == [("recipes",)]


@pytest.mark.postgres
def test_another_program_in_the_same_postgresql_database_is_no_hindrance(postgres_url: Callable[[], str], data_dir: Path) -> None:
    database = Database(data_dir / "none", postgres_url())
    _run(database, "CREATE TABLE recipes (name TEXT)")
    migrate(database)
    assert _revision(database) == [(NEWEST,)]
    taken = Database(data_dir / "none", postgres_url())
    _run(taken, "CREATE TABLE job (name TEXT)")
    with pytest.raises(SchemaError, match=r"holds tables of another program \(job\)"):
        migrate(taken)


def test_an_empty_file_is_an_empty_database(file: Database) -> None:
    file.file.touch()
    migrate(file)
    assert _revision(file) == [(NEWEST,)]


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be made: No such file or directory"):
        migrate(Database(tmp_path / "nowhere" / "duplistatus.db"))


def test_two_that_start_at_once_migrate_once(empty: Database) -> None:
    problems: list[BaseException] = []
    together = threading.Barrier(3)

    def start() -> None:
        together.wait()
        try:
            migrate(empty)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert problems == []
    assert _revision(empty) == [(NEWEST,)]
