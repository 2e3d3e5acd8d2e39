"""The environment: what each variable does, and that an error names it."""

from __future__ import annotations

import ipaddress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from duplistatus.settings import ENVIRONMENT, Settings, SettingsError, read_settings


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    assert (
        read_settings({})
        == Settings()
        == Settings(
            host="0.0.0.0",  # noqa: S104 - the documented default
            port=9666,
            data_dir=Path("data"),
            time_zone="UTC",
            database_url=None,
            admin_password=None,
            public_url=None,
            password_policy=True,
            password_min_length=8,
            upload_max_bytes=33_554_432,
            upload_rate=600,
            metrics_open=False,
            tls_cert_file=None,
            tls_key_file=None,
            root_path="",
            trusted_proxies=None,
            admin_allowlist_enabled=None,
            admin_allowlist=None,
            external_allowlist_enabled=None,
            external_allowlist=None,
            releases_url="https://updates.duplicati.com/{channel}/latest-v2.manifest",
        )
    )


GIVEN: dict[str, tuple[str, str, Any]] = {
    # variable: text, setting, value
    "PORT": ("8443", "port", 8443),
    "HOST": ("127.0.0.1", "host", "127.0.0.1"),
    "TZ": ("Europe/Oslo", "time_zone", "Europe/Oslo"),
    "PWD_ENFORCE": ("false", "password_policy", False),
    "PWD_MIN_LEN": ("12", "password_min_length", 12),
    "DUPLISTATUS_DATA_DIR": ("/srv/duplistatus", "data_dir", Path("/srv/duplistatus")),
    "DUPLISTATUS_ADMIN_PASSWORD": (" S3cret with spaces ", "admin_password", " S3cret with spaces "),
    "DUPLISTATUS_PUBLIC_URL": ("https://backups.example.org/", "public_url", "https://backups.example.org"),
    "DATABASE_URL": ("postgresql://me:secret@db/name", "database_url", "postgresql://me:secret@db/name"),
    "UPLOAD_MAX_BYTES": ("1048576", "upload_max_bytes", 1_048_576),
    "UPLOAD_RATE": ("0", "upload_rate", 0),
    "DUPLISTATUS_COLLECT_PARALLEL": ("12", "collect_parallel", 12),
    "METRICS_OPEN": ("1", "metrics_open", True),
    "ROOT_PATH": ("/backups/", "root_path", "/backups"),
    "IP_TRUSTED_PROXIES": (
        "10.0.0.0/8, 192.168.1.7,fd00::/8",
        "trusted_proxies",
        (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("192.168.1.7/32"), ipaddress.ip_network("fd00::/8")),
    ),
    "ADMIN_IP_ALLOWLIST_ENABLED": ("false", "admin_allowlist_enabled", False),
    "ADMIN_IP_ALLOWLIST": ("192.168.1.5", "admin_allowlist", (ipaddress.ip_network("192.168.1.5/32"),)),
    "EXTERNAL_API_IP_ALLOWLIST_ENABLED": ("true", "external_allowlist_enabled", True),
    "DUPLISTATUS_RELEASES_URL": ("http://mirror.lan:8080/{channel}.json", "releases_url", "http://mirror.lan:8080/{channel}.json"),
    "EXTERNAL_API_IP_ALLOWLIST": ("10.1.0.0/16", "external_allowlist", (ipaddress.ip_network("10.1.0.0/16"),)),
}
WITHOUT_EFFECT = {"CRON_PORT", "CRON_BIND_HOST"}
FILES = {"TLS_CERT_FILE", "TLS_KEY_FILE"}


def test_every_variable_is_tried_here_and_every_setting_has_one() -> None:
    assert {variable.name for variable in ENVIRONMENT} == GIVEN.keys() | WITHOUT_EFFECT | FILES
    assert {field.name for field in fields(Settings)} == {name for _, name, _ in GIVEN.values()} | {"tls_cert_file", "tls_key_file"}


@pytest.mark.parametrize("variable", GIVEN)
def test_a_variable_sets_its_setting_and_no_other(variable: str) -> None:
    text, name, value = GIVEN[variable]
    changed = read_settings({variable: text})
    assert getattr(changed, name) == value
    assert [field.name for field in fields(Settings) if getattr(changed, field.name) != getattr(Settings(), field.name)] == [name]


@pytest.mark.parametrize("variable", sorted(WITHOUT_EFFECT))
def test_variables_of_the_second_process_are_accepted_without_effect(variable: str) -> None:
    assert read_settings({variable: "whatever"}) == Settings()


_VERBATIM = {"DUPLISTATUS_ADMIN_PASSWORD", "DATABASE_URL"}


@pytest.mark.parametrize("variable", [*GIVEN, *sorted(FILES)])
def test_a_variable_that_is_set_to_nothing_is_not_set(variable: str) -> None:
    """Compose files pass on what is not there as an empty text."""
    assert read_settings({variable: ""}) == Settings()


@pytest.mark.parametrize("variable", sorted({*GIVEN, *FILES} - _VERBATIM))
def test_spaces_around_a_value_are_not_part_of_it(variable: str) -> None:
    assert read_settings({variable: "   "}) == Settings()


def test_certificate_and_key_are_existing_files(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.touch()
    key.touch()
    read = read_settings({"TLS_CERT_FILE": str(certificate), "TLS_KEY_FILE": str(key)})
    assert (read.tls_cert_file, read.tls_key_file) == (certificate, key)


def test_a_certificate_without_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.pem").touch()
    for name in sorted(FILES):
        with pytest.raises(SettingsError, match="TLS_CERT_FILE and TLS_KEY_FILE belong together"):
            read_settings({name: str(tmp_path / "one.pem")})


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "yes", "on", "Yes"])
def test_ways_to_say_yes(text: str) -> None:
    assert read_settings({"METRICS_OPEN": text}).metrics_open


@pytest.mark.parametrize("text", ["0", "false", "False", "no", "off"])
def test_ways_to_say_no(text: str) -> None:
    assert not read_settings({"PWD_ENFORCE": text}).password_policy


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("PORT", "http", "PORT must be a whole number, not 'http'"),
        ("PORT", "0", "PORT must be between 1 and 65535, not 0"),
        ("PORT", "65536", "PORT must be between 1 and 65535, not 65536"),
        ("PWD_MIN_LEN", "0", "PWD_MIN_LEN must be between"),
        ("PWD_ENFORCE", "perhaps", "PWD_ENFORCE must be true or false, not 'perhaps'"),
        ("METRICS_OPEN", "2", "METRICS_OPEN must be true or false"),
        ("UPLOAD_MAX_BYTES", "32MB", "UPLOAD_MAX_BYTES must be a whole number"),
        ("UPLOAD_MAX_BYTES", "10", "UPLOAD_MAX_BYTES must be between"),
        ("DUPLISTATUS_COLLECT_PARALLEL", "0", "DUPLISTATUS_COLLECT_PARALLEL must be between"),
        ("UPLOAD_RATE", "-1", "UPLOAD_RATE must be between"),
        ("TZ", "Mars/Olympus", "TZ must be a time zone such as Europe/Oslo, not 'Mars/Olympus'"),
        ("TZ", "../../etc/passwd", "TZ must be a time zone"),
        ("DUPLISTATUS_PUBLIC_URL", "backups.example.org", "DUPLISTATUS_PUBLIC_URL must begin with http:// or https://"),
        ("ROOT_PATH", "backups", "ROOT_PATH must be a path such as /backups"),
        ("ROOT_PATH", "/a/../b", "ROOT_PATH must be a path"),
        ("ROOT_PATH", "//evil.example", "ROOT_PATH must be a path"),
        ("ROOT_PATH", "/a?b", "ROOT_PATH must be a path"),
        ("ROOT_PATH", '/a"><script>', "ROOT_PATH must be a path"),
        ("IP_TRUSTED_PROXIES", "10.0.0.0/8,proxy.example", "IP_TRUSTED_PROXIES must be a list of addresses or networks"),
        ("IP_TRUSTED_PROXIES", "10.0.0.0/33", "IP_TRUSTED_PROXIES must be a list"),
        ("TLS_CERT_FILE", "/nowhere/certificate.pem", "TLS_CERT_FILE: there is no file /nowhere/certificate.pem"),
        ("DATABASE_URL", "mysql://me:secret@db/name", "DATABASE_URL must begin with postgresql:// or postgres://"),
    ],
)
def test_an_error_names_the_variable_and_says_what_it_may_be(variable: str, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({variable: text})
    assert says in str(caught.value)


# Secrets

SECRETS = sorted(variable.name for variable in ENVIRONMENT if variable.secret)
VALUES = {name: GIVEN[name][0] for name in SECRETS}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_can_be_a_file_whose_last_line_break_is_not_part_of_it(tmp_path: Path, name: str, ending: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes((VALUES[name] + ending).encode())
    assert getattr(read_settings({f"{name}_FILE": str(file)}), GIVEN[name][1]) == VALUES[name]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_given_in_one_way(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text(VALUES[name], encoding="utf-8")
    with pytest.raises(SettingsError, match=f"{name} and {name}_FILE are both set"):
        read_settings({name: VALUES[name], f"{name}_FILE": str(file)})


@pytest.mark.parametrize("name", SECRETS)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    for file in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(SettingsError, match=f"{name}_FILE: cannot read {file}"):
            read_settings({f"{name}_FILE": str(file)})
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=f"{name}_FILE: cannot read {binary}"):
        read_settings({f"{name}_FILE": str(binary)})


@pytest.mark.parametrize("name", SECRETS)
def test_an_empty_file_is_no_secret(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    assert read_settings({f"{name}_FILE": str(tmp_path / "empty")}) == Settings()


def test_no_error_repeats_a_secret(tmp_path: Path) -> None:
    for environment in ({"DATABASE_URL": "mysql://me:hidden@db"}, {"DATABASE_URL": "hidden", "DATABASE_URL_FILE": str(tmp_path)}):
        with pytest.raises(SettingsError) as caught:
            read_settings(environment)
        assert "hidden" not in str(caught.value)


def test_the_process_environment_is_read_without_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "12345")
    assert read_settings().port == 12345


def test_files_of_the_product_lie_in_the_data_folder() -> None:
    settings = read_settings({"DUPLISTATUS_DATA_DIR": "/srv/d"})
    assert (settings.database_file, settings.key_file) == (Path("/srv/d/duplistatus.db"), Path("/srv/d/.duplistatus.key"))


@pytest.mark.parametrize("text", ["off", "OFF", " off "])
def test_lists_of_releases_need_not_be_fetched(text: str) -> None:
    assert read_settings({"DUPLISTATUS_RELEASES_URL": text}).releases_url is None


@pytest.mark.parametrize(
    "text",
    [
        "ftp://mirror.lan/list",
        "mirror.lan/list",
        "https://",
        "https://kim:s3cret@mirror.lan/list",
        "https://{channel}.mirror.lan/list",
        "https://mirror.lan:0/list",
        "https://mirror.lan:99999/list",
        "https://[::1/list",
        "https://mirror.lan/a list",
    ],
)
def test_lists_of_releases_come_from_an_address_without_a_user_name(text: str) -> None:
    with pytest.raises(SettingsError, match="DUPLISTATUS_RELEASES_URL must be") as caught:
        read_settings({"DUPLISTATUS_RELEASES_URL": text})
    assert "s3cret" not in str(caught.value)
