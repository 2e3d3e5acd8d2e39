"""Compressed answers."""

from __future__ import annotations

import gzip

import brotli
import pytest

from duplistatus.web.compression import SMALL, accepted, compressed

BODY = b"the same words again and again. " * 200


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("gzip;q=0", None),
        ("gzip ; q=0.0", None),
    ],
)
def test_the_best_accepted_encoding_is_taken(header: str, encoding: str | None) -> None:
    assert accepted(header) == encoding


@pytest.mark.parametrize("once", [False, True])
def test_what_is_compressed_is_the_same_when_unpacked(once: bool) -> None:
    packed, name = compressed(BODY, "br", once=once)
    assert (brotli.decompress(packed), name) == (BODY, "br")
    packed, name = compressed(BODY, "gzip", once=once)
    assert (gzip.decompress(packed), name) == (BODY, "gzip")
    assert len(packed) < len(BODY) / 10


def test_small_bodies_and_clients_that_accept_nothing_get_the_plain_one() -> None:
    assert compressed(b"x" * (SMALL - 1), "br") == (b"x" * (SMALL - 1), None)
    assert compressed(BODY, None) == (BODY, None)


def test_the_same_body_is_packed_the_same_way() -> None:
    assert compressed(BODY, "gzip") == compressed(BODY, "gzip")
