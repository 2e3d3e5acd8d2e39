"""`python -m bench`: fills databases of the asked sizes, starts the product on each, measures, and writes a table."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from bench.client import Address
from bench.collecting import Collecting, collect_from
from bench.filling import fill
from bench.measuring import Effort, Figures, Target, measure
from bench.messages import drain_rate
from bench.product import ADMIN, PASSWORD, Product, resident_bytes, write_bytecode
from bench.results import Measured, write
from bench.session import sign_in
from bench.sizes import SIZES, Size
from duplistatus.clock import Instant, SystemClock


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--sizes", default="a,b", show_default=True, help=f"Sizes to measure, of {', '.join(SIZES)}; c takes minutes, m a quarter of an hour."
)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50), help="Rounds of each measurement; the median counts.")
@click.option("--seconds", default=2.0, show_default=True, type=click.FloatRange(0.1, 60), help="Longest time of one round.")
@click.option("--messages", default=10_000, show_default=True, type=click.IntRange(10, 1_000_000), help="Messages that wait to be sent.")
@click.option("--duplicatis", default=200, show_default=True, type=click.IntRange(10, 200), help="Servers to collect from; a tenth hang.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Measure the page in Chromium.")
@click.option(
    "--reference", metavar="URL", help="Measure another server on this machine beside it; it holds a fleet of the (one) size already."
)
@click.option("--reference-user", default="admin", show_default=True, help="Account on the other server.")
@click.option("--reference-password", help="Its password.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(__file__).parent / "results", help="Folder of the results."
)
def main(  # noqa: PLR0913, PLR0917 - its arguments are the options
    sizes: str,
    rounds: int,
    seconds: float,
    messages: int,
    duplicatis: int,
    browser: bool,
    reference: str | None,
    reference_user: str,
    reference_password: str | None,
    out: Path,
) -> None:
    """Measures the product and writes a table. It says what it measured and never fails because of a figure."""
    unknown = [letter for letter in sizes.split(",") if letter not in SIZES]
    if unknown:
        raise click.BadParameter(f"there is no size {unknown[0]!r}", param_hint="--sizes")
    chosen = [SIZES[letter] for letter in sizes.split(",")]
    if reference and len(chosen) > 1:
        raise click.BadParameter("the other server holds one fleet: name one size", param_hint="--reference")
    write_bytecode()
    effort = Effort(rounds, seconds, browser)
    click.echo(f"collecting from {duplicatis} servers …", err=True)
    collected = collect_from(duplicatis)
    measured = []
    for size in chosen:
        beside = None
        with tempfile.TemporaryDirectory(prefix="duplistatus-bench-") as folder:
            figures, fill_seconds, now = _product(size, Path(folder), effort, messages)
        _keep(figures, collected)
        if reference:
            click.echo(f"{size.label}: measuring {reference} …", err=True)
            address = Address.of(reference)
            beside = measure(Target(address, sign_in(address, reference_user, reference_password or ""), now), size, effort)
        measured.append(Measured(size, figures, fill_seconds, beside))
    options: dict[str, object] = {
        "rounds": rounds,
        "seconds": seconds,
        "messages": messages,
        "duplicatis": duplicatis,
        "browser": browser,
        "reference": reference,
    }
    text, table = write(out, measured, options)
    click.echo(table.read_text(encoding="utf-8"))
    click.echo(f"written to {text} and {table}", err=True)


def _keep(figures: Figures, collected: Collecting) -> None:
    """What does not depend on the size."""
    figures.keep("collect_seconds", [collected.first])
    figures.keep("collect_again_seconds", [collected.again])
    figures.keep("collect_cpu_seconds", [collected.processor])
    figures.keep("collect_memory_mb", [collected.peak / 1_000_000])


def _product(size: Size, folder: Path, effort: Effort, messages: int) -> tuple[Figures, float, Instant]:
    click.echo(f"{size.label}: filling a database …", err=True)
    now = SystemClock().now()
    fill_seconds = fill(size, folder, now)
    click.echo(f"{size.label}: filled in {fill_seconds:.0f} s; measuring …", err=True)
    starts = []
    for _ in range(effort.rounds):
        with Product(folder) as product:
            starts.append(product.start_seconds)
    with Product(folder) as product:
        cookie = sign_in(product.address, ADMIN, PASSWORD)
        figures = measure(Target(product.address, cookie, now, product.pid), size, effort)
        figures.keep("memory_mb", [resident_bytes(product.pid) / 1_000_000])
    figures.keep("start_seconds", starts)
    figures.keep("messages_rate", [drain_rate(folder, messages)])
    return figures, fill_seconds, now


if __name__ == "__main__":
    sys.exit(main())
