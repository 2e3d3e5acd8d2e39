"""The figures of a run: each is shown once, and what is not reported is not taken for zero."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import pytest

from duplistatus.evaluate.run_view import Changes, Unit, changes_of, groups_of, used_share, usual
from duplistatus.report.report import Figures

FULL = Figures(**{field.name: number for number, field in enumerate(fields(Figures), 1)})


def shown(figures: Figures) -> Counter[int]:
    facts = [fact for group in groups_of(figures) for fact in group.facts]
    return Counter(value for fact in facts for value in (fact.value, fact.size) if value is not None)


def test_every_figure_of_a_report_is_shown_exactly_once() -> None:
    assert shown(FULL) == Counter(range(1, len(fields(Figures)) + 1))


def test_a_report_without_figures_shows_unknown_groups_and_no_zero() -> None:
    groups = groups_of(Figures())
    assert [group.name for group in groups] == ["files", "folders", "transfer", "destination"]
    assert not any(group.is_known for group in groups)
    assert not shown(Figures())


def test_zero_is_a_known_figure() -> None:
    groups = {group.name: group for group in groups_of(Figures(added_folders=0))}
    assert groups["folders"].is_known
    assert not groups["files"].is_known


def test_restores_and_verifications_appear_only_where_the_report_has_them() -> None:
    assert "verification" in {group.name for group in groups_of(Figures(verifications=0))}
    assert "restore" in {group.name for group in groups_of(Figures(size_of_restored_files=7))}


def test_sizes_go_with_their_counts_and_quotas_are_sizes() -> None:
    facts = {fact.name: fact for group in groups_of(FULL) for fact in group.facts}
    assert facts["examined_files"].size == FULL.size_of_examined_files
    assert facts["examined_files"].unit is Unit.COUNT
    assert facts["free_quota_space"].unit is Unit.BYTES


def test_changes_are_known_when_one_of_them_is() -> None:
    assert changes_of(Figures(added_files=0)) == Changes(0, None, None)
    assert changes_of(Figures(added_files=0)).is_known
    assert not changes_of(Figures(examined_files=3)).is_known


@pytest.mark.parametrize(("total", "free", "share"), [(100, 25, 0.75), (100, 0, 1.0), (100, 100, 0.0)])
def test_the_used_share_of_a_quota(total: int, free: int, share: float) -> None:
    assert used_share(replace(FULL, total_quota_space=total, free_quota_space=free)) == share


@pytest.mark.parametrize(("total", "free"), [(None, 5), (100, None), (0, 0), (100, 101)])
def test_a_quota_that_makes_no_sense_has_no_share(total: int | None, free: int | None) -> None:
    assert used_share(replace(FULL, total_quota_space=total, free_quota_space=free)) is None


def test_what_is_usual_is_where_the_middle_half_of_the_runs_lies() -> None:
    assert usual([*range(1, 8), None, None]) == (2, 6)
    assert usual([5] * 6) == (5, 5)


def test_a_few_runs_do_not_make_a_habit() -> None:
    assert usual([1, 2, 3, 4, 5, None]) is None
