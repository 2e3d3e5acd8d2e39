"""Servers that answer what no Duplicati answers: nothing but a `Trouble` comes of it, nothing is stored by halves, what is kept on write is
what a rebuild gives, and no secret is anywhere afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duplistatus.ingest.duplicati.trouble import Code, Trouble
from tests.ingest.duplicati.hostile import Trial, as_json, changed, changed_log, with_secrets
from tests.ingest.duplicati.recorded import VERSIONS, answered
from tests.ingest.duplicati.stand_in import Duplicati, Reply

if TYPE_CHECKING:
    pass

JSON = (("Content-Type", "application/json"),)
HOSTILE = settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)


@pytest.mark.parametrize("path", ["systeminfo", "serversettings", "backups", "serverstate"])
@HOSTILE
@given(data=st.data())
def test_any_value_in_any_field_of_an_answer(trial: Trial, server: Duplicati, path: str, data: st.DataObject) -> None:
    version = data.draw(st.sampled_from(VERSIONS))
    recorded = {"serversettings": "serversettings-after", "serverstate": "serverstate-scheduled"}.get(path, path)
    whole = answered(version, recorded)
    answer = with_secrets(whole[:2]) if path == "backups" else whole
    server.instead = {f"/api/v1/{path}": Reply(as_json(data.draw(changed(answer))), headers=JSON)}
    trial.collect(server)


@HOSTILE
@given(data=st.data())
def test_any_value_in_any_field_of_a_log(trial: Trial, server: Duplicati, data: st.DataObject) -> None:
    log = answered(*data.draw(st.sampled_from([*((version, "log") for version in VERSIONS), ("2.1.0.5", "log-with-fatal")])))
    server.instead = {"/api/v1/backup/1/log": Reply(as_json(data.draw(changed_log(log))), headers=JSON)}
    trial.collect(server)


@HOSTILE
@given(data=st.data())
def test_answers_that_end_anywhere(trial: Trial, server: Duplicati, data: st.DataObject) -> None:
    path, recorded = data.draw(st.sampled_from([("systeminfo", "systeminfo"), ("backups", "backups"), ("backup/1/log", "log")]))
    whole = as_json(answered("2.3.0.109", recorded))
    server.instead = {f"/api/v1/{path}": Reply(whole[: data.draw(st.integers(0, len(whole) - 1))], headers=JSON)}
    found = trial.collect(server)
    if path != "backup/1/log":
        assert isinstance(found, Trouble)
        assert found.code in {Code.BROKEN, Code.NOT_DUPLICATI}
