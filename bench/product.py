"""The product as a process. In: a data folder; out: an address to ask, how long the start took, and how much memory it holds. Only
processes started here are ever ended, by their id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from bench.client import Address, Line, get

ADMIN = "admin"
PASSWORD = "Bench-2026-Password"
_LONGEST_START = 60.0


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Product:
    """A running server; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = Address("127.0.0.1", free_port())
        self.start_seconds = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Product:
        program = Path(sys.executable).parent / "duplistatus"
        environment = {
            name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "HOME", "VIRTUAL_ENV", "TMPDIR", "PYTHONPATH"}
        }
        environment["DUPLISTATUS_ADMIN_PASSWORD"] = PASSWORD
        log = (self.folder / "server.log").open("ab")
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            [str(program), "serve", "--host", self.address.host, "--port", str(self.address.port), "--data-dir", str(self.folder)],
            stdout=log,
            stderr=log,
            env=environment,
        )
        log.close()
        try:
            self._wait(begin)
        except BaseException:
            self._end()
            raise
        self.start_seconds = time.perf_counter() - begin
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _wait(self, begin: float) -> None:
        """Until /api/health answers 200."""
        assert self._process is not None
        while time.perf_counter() - begin < _LONGEST_START:
            if self._process.poll() is not None:
                said = (self.folder / "server.log").read_text(errors="replace").strip().splitlines()[-15:]
                raise RuntimeError("\n".join((f"the product ended with {self._process.returncode}:", *said)))
            try:
                line = Line(self.address)
            except OSError:
                time.sleep(0.002)
                continue
            try:
                if line.ask(get(self.address, "/api/health")).status == 200:
                    return
            except OSError:
                pass
            finally:
                line.close()
            time.sleep(0.002)
        raise TimeoutError(f"the product did not answer within {_LONGEST_START:.0f} s")

    def _end(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    todo, total = [pid], 0
    while todo:
        each = todo.pop()
        todo += children.get(each, [])
        try:
            text = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue
        for row in text.splitlines():
            if row.startswith("VmRSS:"):
                total += int(row.split()[1]) * 1024
    return total


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors, in its own code and in the system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_bytecode() -> None:
    """Compiles the product, as an installation does."""
    import compileall

    import duplistatus

    compileall.compile_dir(Path(duplistatus.__file__).parent, quiet=1)
