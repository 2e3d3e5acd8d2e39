"""Connections of libraries that make them by themselves, in threads of their own. In: a block of code; out: the same, with each connection
of this process to a forbidden address refused at the moment it is made, whatever name, redirect or second look at a name led there.
From the first such block on this holds for as long as the process runs, as the interpreter lets nobody take it back."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from duplistatus.security.addresses import is_forbidden

_ADDRESS_AND_PORT = 2


class _Watch:
    """Told by the interpreter of events of all kinds; one looks at connections alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._blocks: list[list[str]] = []

    @contextmanager
    def __call__(self) -> Iterator[list[str]]:
        """The list holds the forbidden addresses that somebody wanted to connect to meanwhile."""
        found: list[str] = []
        with self._lock:
            if not self._is_set:
                sys.addaudithook(self._look)
                self._is_set = True
            self._blocks.append(found)
        try:
            yield found
        finally:
            with self._lock:
                self._blocks = [each for each in self._blocks if each is not found]

    def _look(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "socket.connect":
            return
        made, address = arguments[:2]
        if not isinstance(made, socket.SocketType) or made.family not in (socket.AF_INET, socket.AF_INET6):
            return
        # A name that is still one here would be resolved by the system, unseen, and counts as forbidden.
        if isinstance(address, tuple) and len(address) >= _ADDRESS_AND_PORT and is_forbidden(str(address[0])):
            for each in self._blocks:
                each.append(str(address[0]))
            raise ConnectionRefusedError(f"nothing is sent to {address[0]}")


watched = _Watch()
