"""Disks that take nothing any more, as far as the rights of this account go: a small file system in memory that only the product sees
(a mount namespace of its own; it is gone with the process), or a limit on the size of files. In: a folder; out: the words to
start the product with, and ways to fill the disk and to free it."""

from __future__ import annotations

import os
import resource
import subprocess
from collections import deque
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.flows.product import Product

_NAMESPACE = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "--")
_PIECE = b"\0" * 4096


class Tmpfs:
    """A disk of four megabytes: a real ENOSPC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = 'mount -t tmpfs -o size=4m,mode=700 tmpfs "$0" && exec "$@"'
        self.before: Sequence[str] = (*_NAMESPACE, "sh", "-c", script, str(folder))

    def fill(self, product: Product) -> None:
        with self._filler(product).open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
            deque(map(filler.write, repeat(_PIECE)))

    def free(self, product: Product) -> None:
        self._filler(product).unlink()

    def _filler(self, product: Product) -> Path:
        return Path(f"/proc/{product.process.pid}/root{self.folder}/filler")


class Limit:
    """Files may not grow: the error is another than that of a full disk, but as real."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before: Sequence[str] = ()

    def fill(self, product: Product) -> None:
        self._set(product, 0)

    def free(self, product: Product) -> None:
        self._set(product, resource.RLIM_INFINITY)

    @staticmethod
    def _set(product: Product, most: int) -> None:
        _, hard = resource.prlimit(product.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(product.process.pid, resource.RLIMIT_FSIZE, (most, hard))


def _may_mount() -> bool:
    command = [*_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


DISKS: tuple[type[Tmpfs | Limit], ...] = (Tmpfs, Limit) if _may_mount() else (Limit,)
"""The kinds that this account may have."""
