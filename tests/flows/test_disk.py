"""A disk that takes nothing: reports are refused with a time to come back, nothing that was acknowledged is lost, and everything goes on
without a restart once it takes something again."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.flows.disks import DISKS, Limit, Tmpfs
from tests.flows.product import Product, post, report, running

if TYPE_CHECKING:
    from pathlib import Path

    from httpx2 import Client

MOST = 400
"""Reports after which the space that SQLite had in reserve must be used up."""


def _until_refused(client: Client, first: int) -> tuple[list[int], int]:
    """Posts until one is refused: the numbers of those acknowledged, and of the refused one."""
    acknowledged: list[int] = []
    for number in range(first, first + MOST):
        answer = post(client, report(number))
        if answer.status_code != 200:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["error"] == "The database cannot be used at the moment; try again later"
            return acknowledged, number
        acknowledged.append(number)
    raise AssertionError("no report was refused")


def _health(client: Client) -> int:
    return client.get("/api/health").status_code


@pytest.mark.parametrize("kind", DISKS, ids=lambda kind: kind.__name__)
def test_a_full_disk_refuses_reports_and_loses_none(data_dir: Path, kind: type[Tmpfs | Limit]) -> None:
    disk = kind(data_dir)
    with running(data_dir, before=disk.before) as product:
        client = product.client()
        assert post(client, report(0)).status_code == 200
        assert _health(client) == 200
        disk.fill(product)
        acknowledged, refused = _until_refused(client, 1)
        assert _health(client) == 503
        assert client.get("/api/summary").json()["totalBackupsRuns"] == 1 + len(acknowledged), "what is stored can be read meanwhile"
        # So many that the log has no room either.
        assert {post(client, report(refused)).status_code for _ in range(50)} == {503}
        assert _health(client) == 503
        disk.free(product)
        assert post(client, report(refused)).status_code == 200
        assert _health(client) == 200
        assert [post(client, report(number)).status_code for number in (0, *acknowledged, refused)] == [409] * (len(acknowledged) + 2)
        assert product.terminate() < 10
        assert product.process.returncode == 0
        _check_log(product)


def _check_log(product: Product) -> None:
    """The reason is said once for each report, without tracebacks."""
    said = product.said()
    assert "store unavailable" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", DISKS, ids=lambda kind: kind.__name__)
def test_health_recovers_by_itself(data_dir: Path, kind: type[Tmpfs | Limit]) -> None:
    """Whoever restarts what is unhealthy must see that it need not."""
    disk = kind(data_dir)
    with running(data_dir, before=disk.before) as product:
        client = product.client()
        disk.fill(product)
        _until_refused(client, 0)
        assert _health(client) == 503
        disk.free(product)
        assert _health(client) == 200


# Root may write everywhere; without this right it is as everybody else.
_AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()


def _forbid_writing(folder: Path) -> dict[Path, int]:
    """Makes the folder and its files read-only; the modes as they were."""
    before = {each: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.glob("duplistatus.db*"))}
    for each, mode in before.items():
        each.chmod(mode & ~0o222)
    return before


def test_a_database_that_became_read_only_refuses_reports_and_recovers(data_dir: Path) -> None:
    disk = Limit(data_dir)
    with running(data_dir, before=_AS_ANYBODY) as product:
        client = product.client()
        assert post(client, report(0)).status_code == 200
        # An open file stays writable whatever its mode: a failed write makes the product open it anew.
        disk.fill(product)
        assert post(client, report(1)).status_code == 503
        before = _forbid_writing(data_dir)
        disk.free(product)
        for _ in range(2):
            assert post(client, report(1)).status_code == 503
            assert _health(client) == 503
        assert "readonly database" in product.said()
        assert client.get("/api/summary").status_code == 200
        for each, mode in before.items():
            each.chmod(mode)
        assert post(client, report(1)).status_code == 200
        assert _health(client) == 200
        assert post(client, report(0)).status_code == 409


def test_a_database_that_is_read_only_from_the_start_is_said(data_dir: Path) -> None:
    with running(data_dir) as product:
        assert product.terminate() < 10
    before = _forbid_writing(data_dir)
    with (
        pytest.raises(AssertionError, match="Error: the database cannot be opened: attempt to write a readonly database"),
        running(data_dir, before=_AS_ANYBODY),
    ):
        pass
    for each, mode in before.items():
        each.chmod(mode)
