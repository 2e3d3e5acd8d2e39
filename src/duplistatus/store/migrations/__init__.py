"""The steps from one schema to the next, one file each in `versions/`. `store.schema` runs them; `scripts/new_migration.py` writes them."""
