"""Files that the job leaves under ``/job/out``: found, measured, sent in pieces.

The folder belongs to hostile code: nothing is followed, opened blocking or trusted. Only regular files with one name are
taken; the apparent size counts, so a sparse file cannot grow in the reading.
"""

import base64
import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from typing import Final, NamedTuple

from nebula_kernel.frames import FrameWriter

COUNT_MAX: Final = 1_000
TOTAL_BYTES_MAX: Final = 32 * 1024 * 1024
TRAFFIC_BYTES_MAX: Final = 256 * 1024 * 1024
PIECE_BYTES: Final = 36 * 1024
_SKIPPED_MAX: Final = 1_000
_OPEN_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ENTRIES_MAX: Final = 100_000


class Found(NamedTuple):
    """A name below the folder. ``reason`` says why it is not taken; empty where it is."""

    path: str
    size: int
    reason: str


class Collector:
    """Sends the files of one folder, and copies made of them. Limits hold over all calls together."""

    def __init__(self, folder: str, writer: FrameWriter, copies: str = "") -> None:
        self._folder = folder
        self._copies = copies
        self._writer = writer
        self._total = 0
        self._traffic = 0
        self.sent: dict[str, dict[str, object]] = {}
        self.skipped: list[dict[str, object]] = []

    def collect(self) -> None:
        """Sends every file of the folder; what cannot be sent is listed in ``skipped``."""
        for found in sorted(_walk(self._folder, "")):
            reason = found.reason or self.send(found.path)
            if reason and len(self.skipped) < _SKIPPED_MAX:
                self.skipped.append({"path": found.path, "size": found.size, "reason": reason})

    def send(self, path: str) -> str:
        """Sends one file, by its path below the folder. Gives the reason where it is not sent, else an empty text."""
        return self._send_from(self._folder, path, path)

    def send_copy(self, name: str, path: str) -> str:
        """Sends a copy that was made of the file ``path``, and removes the copy."""
        reason = self._send_from(self._copies, name, path)
        if not reason:
            with contextlib.suppress(OSError):  # the job may have removed it first
                os.unlink(os.path.join(self._copies, name))
        return reason

    def _send_from(self, folder: str, name: str, path: str) -> str:
        try:
            fd = _open_below(folder, name)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        try:
            return self._send_open(fd, path)
        finally:
            os.close(fd)

    def _send_open(self, fd: int, path: str) -> str:
        status = os.fstat(fd)
        reason = self._refusal(status, path)
        if reason:
            return reason
        data = _read(fd, status.st_size)
        digest = hashlib.sha256(data).hexdigest()
        known = self.sent.get(path)
        if known and known["sha256"] == digest:
            return ""
        self._total += len(data) - self._size_of(path)
        self._traffic += len(data)
        self.sent[path] = {"path": path, "size": len(data), "sha256": digest}
        self._write(path, data, digest)
        return ""

    def _refusal(self, status: os.stat_result, path: str) -> str:
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_nlink > 1:
            return "a file with several names (hard links)"
        if path not in self.sent and len(self.sent) >= COUNT_MAX:
            return f"more than {COUNT_MAX} files"
        if self._total - self._size_of(path) + status.st_size > TOTAL_BYTES_MAX:
            return f"the files together pass {TOTAL_BYTES_MAX // 1_048_576} MiB"
        if self._traffic + status.st_size > TRAFFIC_BYTES_MAX:
            return f"checkpoints have passed {TRAFFIC_BYTES_MAX // 1_048_576} MiB"
        return ""

    def _size_of(self, path: str) -> int:
        """Bytes of what was sent under this name before: a newer version takes its place."""
        size = self.sent.get(path, {}).get("size", 0)
        return size if isinstance(size, int) else 0

    def _write(self, path: str, data: bytes, digest: str) -> None:
        for offset in range(0, max(len(data), 1), PIECE_BYTES):
            piece = data[offset : offset + PIECE_BYTES]
            fields: dict[str, object] = {
                "path": path,
                "size": len(data),
                "sha256": digest,
                "offset": offset,
                "last": offset + PIECE_BYTES >= len(data),
                "data": base64.b64encode(piece).decode(),
            }
            self._writer.write("artefact", len(piece), fields)


def _walk(folder: str, below: str) -> Iterator[Found]:
    """Names below ``folder``, at most 100,000 of them, links not followed."""
    waiting, seen = [below], 0
    while waiting:
        current = waiting.pop()
        try:
            entries = list(os.scandir(os.path.join(folder, current)))
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > _ENTRIES_MAX:
                return
            path = os.path.join(current, entry.name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            else:
                yield _found(entry, path)


def _found(entry: "os.DirEntry[str]", path: str) -> Found:
    shown = path.encode("utf-8", "replace").decode()
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Found(shown, 0, f"cannot be read: {error.strerror}")
    if stat.S_ISLNK(status.st_mode):
        return Found(shown, status.st_size, "a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        return Found(shown, status.st_size, "not a regular file")
    if shown != path or any(ord(c) < 32 for c in path):
        return Found(shown.replace("\n", "?"), status.st_size, "a name that is not printable UTF-8")
    return Found(path, status.st_size, "")


def _open_below(folder: str, path: str) -> int:
    """Opens a file below a folder without following a link anywhere on the way."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise OSError(22, "not a path below the folder")
    at = os.open(folder, _OPEN_FLAGS | os.O_DIRECTORY)
    for part in parts[:-1]:
        try:
            inner = os.open(part, _OPEN_FLAGS | os.O_DIRECTORY, dir_fd=at)
        finally:
            os.close(at)
        at = inner
    try:
        return os.open(parts[-1], _OPEN_FLAGS, dir_fd=at)
    finally:
        os.close(at)


def _read(fd: int, size: int) -> bytes:
    pieces: list[bytes] = []
    left = size
    while left > 0:
        piece = os.read(fd, min(left, 1 << 20))
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
