"""Reads the job document from stdin without ever blocking the loop."""

import os
import select
import time
from typing import Final

from nebula_kernel.document import DOCUMENT_BYTES_MAX, DocumentError, Job, parse_document

_READ_BYTES: Final = 256 * 1024


class Intake:
    """Stdin of the runner. Whatever follows the document is read and thrown away, so that no writer blocks."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd
        self._line = bytearray()
        self._job: Job | None = None
        os.set_blocking(fd, False)

    @property
    def fd(self) -> int | None:
        """The descriptor to wait for; None once it has ended."""
        return self._fd

    def pull(self) -> Job | None:
        """Reads what is there. The job, when its document is complete; ``DocumentError`` where it is not one."""
        if self._fd is None:
            return None
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return None
        if not data:
            self._fd = None
        return None if self._job else self._take(data)

    def _take(self, data: bytes) -> Job | None:
        self._line += data
        end = self._line.find(b"\n", max(0, len(self._line) - len(data)))
        if end < 0 and data:
            if len(self._line) > DOCUMENT_BYTES_MAX:
                raise DocumentError(f"expected at most {DOCUMENT_BYTES_MAX} bytes")
            return None
        if not self._line:
            raise DocumentError("stdin ended before the job document came")
        self._job = parse_document(bytes(self._line[:end] if end >= 0 else self._line))
        self._line.clear()
        return self._job

    def wait_for_end(self, limit_s: float) -> None:
        """Returns when stdin has ended, or after ``limit_s``. The reader of stdout ends it once it has the last frame."""
        until = time.monotonic() + limit_s
        while self._fd is not None and (left_s := until - time.monotonic()) > 0:
            readable, _, _ = select.select([self._fd], [], [], left_s)
            if readable and not os.read(self._fd, _READ_BYTES):
                self._fd = None
