"""What makes up the demo's fleet: machines with zone, culture and Duplicati, and jobs with schedule, size, retention and the troubles that
befall them. Frozen values; `machines` fills them in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

GIB = 1024**3
MIB = 1024**2

DAILY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
SATURDAY, SUNDAY = frozenset({5}), frozenset({6})


class Rhythm(StrEnum):
    """What makes the data change."""

    OFFICE = "office"
    HOME = "home"
    SERVER = "server"


class Trouble(StrEnum):
    """What goes wrong in a run."""

    LOCKED_FILES = "locked files"
    DENIED_FOLDER = "denied folder"
    NEARLY_FULL = "nearly full"
    STOPPED = "stopped"
    DAMAGED_VOLUME = "damaged volume"
    UNREACHABLE = "unreachable"
    CREDENTIALS = "credentials"
    MISSING_VOLUMES = "missing volumes"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When Duplicati starts a job: at hour and minute of the machine's day on the allowed weekdays (0 is Monday), or every `every_hours`
    hours, counted in UTC from hour and minute."""

    hour: int
    minute: int
    weekdays: frozenset[int] = DAILY
    every_hours: int = 24


@dataclass(frozen=True, slots=True)
class Retention:
    """Which versions stay. `frames` are the (days, at most one version each so many days; None: all) of a retention policy; otherwise the
    newest `versions`, or those younger than `days`, or all."""

    frames: tuple[tuple[int, int | None], ...] = ()
    versions: int | None = None
    days: int | None = None


KEEP_ALL = Retention()
SMART = Retention(frames=((7, 1), (28, 7), (360, 30)))


@dataclass(frozen=True, slots=True)
class Episode:
    """A trouble that lasted from `begin` to `end` days before the present and hit `share` of the runs between. An `end` of 0 goes on."""

    trouble: Trouble
    begin: float
    end: float = 0.0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """One backup job. `size` in bytes and `files` are those at the start of the history; `growth` is the share a year, `change` the share
    of the size that changes in one day of ordinary activity. Without `schedule` somebody starts it by hand about once in 30 days."""

    name: str
    number: int
    rhythm: Rhythm
    files: int
    size: int
    schedule: Schedule | None
    retention: Retention
    growth: float = 0.15
    change: float = 0.002
    volume_size: int = 50 * MIB
    began_days_ago: float | None = None
    former_name: str | None = None
    renamed_days_ago: float = 0.0
    imports: tuple[tuple[float, int], ...] = ()
    """(days ago, bytes) of larger amounts that came at once."""
    episodes: tuple[Episode, ...] = ()
    hiccups: tuple[tuple[Trouble, float], ...] = ()
    """(trouble, probability) in any run."""
    restores_a_year: float = 0.6
    tests_a_year: float = 4.0


@dataclass(frozen=True, slots=True)
class Machine:
    """A Duplicati installation. `uplink` and `downlink` are bytes a second; `log_lines` is its `send-http-max-log-lines` (0: all), with
    `information` False it reports warnings and errors only. `silent_days`: it has been switched off for that long."""

    name: str
    address: str
    zone: str
    culture: str
    system: str
    system_detailed: str
    installation: str
    destination: str
    jobs: tuple[Job, ...]
    destination_suffix: str | None = None
    channel: str = "Stable"
    update_lag_days: int = 14
    newest_version: str | None = None
    information: bool = True
    log_lines: int = 0
    encrypted: bool = True
    uplink: int = 4 * MIB
    downlink: int = 20 * MIB
    off_share: float = 0.0
    silent_days: float = 0.0
    quota: int | None = None

    @property
    def id(self) -> str:
        """Its machine-id: 32 hexadecimal digits."""
        return sha256(f"demo machine {self.name}".encode()).hexdigest()[:32]
