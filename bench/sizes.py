"""Fleets to measure with. In: a letter; out: how many servers, jobs and runs. `a`, `b`, `c` are a home, a company, a provider; `m` is a
million runs, and `k` the same fleet with ten thousand, to see what length of history costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """`jobs` on each server, `runs` of each job."""

    letter: str
    servers: int
    jobs: int
    runs: int

    @property
    def total_runs(self) -> int:
        return self.servers * self.jobs * self.runs

    @property
    def label(self) -> str:
        return f"({self.letter}) {self.servers} × {self.jobs} × {self.runs}"


SIZES: dict[str, Size] = {
    size.letter: size
    for size in (
        Size("a", 8, 3, 20),
        Size("b", 100, 5, 60),
        Size("c", 1000, 3, 30),
        Size("k", 1000, 5, 2),
        Size("m", 1000, 5, 200),
    )
}
