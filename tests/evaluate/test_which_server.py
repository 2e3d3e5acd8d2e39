"""Which of the known servers answers at an address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from duplistatus.evaluate.which_server import Found, Likeness, is_another, which_server

OFFICE, NAS, LAPTOP = Likeness("office"), Likeness("nas"), Likeness("laptop")


def which(*known: Likeness, id_is_reported: bool = True) -> Found:
    return which_server(known, id_is_reported=id_is_reported)


def test_where_nothing_is_alike_it_is_a_new_server() -> None:
    assert which() == Found()
    assert which(OFFICE, NAS) == Found()
    assert which(OFFICE, NAS, id_is_reported=False) == Found()


def test_runs_decide_before_ids_and_names() -> None:
    assert which(replace(OFFICE, same_id=True, same_name=True, jobs=3), replace(NAS, runs=1)) == Found("nas")


def test_of_several_servers_with_the_same_runs_the_one_with_most_is_it() -> None:
    assert which(replace(OFFICE, runs=2), replace(NAS, runs=9)) == Found("nas")


def test_servers_that_share_equally_many_runs_are_a_question() -> None:
    assert which(replace(OFFICE, runs=2), replace(NAS, runs=2), LAPTOP) == Found(candidates=("nas", "office"))


def test_without_runs_the_id_of_the_reports_decides_then_what_the_api_said_before() -> None:
    assert which(replace(OFFICE, same_id=True), replace(NAS, same_api_id=True)) == Found("office")
    assert which(OFFICE, replace(NAS, same_api_id=True, same_name=True), id_is_reported=False) == Found("nas")
    assert which(replace(NAS, same_api_id=True), replace(OFFICE, same_api_id=True)) == Found(candidates=("nas", "office"))


def test_the_name_of_the_machine_decides_with_a_shared_job_where_the_id_tells_nothing() -> None:
    named = replace(NAS, same_name=True, jobs=1, has_id=True)
    assert which(named, OFFICE, id_is_reported=False) == Found("nas")
    assert which(named, replace(OFFICE, same_name=True, jobs=2), id_is_reported=False) == Found(candidates=("nas", "office"))


def test_a_server_that_is_reached_at_another_address_is_a_question_unless_runs_or_ids_decide() -> None:
    linked = replace(NAS, same_name=True, jobs=1, elsewhere=True)
    assert which(linked, OFFICE, id_is_reported=False) == Found(candidates=("nas",))
    assert which(replace(linked, runs=1), OFFICE, id_is_reported=False) == Found("nas")
    assert which(replace(linked, same_api_id=True), OFFICE, id_is_reported=False) == Found("nas")


def test_the_name_of_the_machine_alone_is_a_question() -> None:
    assert which(replace(NAS, same_name=True), OFFICE, id_is_reported=False) == Found(candidates=("nas",))


def test_jobs_of_one_name_on_machines_of_different_names_say_nothing() -> None:
    assert which(replace(NAS, jobs=5), id_is_reported=False) == Found()


def test_a_known_id_that_no_server_has_is_a_new_server_unless_one_of_its_name_has_the_same_jobs() -> None:
    assert which(replace(NAS, same_name=True, has_id=True)) == Found()
    assert which(replace(NAS, same_name=True, jobs=1)) == Found()
    assert which(replace(NAS, same_name=True, jobs=1, has_id=True)) == Found(candidates=("nas",))


MEANT = Likeness("office", has_id=True)


def another(meant: Likeness, *others: Likeness, id_is_reported: bool = True, api_id_changed: bool = False) -> bool:
    return is_another(meant, others, id_is_reported=id_is_reported, api_id_changed=api_id_changed)


@pytest.mark.parametrize("alike", [replace(MEANT, runs=1), replace(MEANT, same_id=True), replace(MEANT, same_api_id=True)])
def test_a_server_with_the_same_runs_or_id_is_itself_whatever_else_is_alike(alike: Likeness) -> None:
    assert not another(alike, replace(NAS, runs=40), api_id_changed=True)


def test_a_server_whose_runs_another_one_has_is_that_one() -> None:
    assert another(replace(MEANT, same_name=True, jobs=3), replace(NAS, runs=1))


def test_a_server_of_which_nothing_is_known_is_whoever_answers() -> None:
    fresh = Likeness("office", is_empty=True)
    assert not another(fresh, replace(NAS, runs=1))
    assert not another(fresh)
    assert another(fresh, api_id_changed=True)


def test_another_id_of_the_same_kind_is_another_server() -> None:
    assert another(replace(MEANT, same_name=True, jobs=3), api_id_changed=True, id_is_reported=False)
    assert another(replace(MEANT, same_name=True, jobs=3))


def test_an_id_that_reports_never_carry_says_nothing() -> None:
    assert not another(replace(MEANT, same_name=True, jobs=1), id_is_reported=False)
    assert another(replace(MEANT, same_name=True), id_is_reported=False)
    assert another(replace(MEANT, jobs=1), id_is_reported=False)


def test_a_server_without_id_may_get_one() -> None:
    assert not another(replace(MEANT, has_id=False, same_name=True, jobs=1))
