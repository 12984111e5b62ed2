"""Records inside the byte stream of the kernel's descriptor 1.

Everything that the kernel process and its children print on descriptor 1 is one ordered stream of bytes. Between those
bytes the kernel process writes records: text for stderr, progress, checkpoints, and sync points that say where in the
stream a message of the Jupyter protocol belongs. A record is ``mark kind length payload``: ``mark`` is random for each
run and begins with a NUL byte, ``kind`` one letter, ``length`` four hexadecimal digits. A record is at most
``PIPE_BUF`` bytes, so that writes of several processes never mix.

User code shares the process that writes records. It may forge them, but they name only its own output.
"""

import os
from typing import Final, NamedTuple

SYNC: Final = "S"
STDERR: Final = "E"
PROGRESS: Final = "P"
CHECKPOINT: Final = "C"
TEXT: Final = ""

KINDS: Final = (SYNC, STDERR, PROGRESS, CHECKPOINT)
SYNC_FIELD: Final = "nebula_sync"
PAYLOAD_BYTES_MAX: Final = 4_000
_HEADER_BYTES: Final = 5


class Record(NamedTuple):
    """One piece of the stream. ``kind`` is ``TEXT`` for plain bytes of descriptor 1."""

    kind: str
    payload: bytes


def new_mark() -> bytes:
    """A mark that no program prints by chance: NUL and 16 random hexadecimal digits."""
    return b"\0" + os.urandom(8).hex().encode()


def encode_record(mark: bytes, kind: str, payload: bytes) -> bytes:
    """The bytes of one record. The payload has at most ``PAYLOAD_BYTES_MAX`` bytes."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a record holds at most {PAYLOAD_BYTES_MAX} bytes, not {len(payload)}")
    return b"%s%s%04x%s" % (mark, kind.encode(), len(payload), payload)


class ChannelReader:
    """Cuts the bytes of descriptor 1 into records, whatever the borders of the reads were."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._buffer = b""
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Appends bytes that were read. Call ``take`` until it gives None before the next feed, to keep memory flat."""
        rest = self._buffer[self._at :]
        self._buffer = rest + data if rest else data
        self._at = 0

    def take(self) -> Record | None:
        """The next record, or None where more bytes are needed."""
        if self._at >= len(self._buffer):
            return None
        found = self._buffer.find(self._mark, self._at)
        if found == self._at:
            return self._take_record()
        end = found if found > 0 else self._end_of_text()
        if end <= self._at:
            return None
        return self._take_text(end)

    def finish(self) -> bytes:
        """What is left when no more bytes will come: a cut record is plain text then."""
        rest = self._buffer[self._at :]
        self._buffer = b""
        self._at = 0
        return rest

    def _take_text(self, end: int) -> Record:
        text = self._buffer[self._at : end]
        self._at = end
        return Record(TEXT, text)

    def _take_record(self) -> Record | None:
        start = self._at + len(self._mark)
        header = self._buffer[start : start + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES:
            return None
        kind = chr(header[0])
        try:
            size = int(header[1:], 16)
        except ValueError:
            size = -1
        if kind not in KINDS or not 0 <= size <= PAYLOAD_BYTES_MAX:
            return self._take_text(start)
        payload = self._buffer[start + _HEADER_BYTES : start + _HEADER_BYTES + size]
        if len(payload) < size:
            return None
        self._at = start + _HEADER_BYTES + size
        return Record(kind, payload)

    def _end_of_text(self) -> int:
        """Where plain text ends for sure: before a tail that may be the beginning of a mark."""
        size = len(self._buffer)
        earliest = max(self._at, size - len(self._mark) + 1)
        nul = self._buffer.find(b"\0", earliest)
        while nul >= 0:
            if self._mark.startswith(self._buffer[nul:]):
                return nul
            nul = self._buffer.find(b"\0", nul + 1)
        return size
