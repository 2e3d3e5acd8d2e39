"""Whoever runs the product finds every setting, command, route and metric in the documentation, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Route

from duplistatus.settings import ENVIRONMENT, Settings, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.clock import Clock

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("variable", ENVIRONMENT, ids=lambda variable: variable.name)
def test_a_setting_is_explained(variable: Variable) -> None:
    names = [variable.name, f"{variable.name}_FILE"] if variable.secret else [variable.name]
    assert set(names) <= _described_settings()


def test_no_setting_is_explained_that_does_not_exist() -> None:
    known = {variable.name for variable in ENVIRONMENT} | {f"{variable.name}_FILE" for variable in ENVIRONMENT if variable.secret}
    assert _described_settings() <= known


def _described_settings() -> set[str]:
    """The names in the first column of the tables."""
    rows = re.findall(r"^\| (`.*?) \|", _page("configuration.md"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def _commands(group: click.Group, path: str = "duplistatus") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def test_every_command_is_explained() -> None:
    from duplistatus.cli import main

    assert isinstance(main, click.Group)
    page = _page("commands.md")
    missing = [path for path, command in _commands(main) if not command.hidden and f"`{path}" not in page]
    assert missing == []


def test_every_route_is_explained(data_dir: Path, clock: Clock) -> None:
    from duplistatus.app import build

    application = build(Settings(data_dir=data_dir), clock)
    contexts = [context for context in iter_route_contexts(application.routes) if isinstance(context.original_route, Route)]
    routes = {f"{method} {context.path}" for context in contexts for method in context.methods or () if method != "HEAD"}
    assert routes
    described = re.findall(r"`([A-Z]+ /[^`]*)`", _page("api.md"))
    assert sorted({_shape(route) for route in routes} - {_shape(route) for route in described}) == []


def _shape(route: str) -> str:
    """The route without the names of its parameters and without a query."""
    return re.sub(r"\{[^}]*\}", "{}", route).partition("?")[0]


def test_every_metric_is_explained_and_none_that_does_not_exist(data_dir: Path, clock: Clock) -> None:
    from duplistatus.app import build
    from duplistatus.store.schema import migrate
    from duplistatus.web.exposition import registry_of
    from duplistatus.web.measures import Measures

    parts = build(Settings(data_dir=data_dir), clock).state.context
    migrate(parts.database)
    families = registry_of(parts, Measures()).collect()
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    parts.database.close()
    assert {name for name in names if name.startswith("duplistatus_")} == set(re.findall(r"\| `(duplistatus_\w+)`", _page("metrics.md")))


def test_every_action_of_the_audit_log_is_explained_and_none_that_does_not_exist() -> None:
    from duplistatus.web.audit_words import ACTIONS

    rows = re.findall(r"^\| `(\w+)` \| [a-z, ]+ \| .+ \|$", _page("audit.md"), re.MULTILINE)
    assert sorted(rows) == sorted(ACTIONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_documentation_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []
