"""The values that parsing yields: a `Report` for a finished operation, a `LiveStatus` for one in progress. Every figure that the
document does not tell, or tells as a filler (zeros and year 1 of runs that ended early), is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from duplistatus.clock import Instant


class Status(StrEnum):
    """How a run ended, as shown: a Success that carries warnings is already a Warning here."""

    SUCCESS = "Success"
    WARNING = "Warning"
    ERROR = "Error"
    FATAL = "Fatal"
    UNKNOWN = "Unknown"


class Kind(StrEnum):
    """The form in which a document came; a JSON document tells more than a plain-text one of the same run."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who a document says it comes from. None where it is missing or empty; `backup_id` in the form `DB-<n>` for a server's own
    ids (`<n>` of the REST API is the same), otherwise as it came."""

    machine_id: str | None
    machine_name: str | None
    job_name: str
    backup_id: str | None


class Version(NamedTuple):
    """A restorable version at the destination. `at` is exact when `exact`; otherwise it is the wall-clock time of the log line
    with the offset of the report's own `LastBackupDate`. `offset_minutes` is the offset from UTC that the text was written in."""

    at: Instant
    offset_minutes: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a run: counts, sizes in bytes. None means that the document does not know."""

    examined_files: int | None = None
    size_of_examined_files: int | None = None
    opened_files: int | None = None
    size_of_opened_files: int | None = None
    added_files: int | None = None
    size_of_added_files: int | None = None
    modified_files: int | None = None
    size_of_modified_files: int | None = None
    deleted_files: int | None = None
    not_processed_files: int | None = None
    too_large_files: int | None = None
    files_with_error: int | None = None
    timestamp_changed_files: int | None = None
    added_folders: int | None = None
    modified_folders: int | None = None
    deleted_folders: int | None = None
    added_symlinks: int | None = None
    modified_symlinks: int | None = None
    deleted_symlinks: int | None = None
    # BackendStatistics
    remote_calls: int | None = None
    bytes_uploaded: int | None = None
    bytes_downloaded: int | None = None
    files_uploaded: int | None = None
    files_downloaded: int | None = None
    remote_files_deleted: int | None = None
    folders_created: int | None = None
    retry_attempts: int | None = None
    unknown_file_size: int | None = None
    unknown_file_count: int | None = None
    known_file_size: int | None = None
    known_file_count: int | None = None
    known_filesets: int | None = None
    backup_list_count: int | None = None
    total_quota_space: int | None = None
    free_quota_space: int | None = None
    assigned_quota_space: int | None = None
    # restores
    restored_files: int | None = None
    size_of_restored_files: int | None = None
    # verification
    verifications: int | None = None
    verification_problems: int | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """What the document says of the installation that sent it."""

    duplicati_version: str | None = None
    operating_system: str | None = None
    operating_system_detailed: str | None = None
    installation_type: str | None = None
    destination_type: str | None = None
    destination_host_suffix: str | None = None
    update_channel: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The texts of a run. `lines` are as in the document, with Duplicati's `... and X more` at the end of a log that it cut;
    `warnings` and `errors` are those among them, or the document's own arrays, and the exception. `left_out` counts the lines
    that Duplicati cut off, 0 when it cut none."""

    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """One finished operation of one job. `begun_at` None: the document has no begin time and counts from its arrival.
    `next_run` is meaningful only when `sends_next_run`; then None says that the run was started by hand."""

    kind: Kind
    origin: Origin
    operation: str
    status: Status
    parsed_result: str
    begun_at: Instant | None
    ended_at: Instant | None
    duration_seconds: float | None
    sends_next_run: bool = False
    next_run: Instant | None = None
    partial: bool = False
    dry_run: bool = False
    interrupted: bool = False
    reduced: bool = False
    messages_count: int = 0
    warnings_count: int = 0
    errors_count: int = 0
    quota_error: bool = False
    quota_warning: bool = False
    exception: str | None = None
    figures: Figures = field(default_factory=Figures)
    host: Host = field(default_factory=Host)
    log: Log = field(default_factory=Log)
    last_version: Version | None = None
    """`LastBackupDate`: the newest version at the destination after the run."""
    listed_versions: tuple[Version, ...] | None = None
    """What the retention lines say is left, newest first, without the newest of all; None where they say nothing that can be decided."""
    deleted_versions: tuple[Instant, ...] = ()
    """Versions that this run removed, as far as it names them (Duplicati names 20)."""
    nested: tuple[tuple[str, str], ...] = ()
    """(operation, result) of each nested operation, e.g. ("Compact", "Success"), in document order."""
    unknown_extra: tuple[tuple[str, str | None], ...] = ()
    """Keys of `Extra` that this product does not know, values as JSON text where they are not strings."""

    @property
    def is_run(self) -> bool:
        """True for what counts as a backup run; other operations and dry runs are activity."""
        return self.operation == "Backup" and not self.dry_run

    @property
    def versions_count(self) -> int | None:
        """Number of versions after the run: `KnownFilesets` where known, since `BackupListCount` counts unfinished ones."""
        figures = self.figures
        return figures.known_filesets if figures.known_filesets is not None else figures.backup_list_count


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """One live-status document (Duplicati's `http-report-status-url`). `state` is Started, Progress, Completed or Failed;
    `progress` is a share from 0 to 1."""

    origin: Origin
    operation: str
    state: str
    started_at: Instant | None
    reported_at: Instant | None
    phase: str | None = None
    progress: float | None = None
    files_processed: int | None = None
    files_total: int | None = None
    bytes_processed: int | None = None
    bytes_total: int | None = None
    error: str | None = None
    host: Host = field(default_factory=Host)
