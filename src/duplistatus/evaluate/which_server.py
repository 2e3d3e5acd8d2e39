"""Which of the known servers it is that an API answers for. In: what each known server has in common with the answers; out: the server, or
that it is a new one, or those among which somebody has to choose. Runs decide first: two servers never ran a job of one name in the same
millisecond, while ids and names of machines are copied, changed and, in some versions of Duplicati, not those of the reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a known server has in common with the one that answers. `runs`: how many runs; `same_id`: the machine-id of its reports, where
    the answering version tells that one; `same_api_id`: what its API said of itself before; `same_name`: the machine's name; `jobs`:
    jobs of one name and backup-id; `has_id`: its reports carry a machine-id; `is_empty`: nothing is known of it yet but how it is
    reached, if that; `elsewhere`: it is reached at another address."""

    key: str
    runs: int = 0
    same_id: bool = False
    same_api_id: bool = False
    same_name: bool = False
    jobs: int = 0
    has_id: bool = False
    is_empty: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """`key`: the server, None for a new one, unless `candidates` is not empty: then it is one of them, or a new one."""

    key: str | None = None
    candidates: tuple[str, ...] = ()


def which_server(known: Iterable[Likeness], *, id_is_reported: bool) -> Found:
    """The server of an address that belongs to none yet. `id_is_reported`: the API tells a machine-id, and it is that of its reports."""
    known = sorted(known, key=lambda each: each.key)
    most = max((each.runs for each in known), default=0)
    if most:
        return _one_of([each for each in known if each.runs == most])
    for alike in ([each for each in known if each.same_id], [each for each in known if each.same_api_id]):
        if alike:
            return _one_of(alike)
    named = [each for each in known if each.same_name]
    sharing = [each for each in named if each.jobs]
    if id_is_reported:
        # One without id is recognised by its jobs as soon as runs are stored; one with another id may have got a new one.
        return Found(candidates=tuple(each.key for each in sharing if each.has_id))
    # Two addresses without a run in common can be two servers on machines of one name.
    if sharing and not any(each.elsewhere for each in sharing):
        return _one_of(sharing)
    return Found(candidates=tuple(each.key for each in sharing or named))


def is_another(meant: Likeness, others: Sequence[Likeness], *, id_is_reported: bool, api_id_changed: bool) -> bool:
    """Whether at the address of a known server another one answers. `api_id_changed`: its API said another id of the same kind before."""
    if meant.runs or meant.same_api_id or meant.same_id:
        return False
    if any(each.runs for each in others):
        return not meant.is_empty
    if meant.is_empty:
        return api_id_changed
    if api_id_changed or (id_is_reported and meant.has_id):
        return True
    # Many servers have a job of the same name and number, and machines from one image the same name.
    return not (meant.same_name and meant.jobs)


def _one_of(found: Sequence[Likeness]) -> Found:
    return Found(found[0].key) if len(found) == 1 else Found(candidates=tuple(each.key for each in found))
