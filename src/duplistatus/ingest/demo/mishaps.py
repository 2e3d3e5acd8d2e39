"""What Duplicati writes when something goes wrong. In: a trouble, the release and the machine; out: the lines, the exception and the
result. Wording, tags and results are those of the versions concerned; paths are redacted where that version redacts them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from duplistatus.ingest.demo.event import Event
from duplistatus.ingest.demo.fleet import Trouble

_MAIN = "Duplicati.Library.Main"
_FAILED = ("Error", f"{_MAIN}.Controller-FailedOperation")
_FATAL = ("Error", f"{_MAIN}.Operation.BackupHandler-FatalError")
_FILE_ENTRY = f"{_MAIN}.Operation.Backup.FileBlockProcessor.FileEntry"
_ENUMERATION = f"{_MAIN}.Operation.Backup.FileEnumerationProcess"

_LIST = f"{_MAIN}.Operation.FilelistProcessor"
_TEST = f"{_MAIN}.Operation.TestHandler"

_STACK = (
    f"   at {_MAIN}.Operation.BackupHandler.RunAsync(String[] sources, IBackendManager backendManager, IFilter filter)\n"
    f"   at {_MAIN}.Controller.<>c__DisplayClass22_0.<<Backup>b__0>d.MoveNext()\n"
    "--- End of stack trace from previous location ---\n"
    "   at Duplicati.Library.Utility.Utility.Await(Task task)\n"
    f"   at {_MAIN}.Controller.RunAction[T](T result, String[]& paths, IFilter& filter, Func`3 method)"
)
_NETWORK = {
    "ssh": "Renci.SshNet.Common.SshOperationTimeoutException: Connection has timed out.",
    "ftp": "System.TimeoutException: Timed out trying to connect!",
    "b2": "System.Net.Http.HttpRequestException: No such host is known. (api.backblazeb2.com:443)",
}
_NO_NETWORK = "System.Net.Http.HttpRequestException: Connection refused"
_NO_KEY = "Amazon.S3.AmazonS3Exception: The AWS Access Key Id you provided does not exist in our records."
_LOCKED = {
    "office-pc": r"C:\Users\{}\AppData\Local\Microsoft\Outlook\{}.ost",
    "fileserver": r"D:\Freigaben\{}\~$Aufstellung {}.xlsx",
}
_PEOPLE = ("maria", "jonas", "sofia", "peter")


@dataclass(frozen=True, slots=True)
class Line:
    """One line before it has a time: level, `Tag-Id` and message."""

    level: str
    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Mishap:
    """What a trouble adds to a run. `early` lines come before the data is sent, `late` ones at the end."""

    result: str
    early: tuple[Line, ...] = ()
    late: tuple[Line, ...] = ()
    exception: str | None = None
    problem: str | None = None
    """The text of a verification's `Error` entry."""


def mishap(event: Event, chance: Random) -> Mishap:
    """What the event's trouble looks like."""
    return _MISHAPS[event.trouble](event, chance) if event.trouble is not None else Mishap("Success")


def _path(event: Event, path: str) -> str:
    """Redaction stops at white space."""
    if not event.release.since_2_3:
        return path
    _, space, rest = path.partition(" ")
    return "-redacted-" + space + rest


def _failed(event: Event, error: str, early: tuple[Line, ...] = ()) -> Mishap:
    """An exception that ended the operation: the older form names it in the line, the newer one repeats it in full below."""
    whole = f"{error}\n{_STACK}"
    if event.release.full_extra:
        late = [Line(*_FATAL, f"Fatal error\n{whole}")] if not early else []
        late.append(Line(*_FAILED, f"The operation {event.operation} has failed\n{whole}"))
    else:
        late = [Line(*_FAILED, f"The operation {event.operation} has failed with error: {error.partition(': ')[2]}\n{whole}")]
    return Mishap("Fatal", early=early, late=tuple(late), exception=whole)


def _locked(event: Event, chance: Random) -> Mishap:
    return Mishap("Warning", early=tuple(_locked_file(event, chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))))


def _locked_file(event: Event, chance: Random) -> Line:
    path = _LOCKED.get(event.machine.name, "/srv/{}/{}.db").format(chance.choice(_PEOPLE), chance.randint(2, 30))
    path = _path(event, path)
    cause = f"System.IO.IOException: The process cannot access the file '{path}' because it is being used by another process."
    frames = (
        "   at Microsoft.Win32.SafeHandles.SafeFileHandle.CreateFile(String fullPath, FileMode mode, FileAccess access, FileShare share)\n"
        "   at System.IO.Strategies.OSFileStreamStrategy..ctor(String path, FileMode mode, FileAccess access, FileShare share)\n"
        f"   at {_MAIN}.Operation.Backup.FileBlockProcessor.<>c__DisplayClass2_0.<<Run>b__0>d.MoveNext()"
    )
    return Line("Warning", f"{_FILE_ENTRY}-PathProcessingFailed", f"Failed to process path: {path}\n{cause}\n{frames}")


def _denied(event: Event, _: Random) -> Mishap:
    return Mishap("Warning", early=tuple(_denied_folder(event, number) for number in (1, 2, 3)))


def _denied_folder(event: Event, number: int) -> Line:
    path = _path(event, f"/var/lib/docker/volumes/paperless_consume/_data/scan{number}/")
    if event.release.since_2_3:
        return Line("Warning", f"{_ENUMERATION}-PermissionDenied", f"Excluding path due to permission denied: {path}")
    cause = f"System.UnauthorizedAccessException: Access to the path '{path}' is denied.\n ---> System.IO.IOException: Permission denied"
    return Line("Warning", f"{_ENUMERATION}-FileAccessError", f"Error reported while accessing file: {path}\n{cause}")


def _nearly_full(event: Event, _: Random) -> Mishap:
    used, total = event.destination.size / 1024**4, (event.destination.quota or 0) / 1024**4
    message = f"Backend quota is close to being exceeded: Using {used:.2f} TiB of {total:.2f} TiB"
    return Mishap("Warning", early=(Line("Warning", f"{_LIST}-BackendQuotaNear", message),))


def _stopped(_: Event, __: Random) -> Mishap:
    source = f"{_MAIN}.Operation.BackupHandler-CancellationRequested"
    return Mishap("Warning", late=(Line("Warning", source, "Cancellation was requested by user."),))


def _unreachable(event: Event, _: Random) -> Mishap:
    return _failed(event, _NETWORK.get(event.machine.destination, _NO_NETWORK))


def _wrong_key(event: Event, _: Random) -> Mishap:
    return _failed(event, _NO_KEY)


def _missing(event: Event, _: Random) -> Mishap:
    names = Random(f"{event.machine.name} {event.job.name}")  # noqa: S311 - the same volumes are missing every day
    missing = [f"duplicati-b{names.getrandbits(128):032x}.dblock.zip.aes" for _ in range(3)]
    lines = tuple(Line("Warning", f"{_LIST}-MissingFile", f"Missing file: {name}") for name in missing)
    error = f"Found {len(lines)} files that are missing from the remote storage, please run repair"
    return _failed(event, f"Duplicati.Library.Interface.RemoteListVerificationException: {error}", lines)


def _damaged(event: Event, chance: Random) -> Mishap:
    """A volume of the wrong size: an error of the verification up to 2.2, the end of the run in 2.3."""
    name = f"duplicati-i{chance.getrandbits(128):032x}.dindex.zip.aes"
    error = f"The file {name} was downloaded and had size 70 but the size was expected to be 2744"
    text = f"{'Remote' if event.release.since_2_3 else 'remote'} file {name} is listed as Verified with size 70 but should be 2744"
    early = (Line("Warning", f"{_LIST}-MissingRemoteHash", text),)
    if event.release.since_2_3:
        return _failed(event, f"System.Exception: {error}", early)
    failed = Line("Error", f"{_TEST}-FailedToProcessFile", f"Failed to process file {name}\nSystem.Exception: {error}")
    found = Line("Error", f"{_TEST}-Test results", "Verified 4 remote files with 1 problem(s)")
    return Mishap("Error", early=early, late=(failed, found), problem=error)


_MISHAPS = {
    Trouble.LOCKED_FILES: _locked,
    Trouble.DENIED_FOLDER: _denied,
    Trouble.NEARLY_FULL: _nearly_full,
    Trouble.STOPPED: _stopped,
    Trouble.DAMAGED_VOLUME: _damaged,
    Trouble.UNREACHABLE: _unreachable,
    Trouble.CREDENTIALS: _wrong_key,
    Trouble.MISSING_VOLUMES: _missing,
}
