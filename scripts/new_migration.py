"""Writes the migration that leads from the newest one to `tables.py`, to be read and corrected by hand, then named in `store/schema.py`:

.venv/bin/python scripts/new_migration.py "What changes"
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.script import Script, ScriptDirectory

from duplistatus.store.database import Database
from duplistatus.store.schema import alembic_config, engine_of, make_file


def write(message: str) -> None:
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "empty.db")
        make_file(database.file)
        engine = engine_of(database)
        with engine.begin() as connection:
            config = alembic_config(connection)
            count = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            command.upgrade(config, "head")
            made = command.revision(config, message, autogenerate=True, rev_id=f"{count + 1:04}")
        engine.dispose()
    assert isinstance(made, Script)  # noqa: S101 - one revision makes one file
    file = Path(made.path)
    file.write_text(re.sub(r"\n *# ### .*", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "format", "--quiet", file], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and one word
        sys.exit(__doc__)
    write(sys.argv[1])
