"""Feeds broken reports to the parser for a bounded time: recorded and modelled requests, changed by a seeded random. Each must be read,
or refused with an exception of `duplistatus.report.rejection`, within a second; what was read must be fit to store and to print.

    python tests/fuzz/fuzz_report.py [--seconds 60] [--seed N] [--rounds N]

Prints what it did. A document that breaks the parser is printed in base64, with the seed and round that made it; exit status 1."""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import random
import sys
import time
import traceback
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes
from zoneinfo import ZoneInfo

from duplistatus.clock import Instant, iso
from duplistatus.report.reading import read_body
from duplistatus.report.rejection import Rejection
from duplistatus.report.rendering import as_read
from duplistatus.report.report import LiveStatus, Report

DATA = Path(__file__).parent.parent / "data" / "duplicati"
LIMIT = 4 * 1024 * 1024
SLOWEST = 1.0
MESSAGE = "message="
LONGEST_NAME = 500
ZONES = (None, None, "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
CONTENT_TYPES = (None, "application/json", "application/x-www-form-urlencoded", "text/plain", "\x00")
KEYS = ("MainOperation", "Data", "Extra", "status", "metadata", "report-mode", "Exception", "Warnings", "Message", "HResult", "\0")
NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e308),
    *("", " ", "0", "-1", "x", "\0", "\u202e", "\ud7ff", "a" * 70_000),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999-14:00", "2026-02-30T00:00:00Z", "2026-03-29T02:30:00"),
    *("00:00:00", "-1.00:00:00", "99999999.23:59:59.9999999"),
    *("Backup", "Fatal", "Success", "reduced", "DB-1", "1", "... and 99999999999999999999 more", "Failed: x", "Backups to consider: "),
    *([], {}, [[]], [{}], [None], {"Key": "Error"}, {"MainOperation": "Backup"}, {"Message": "m", "HResult": 1}),
    "2026-07-10 03:00:44 +02 - [Information-x:RetentionPolicy-BackupList]: Backups to consider: 01/02/2026 03:00:02, 13/01/2026 03:00:01",
    "2026-07-10 03:00:44 +02 - [Information-x:RetentionPolicy-AllBackupsToDelete]: All backups to delete: 13/01/2026 03:00:01",
)
CHUNKS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\n",
    b"&",
    b"=",
    b"%",
    b"%00",
    b"\0",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One request to the parser."""

    body: bytes
    content_type: str | None
    content_encoding: str | None
    zone: str | None


def corpus() -> list[str]:
    """The bodies of all recorded and modelled requests."""
    bodies = [json.loads(path.read_text(encoding="utf-8"))["body"] for path in sorted((DATA / "reports").glob("*/*.json"))]
    bodies += [path.read_text(encoding="utf-8") for path in sorted((DATA / "modelled").glob("*.wire.json"))]
    forms = [body for body in bodies if body.startswith(MESSAGE)]
    return bodies + forms * 8  # few were recorded


def make_case(bodies: list[str], chance: random.Random) -> Case:
    body = chance.choice(bodies)
    if body.startswith("{") and chance.random() < 0.7:
        body = change_values(body, chance)
    raw = body.encode()
    if body.startswith(MESSAGE) and chance.random() < 0.7:
        raw = MESSAGE.encode() + quote(change_bytes(unquote_to_bytes(body.removeprefix(MESSAGE)), chance)).encode()
    if body.startswith("{") and chance.random() < 0.15:
        raw = MESSAGE.encode() + quote(raw).encode() + chance.choice((b"", b"&site=n\xc3\xb6rd", b"&a%3Db%26c%3Dd", b"&=&&"))
    if chance.random() < 0.4:
        raw = change_bytes(raw, chance)
    encoding = None
    if chance.random() < 0.1:
        raw, encoding = gzip.compress(raw, 1), "gzip"
        if chance.random() < 0.5:
            raw = change_bytes(raw, chance)
    return Case(
        raw, chance.choice(CONTENT_TYPES), encoding if chance.random() < 0.95 else chance.choice((None, "gzip", "br")), chance.choice(ZONES)
    )


def change_values(body: str, chance: random.Random) -> str:
    """Replaces, removes, adds or moves up to six values anywhere in a document."""
    document = json.loads(body)
    for _ in range(chance.randint(1, 6)):
        section, key = choose_place(document, chance)
        match chance.randrange(4) if key is not None else 1:
            case 0:
                del section[key]
            case 1 if isinstance(section, dict):
                section[chance.choice(KEYS)] = deepcopy(chance.choice(NASTY))
            case 2:
                other, place = choose_place(document, chance)
                section[key] = deepcopy(other[place] if place is not None else other)
            case _ if key is not None:
                section[key] = deepcopy(chance.choice(NASTY))
    return json.dumps(document, ensure_ascii=chance.random() < 0.5)


def choose_place(document: Any, chance: random.Random) -> tuple[Any, Any]:
    """A section at any depth and one of its keys, or None where it is empty."""
    section, key = document, None
    while section:
        key = chance.choice(list(section)) if isinstance(section, dict) else chance.randrange(len(section))
        if not isinstance(section[key], dict | list) or chance.random() < 0.2:
            return section, key
        section, key = section[key], None
    return section, key


def change_bytes(raw: bytes, chance: random.Random) -> bytes:
    """Flips, cuts, repeats or inserts bytes."""
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(5):
            case 0 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                del changed[at : at + chance.randrange(1, 64)]
            case 2:
                changed[at:at] = changed[at : at + chance.randrange(1, 256)] * chance.randrange(1, 8)
            case 3:
                del changed[at if chance.random() < 0.1 else len(changed) :]
            case _:
                changed[at:at] = chance.choice(CHUNKS) * chance.choice((1, 1, 2, 2000))
    return bytes(changed)


def check(case: Case) -> str:
    """What became of a request, as one word; raises AssertionError or whatever the parser let through."""
    started = time.perf_counter()
    refusal: Rejection | None = None
    read: Report | LiveStatus | None = None
    try:
        read = read_body(case.body, case.content_type, case.content_encoding, LIMIT, ZoneInfo(case.zone) if case.zone else None)
    except Rejection as rejection:
        refusal = rejection
    assert time.perf_counter() - started < SLOWEST, "too slow"
    if read is not None:
        check_values(read)
        return "status" if isinstance(read, LiveStatus) else "report"
    assert refusal is not None
    assert refusal.sentence
    json.dumps(refusal.body()).encode()
    return refusal.code


def check_values(read: Report | LiveStatus) -> None:
    json.dumps(as_read(read)).encode()
    for name in (read.origin.job_name, read.origin.machine_id, read.origin.machine_name, read.origin.backup_id, read.operation):
        assert name is None or (name.strip() and len(name) <= LONGEST_NAME)
    assert "\0" not in repr(read).replace("\\x00", "\0"), "a NUL, which PostgreSQL does not store"
    if isinstance(read, Report):
        figures = [getattr(read.figures, field.name) for field in fields(read.figures)]
        counts = [read.messages_count, read.warnings_count, read.errors_count, read.log.left_out]
        assert all(figure is None or 0 <= figure < 2**63 for figure in figures + counts)
        moments: list[Instant | None] = [read.begun_at, read.ended_at, read.next_run, *read.deleted_versions]
        moments += [version.at for version in (read.listed_versions or ())]
        for moment in moments:
            assert moment is None or iso(moment)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("FUZZ_SECONDS", "60")))
    parser.add_argument("--seed", type=int, default=None, help="repeats a run")
    parser.add_argument("--rounds", type=int, default=None, help="ends after so many documents")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    bodies, outcomes, rounds = corpus(), Counter[str](), 0
    ends = time.monotonic() + options.seconds
    while time.monotonic() < ends and rounds != options.rounds:
        case = make_case(bodies, random.Random(f"{seed}-{rounds}"))
        try:
            outcomes[check(case)] += 1
        except Exception:
            sys.stdout.write(f"seed {seed}, round {rounds}: {case.content_type!r}, {case.content_encoding!r}, {case.zone!r}\n")
            sys.stdout.write(f"{base64.b64encode(case.body).decode()}\n{traceback.format_exc()}")
            return 1
        rounds += 1
    told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    sys.stdout.write(f"{rounds} documents, seed {seed}: {told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
