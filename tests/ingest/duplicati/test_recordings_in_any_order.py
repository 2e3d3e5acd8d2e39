"""Real servers of three generations, as they were recorded: whatever of them is collected and reported, in whichever order and however
often, what is kept on write is what a rebuild gives, and every run is there once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from duplistatus.clock import DAY, Instant, SetClock
from duplistatus.ingest.duplicati.collecting import Wanted
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.store.summaries import rebuild_all
from tests.ingest.duplicati.collector import Collector, collecting
from tests.ingest.duplicati.recorded import VERSIONS
from tests.ingest.duplicati.stand_in import Duplicati
from tests.ingest.duplicati.test_any_order import clear
from tests.store.telling import NOON, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Database

REPORTS = [each for folder in ("2.1.0.5", "2.3.0.4") for each in recordings(folder)]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("collect"), st.sampled_from(VERSIONS), st.sampled_from([Wanted(), Wanted(thorough=False), Wanted(True)])),
        st.tuples(st.just("report"), st.sampled_from(REPORTS), st.none()),
    ),
    min_size=2,
    max_size=16,
)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Duplicati]]:
    """The first jobs of each: every one takes requests of its own."""
    with ExitStack() as stack:
        found = {version: stack.enter_context(Duplicati(version)) for version in VERSIONS}
        for server in found.values():
            server.jobs = server.jobs[:3]
        yield found


@pytest.fixture
def collector(database: Database) -> Iterator[Collector]:
    with collecting(database, SetClock(Instant(NOON + DAY))) as made:
        yield made


def collect(collector: Collector, server: Duplicati, wanted: Wanted) -> None:
    """By whoever looks after these servers, and knows which is which."""
    try:
        collector.collect(server, wanted=wanted)
    except Trouble as trouble:
        candidates = trouble.facts.get("candidates")
        if trouble.code is not Code.WHICH or not isinstance(candidates, list):
            raise
        ((known,),) = collector.rows(f"SELECT id FROM server WHERE key = '{candidates[0]}'")
        collector.collect(server, wanted=wanted, chosen=known)


@given(steps=STEPS)
@settings(
    deadline=None,
    max_examples=15,
    # Each example asks servers: to look for a smaller one would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_kept_is_what_a_rebuild_gives(
    collector: Collector, servers: dict[str, Duplicati], steps: list[tuple[str, Any, Any]]
) -> None:
    clear(collector)
    for what, which, wanted in steps:
        if what == "collect":
            collect(collector, servers[which], wanted)
        else:
            collector.send(which)
    kept = collector.state()
    assert collector.rows("SELECT job_id, begun_at FROM run GROUP BY job_id, begun_at HAVING count(*) > 1") == []
    connection = collector.database.connect()
    rebuild_all(connection, collector.clock.now())
    connection.close()
    for name, rows in collector.state().items():
        assert rows == kept[name], name
