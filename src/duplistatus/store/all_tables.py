"""Every table, for what looks at the schema as a whole: to import it makes `metadata` complete."""

from duplistatus.store import account_tables, link_tables, tables, tell_tables, watch_tables
from duplistatus.store.columns import metadata

__all__ = ["account_tables", "link_tables", "metadata", "tables", "tell_tables", "watch_tables"]
