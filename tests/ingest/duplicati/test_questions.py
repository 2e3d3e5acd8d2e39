"""What somebody has to decide: asked in words of the trouble, answered by what was shown, and gone on with, also by another process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.ingest.duplicati.questions import NoAnswer, decision_of, question_of
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.store.collections import ASKS, DONE, FAILED
from tests.ingest.duplicati.asked import add_server
from tests.ingest.duplicati.test_collections import CERTIFICATE, SHA, process

if TYPE_CHECKING:
    from pathlib import Path

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Database

pytestmark = pytest.mark.anyio
PLACE = "nas:8200"


def certificate(code: Code = Code.CERTIFICATE) -> Trouble:
    return Trouble(code, PLACE, **CERTIFICATE)


def test_only_what_a_decision_settles_is_asked() -> None:
    asked = {code for code in Code if question_of(Trouble(code, PLACE), "") is not None}
    assert asked == {Code.CERTIFICATE, Code.CERTIFICATE_CHANGED, Code.PLAIN, Code.WHICH, Code.OTHER_SERVER}


def test_a_question_about_a_certificate_shows_it() -> None:
    assert question_of(certificate(), "") == {"kind": "certificate", "changed": False, "place": PLACE, **CERTIFICATE}
    assert (question_of(certificate(Code.CERTIFICATE_CHANGED), "") or {})["changed"] is True


def test_which_server_it_is_is_asked_with_those_that_it_could_be() -> None:
    trouble = Trouble(Code.WHICH, PLACE, candidates=["id-a", "id-b"])
    assert question_of(trouble, "") == {"kind": "which", "other": False, "place": PLACE, "candidates": ["id-a", "id-b"]}


def test_another_server_than_was_meant_may_still_be_that_one() -> None:
    question = question_of(Trouble(Code.OTHER_SERVER, PLACE, name="x", known_as="y"), "id-a")
    assert question is not None
    assert (question["kind"], question["other"], question["candidates"]) == ("which", True, ["id-a"])


def test_a_certificate_is_agreed_to_by_the_fingerprint_that_was_shown() -> None:
    question = question_of(certificate(), "") or {}
    assert decision_of(question, agrees=True, sha256=SHA, server=None) == {"certificate": SHA}
    with pytest.raises(NoAnswer, match="sha256"):
        decision_of(question, agrees=True, sha256="cd" * 32, server=None)
    with pytest.raises(NoAnswer, match="agree"):
        decision_of(question, agrees=None, sha256=SHA, server=None)
    assert decision_of(question, agrees=False, sha256="", server=None) is None


def test_plain_http_is_agreed_to_or_not() -> None:
    question = question_of(Trouble(Code.PLAIN, PLACE), "") or {}
    assert decision_of(question, agrees=True, sha256="", server=None) == {"plain": True}
    assert decision_of(question, agrees=False, sha256="", server=None) is None


def test_a_server_is_chosen_among_the_candidates() -> None:
    question = question_of(Trouble(Code.WHICH, PLACE, candidates=["id-a"]), "") or {}
    assert decision_of(question, agrees=None, sha256="", server="id-a") == {"server": "id-a"}
    assert decision_of(question, agrees=None, sha256="", server="new") == {"server": "new"}
    assert decision_of(question, agrees=False, sha256="", server=None) is None
    for wrong in ("id-b", None, ""):
        with pytest.raises(NoAnswer, match="server"):
            decision_of(question, agrees=None, sha256="", server=wrong)


async def test_a_certificate_that_is_agreed_to_is_stored_with_the_server_it_led_to(
    database: Database, clock: SetClock, data_dir: Path
) -> None:
    async with process(database, clock, data_dir) as one:
        one.asked.troubles[PLACE] = [certificate()]
        found = await one.all_of(await one.new(PLACE))
        (part,) = found.parts
        assert (part.state, part.trouble, found.ended_at) == (ASKS, "certificate", None)
        assert part.question is not None
        assert part.secret != ""
        assert await one.collections.answer(found.uid, part.id, {"certificate": SHA})
        await one.collections.settled(found.uid, 10)
        assert [errand.certificate for errand in one.asked.errands] == ["", SHA]
        assert (one.part(found.uid).state, one.find(found.uid).ended_at) == (DONE, clock.now())
        assert one.link("nas").certificate == SHA


async def test_questions_come_one_after_the_other_and_answers_stay(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        await one.write(lambda connection: add_server(connection, "backup"))
        one.asked.troubles[PLACE] = [Trouble(Code.PLAIN, PLACE), Trouble(Code.WHICH, PLACE, candidates=["id-backup"])]
        found = await one.all_of(await one.new(PLACE))
        await one.collections.answer(found.uid, found.parts[0].id, {"plain": True})
        await one.collections.settled(found.uid, 10)
        assert (one.part(found.uid).question or {})["kind"] == "which"
        await one.collections.answer(found.uid, found.parts[0].id, {"server": "id-backup"})
        await one.collections.settled(found.uid, 10)
        last = one.asked.errands[-1]
        assert last.plain_agreed
        assert last.chosen is not None
        assert one.part(found.uid).state == DONE


async def test_without_consent_the_server_is_not_asked_again_and_the_reason_stays(
    database: Database, clock: SetClock, data_dir: Path
) -> None:
    async with process(database, clock, data_dir) as one:
        one.asked.troubles[PLACE] = [certificate()]
        found = await one.all_of(await one.new(PLACE))
        assert await one.collections.answer(found.uid, found.parts[0].id, None)
        part = one.part(found.uid)
        assert (part.state, part.trouble, part.secret, part.question) == (FAILED, "certificate", "", None)
        assert len(one.asked.errands) == 1
        assert one.find(found.uid).ended_at is not None
        assert not await one.collections.answer(found.uid, part.id, {"certificate": SHA})


async def test_a_question_outlives_the_process_that_asked_it(database: Database, clock: SetClock, data_dir: Path) -> None:
    async with process(database, clock, data_dir) as one:
        one.asked.troubles[PLACE] = [certificate()]
        found = await one.all_of(await one.new(PLACE))
    async with process(database, clock, data_dir) as another:
        await another.collections.look()
        assert another.part(found.uid).state == ASKS
        assert await another.collections.answer(found.uid, found.parts[0].id, {"certificate": SHA})
        await another.collections.settled(found.uid, 10)
        assert another.part(found.uid).state == DONE
        assert another.asked.errands[0].password == "m4rker"


async def test_an_answer_given_elsewhere_is_heard_where_the_collection_is_at_work(
    database: Database, clock: SetClock, data_dir: Path
) -> None:
    async with process(database, clock, data_dir) as one, process(database, clock, data_dir) as another:
        one.asked.troubles[PLACE] = [certificate()]
        one.asked.hold = {"other:8200"}
        uid = await one.start(await one.new("other:8200"), await one.new(PLACE))
        await one.asked.begun(2)
        while one.find(uid).parts[1].state != ASKS:
            await one.collections.look()
        await another.collections.answer(uid, one.find(uid).parts[1].id, {"certificate": SHA})
        assert another.asked.errands == []
        await one.collections.look()
        await one.asked.begun(3)
        one.asked.let_go("other:8200")
        await one.collections.settled(uid, 10)
        assert one.find(uid).count(DONE) == 2
