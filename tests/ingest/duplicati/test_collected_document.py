"""The document of what was collected, which people may keep and hand on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from duplistatus.ingest.duplicati import collected_document
from duplistatus.ingest.duplicati.collecting import Wanted
from tests.ingest.duplicati.stand_in import Duplicati
from tests.ingest.duplicati.test_collecting import only

if TYPE_CHECKING:
    from tests.ingest.duplicati.collector import Collector

KEPT = Wanted(keeps_document=True)


def test_it_holds_the_server_its_jobs_and_their_results(collector: Collector) -> None:
    with Duplicati("2.3.0.109") as server:
        only(server, "1", "33")
        done = collector.collect(server, wanted=KEPT)
        assert done.document is not None
        found = json.loads(done.document)
        assert found["system_info"]["MachineName"] == "fileserver"
        assert [job["Backup"]["Name"] for job in found["backups"]] == ["Documents", "Daily"]
        assert found["backups"][0]["Schedule"]["Repeat"] == "1D"
        first, second = found["backup_logs"]
        assert first["messages"] == [{"Type": "Result", "Message": json.loads(row["Message"])} for row in server.logs["1"]]
        assert (second["messages"], second["leftOut"]) == ([], 0)


def test_known_runs_are_in_it_too(collector: Collector) -> None:
    with Duplicati("2.3.0.109") as server:
        first = collector.collect(only(server, "1"), wanted=KEPT)
        again = collector.collect(server, first.server_id, KEPT)
    assert first.document is not None
    assert again.document is not None
    assert json.loads(first.document)["backup_logs"] == json.loads(again.document)["backup_logs"]


def test_without_the_wish_there_is_none(collector: Collector) -> None:
    with Duplicati("2.3.0.109") as server:
        assert collector.collect(only(server, "1")).document is None


def test_nothing_that_opens_anything_is_in_it(collector: Collector) -> None:
    secrets = ["hunter2", "pass-phrase-7", "s3cr3t"]
    with Duplicati("2.1.0.5", password="s3cr3t") as server:
        only(server, "1")
        backup = server.jobs[0]["Backup"]
        backup["TargetURL"] = "s3://bucket/docs?auth-username=KEY&auth-password=hunter2"
        backup["Settings"] = [{"Name": "passphrase", "Value": "pass-phrase-7"}]
        backup["AdditionalTargetURLs"] = ["ftp://user:hunter2@host/"]
        server.settings["--send-http-json-urls"] = "http://x/?api_key=hunter2"
        server.system["Options"].append({"Name": "passphrase", "DefaultValue": "pass-phrase-7"})
        done = collector.collect(server, wanted=KEPT)
    assert done.document is not None
    assert [each for each in secrets if each.encode() in done.document] == []
    assert b'"TargetURL": "s3://"' in done.document


def test_what_is_too_much_is_counted(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    with Duplicati("2.3.0.109") as server:
        only(server, "1")
        monkeypatch.setattr(collected_document, "MOST", len(server.logs["1"][0]["Message"]) + 10)
        done = collector.collect(server, wanted=KEPT)
        assert done.document is not None
        (log,) = json.loads(done.document)["backup_logs"]
        assert len(log["messages"]) + log["leftOut"] == len(server.logs["1"])
        assert log["leftOut"] > 0
        assert done.found == 6
