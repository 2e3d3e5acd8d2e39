"""The variables of the environment, one by one. In: the environment; out: what each says, and the settings of those that can be used, so
that the rest can be looked at. The value of a secret is never shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from duplistatus.cli.checks.finding import Finding, ok, problem, warning
from duplistatus.settings import ENVIRONMENT, Settings, SettingsError, Variable, read_settings

AREA = "configuration"
_TOGETHER = {"TLS_CERT_FILE", "TLS_KEY_FILE"}
_NAMES = {name for each in ENVIRONMENT for name in ((each.name, f"{each.name}_FILE") if each.secret else (each.name,))}


def usable(environment: Mapping[str, str]) -> tuple[Settings, list[Finding]]:
    """The settings without the variables that cannot be used, and what there is to say of each that is set."""
    found: list[Finding] = []
    good = {name: value for name, value in environment.items() if name not in _NAMES}
    for variable in ENVIRONMENT:
        own = _of(variable, environment)
        if not any(value.strip() for value in own.values()):
            continue
        try:
            read_settings({name: environment.get(name, "") for name in (*own, *(_TOGETHER if variable.name in _TOGETHER else ()))})
        except SettingsError as error:
            found.append(problem(AREA, str(error), f"{variable.name}: {variable.meaning}; docs/configuration.md says what it may be"))
        else:
            good |= own
            found.append(ok(AREA, f"{variable.name}: {_shown(variable, own)}"))
    found += _unknown(environment)
    try:
        settings = read_settings(good)
    except SettingsError as error:
        # Two that are good alone and not together.
        return Settings(), [*found, problem(AREA, str(error), "docs/configuration.md says which belong together")]
    return settings, found or [ok(AREA, "no variable is set; everything is as it comes")]


def _of(variable: Variable, environment: Mapping[str, str]) -> dict[str, str]:
    """The variable, and the file that it may be given by."""
    names = (variable.name, f"{variable.name}_FILE") if variable.secret else (variable.name,)
    return {name: environment[name] for name in names if name in environment}


def _shown(variable: Variable, own: Mapping[str, str]) -> str:
    if not variable.secret:
        return own[variable.name]
    file = own.get(f"{variable.name}_FILE", "").strip()
    return f"given by the file {file}" if file else "set, not shown"


def _unknown(environment: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(environment):
        if name.startswith("DUPLISTATUS_") and name not in _NAMES:
            yield warning(AREA, f"{name} means nothing here", "a typing error? docs/configuration.md lists all variables")
