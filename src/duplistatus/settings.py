"""The environment as one frozen, documented value. In: environment variables, secrets also as `<NAME>_FILE`; out: `Settings`, or
`SettingsError` that names the variable and says what it may hold. Nothing else reads the environment."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it and says what it may be."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its name, whether it may be given as a file, and what it means."""

    name: str
    meaning: str
    secret: bool = False


ENVIRONMENT: tuple[Variable, ...] = (
    Variable("PORT", "port to listen on"),
    Variable("HOST", "address to listen on"),
    Variable("TZ", "time zone of the server's own schedule and of dates in text"),
    Variable("PWD_ENFORCE", "false: passwords need only the minimum length"),
    Variable("PWD_MIN_LEN", "shortest password"),
    Variable("DUPLISTATUS_DATA_DIR", "folder of database, key file and logs"),
    Variable("DUPLISTATUS_ADMIN_PASSWORD", "password of the first account, set before the first start", secret=True),
    Variable("DUPLISTATUS_PUBLIC_URL", "address under which people reach the product"),
    Variable("DATABASE_URL", "PostgreSQL instead of the SQLite file", secret=True),
    Variable("UPLOAD_MAX_BYTES", "largest report, compressed or not"),
    Variable("UPLOAD_RATE", "reports a minute from one address"),
    Variable("DUPLISTATUS_COLLECT_PARALLEL", "Duplicati servers that are collected from at a time"),
    Variable("METRICS_OPEN", "1: /metrics needs no sign-in"),
    Variable("TLS_CERT_FILE", "certificate for HTTPS"),
    Variable("TLS_KEY_FILE", "key for HTTPS"),
    Variable("ROOT_PATH", "path under which a proxy serves the product"),
    Variable("IP_TRUSTED_PROXIES", "proxies whose X-Forwarded-* headers are believed"),
    Variable("ADMIN_IP_ALLOWLIST_ENABLED", "true or false: whether ADMIN_IP_ALLOWLIST holds"),
    Variable("ADMIN_IP_ALLOWLIST", "addresses from which pages and their data may be asked for"),
    Variable("EXTERNAL_API_IP_ALLOWLIST_ENABLED", "true or false: whether EXTERNAL_API_IP_ALLOWLIST holds"),
    Variable("EXTERNAL_API_IP_ALLOWLIST", "addresses from which reports, summary and last backups are served"),
    Variable("DUPLISTATUS_RELEASES_URL", "where the list of Duplicati's releases is fetched; off: nowhere"),
    Variable("CRON_PORT", "accepted, without effect"),
    Variable("CRON_BIND_HOST", "accepted, without effect"),
)

RELEASES_URL = "https://updates.duplicati.com/{channel}/latest-v2.manifest"
"""What Duplicati asks itself: for each channel the release that it offers there."""
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - a server in a container or a LAN is meant to be reached


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process was told. `database_url` None means SQLite in the data folder. None for proxies and allowlists: nothing was said,
    and what was entered on the page of access counts. `releases_url` None: lists of releases are never fetched."""

    host: str = ALL_ADDRESSES
    port: int = 9666
    data_dir: Path = Path("data")
    time_zone: str = "UTC"
    database_url: str | None = None
    admin_password: str | None = None
    public_url: str | None = None
    password_policy: bool = True
    password_min_length: int = 8
    upload_max_bytes: int = 32 * 1024 * 1024
    upload_rate: int = 600
    collect_parallel: int = 6
    metrics_open: bool = False
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    root_path: str = ""
    trusted_proxies: tuple[Network, ...] | None = None
    admin_allowlist_enabled: bool | None = None
    admin_allowlist: tuple[Network, ...] | None = None
    external_allowlist_enabled: bool | None = None
    external_allowlist: tuple[Network, ...] | None = None
    releases_url: str | None = RELEASES_URL

    @property
    def database_file(self) -> Path:
        """The SQLite file."""
        return self.data_dir / "duplistatus.db"

    @property
    def key_file(self) -> Path:
        return self.data_dir / ".duplistatus.key"


def _given(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name, "").strip()
    return value or None


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    """A secret from its variable or from the file that `<NAME>_FILE` names (its last line break is not part of it)."""
    direct = environment.get(name)
    file = _given(environment, name + "_FILE")
    if direct and file:
        raise SettingsError(f"{name} and {name}_FILE are both set; use one of them")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n") or None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE: cannot read {file}: {error}") from error
    return direct or None


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = _given(environment, name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, not {text!r}") from None
    if not least <= number <= most:
        raise SettingsError(f"{name} must be between {least} and {most}, not {number}")
    return number


def _switch(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    given = _given_switch(environment, name)
    return default if given is None else given


def _given_switch(environment: Mapping[str, str], name: str) -> bool | None:
    text = _given(environment, name)
    if text is None:
        return None
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(f"{name} must be true or false, not {text!r}")


def _networks(environment: Mapping[str, str], name: str) -> tuple[Network, ...] | None:
    text = _given(environment, name)
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    try:
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts if part)
    except ValueError as error:
        raise SettingsError(f"{name} must be a list of addresses or networks, separated by commas: {error}") from error


def _root_path(environment: Mapping[str, str]) -> str:
    path = (_given(environment, "ROOT_PATH") or "").rstrip("/")
    if path and (not path.startswith("/") or any(part in {"", ".", ".."} for part in path[1:].split("/")) or set(path) & set(" ?#\\\"'<>")):
        raise SettingsError(f"ROOT_PATH must be a path such as /backups, not {path!r}")
    return path


def _zone(environment: Mapping[str, str]) -> str:
    name = _given(environment, "TZ") or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"TZ must be a time zone such as Europe/Oslo, not {name!r}") from None
    return name


def _existing(environment: Mapping[str, str], name: str) -> Path | None:
    text = _given(environment, name)
    if text is None:
        return None
    if not Path(text).is_file():
        raise SettingsError(f"{name}: there is no file {text}")
    return Path(text)


def _database_url(environment: Mapping[str, str]) -> str | None:
    url = _secret(environment, "DATABASE_URL")
    if url is not None and not url.startswith(("postgresql://", "postgres://")):
        # The value itself may hold a password.
        raise SettingsError("DATABASE_URL must begin with postgresql:// or postgres://")
    return url


def _releases_url(environment: Mapping[str, str]) -> str | None:
    text = _given(environment, "DUPLISTATUS_RELEASES_URL") or RELEASES_URL
    if text.lower() == "off":
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not set(parts.netloc) & set("{}@")
    except ValueError:
        usable = False
    if not usable or any(letter <= " " for letter in text):
        # Not shown: it may hold a password.
        raise SettingsError("DUPLISTATUS_RELEASES_URL must be an address without a user name, such as " + RELEASES_URL + ", or off")
    return text


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of `environment` (default: the process's). Raises SettingsError for values that cannot be used."""
    env = os.environ if environment is None else environment
    certificate, key = _existing(env, "TLS_CERT_FILE"), _existing(env, "TLS_KEY_FILE")
    if (certificate is None) != (key is None):
        raise SettingsError("TLS_CERT_FILE and TLS_KEY_FILE belong together; set both or none")
    public = _given(env, "DUPLISTATUS_PUBLIC_URL")
    if public and not public.startswith(("http://", "https://")):
        raise SettingsError(f"DUPLISTATUS_PUBLIC_URL must begin with http:// or https://, not {public!r}")
    return Settings(
        host=_given(env, "HOST") or ALL_ADDRESSES,
        port=_number(env, "PORT", 9666, 1, 65535),
        data_dir=Path(_given(env, "DUPLISTATUS_DATA_DIR") or "data"),
        time_zone=_zone(env),
        database_url=_database_url(env),
        admin_password=_secret(env, "DUPLISTATUS_ADMIN_PASSWORD"),
        public_url=public.rstrip("/") if public else None,
        password_policy=_switch(env, "PWD_ENFORCE", default=True),
        password_min_length=_number(env, "PWD_MIN_LEN", 8, 1, 128),
        upload_max_bytes=_number(env, "UPLOAD_MAX_BYTES", 32 * 1024 * 1024, 1024, 1024**3),
        upload_rate=_number(env, "UPLOAD_RATE", 600, 0, 1_000_000),
        collect_parallel=_number(env, "DUPLISTATUS_COLLECT_PARALLEL", 6, 1, 50),
        metrics_open=_switch(env, "METRICS_OPEN", default=False),
        tls_cert_file=certificate,
        tls_key_file=key,
        root_path=_root_path(env),
        trusted_proxies=_networks(env, "IP_TRUSTED_PROXIES"),
        admin_allowlist_enabled=_given_switch(env, "ADMIN_IP_ALLOWLIST_ENABLED"),
        admin_allowlist=_networks(env, "ADMIN_IP_ALLOWLIST"),
        external_allowlist_enabled=_given_switch(env, "EXTERNAL_API_IP_ALLOWLIST_ENABLED"),
        external_allowlist=_networks(env, "EXTERNAL_API_IP_ALLOWLIST"),
        releases_url=_releases_url(env),
    )
