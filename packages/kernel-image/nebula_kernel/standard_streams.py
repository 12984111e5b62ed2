"""stdout and stderr of the kernel process: whole lines, in one order, nothing lost.

A line reaches the pipe in one write, so that lines of several processes do not mix, and before the call that printed it
returns, so that a crash right after it loses nothing. A line without its end follows within 50 ms.
"""

import io
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final, NoReturn

_PARTIAL_LINE_S: Final = 0.05


class _StderrFile(io.RawIOBase):
    """Descriptor 2 for its number, records in the stream of descriptor 1 for its text, after what stdout holds."""

    name = "<stderr>"

    def __init__(self, stdout: io.TextIOWrapper, write_record: Callable[[bytes], None]) -> None:
        self._stdout = stdout
        self._write_record = write_record

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2

    def write(self, data: Any, /) -> int:
        copy = bytes(data)
        self._stdout.flush()
        self._write_record(copy)
        return len(copy)


def open_streams(write_stderr: Callable[[bytes], None]) -> Callable[[], None]:
    """Sets ``sys.stdin``, ``stdout`` and ``stderr``. Gives what flushes the text that stdout still holds."""
    file = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    stdout = io.TextIOWrapper(file, "utf-8", "backslashreplace", line_buffering=True)
    stderr = io.TextIOWrapper(_StderrFile(stdout, write_stderr), "utf-8", "backslashreplace", write_through=True)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
    sys.stdout = sys.__stdout__ = stdout
    sys.stderr = sys.__stderr__ = stderr
    gate = threading.Lock()
    _survive_forks(stdout, gate)
    _flush_before_leaving(stdout)
    threading.Thread(target=_flush_partial_lines, args=(stdout, gate), daemon=True).start()
    return stdout.flush


def _survive_forks(stdout: io.TextIOWrapper, gate: threading.Lock) -> None:
    """A forked process must neither print our text again nor find the file locked by the thread that flushes."""

    def before() -> None:
        gate.acquire()
        stdout.flush()

    os.register_at_fork(before=before, after_in_parent=gate.release, after_in_child=gate.release)


def _flush_before_leaving(stdout: io.TextIOWrapper) -> None:
    leave = os._exit

    def flush_and_leave(status: int) -> NoReturn:
        try:
            stdout.flush()
        finally:
            leave(status)

    os._exit = flush_and_leave


def _flush_partial_lines(stdout: io.TextIOWrapper, gate: threading.Lock) -> None:
    """Safe beside a thread that prints: what is taken from the text layer is in the file's buffer before another runs."""
    while True:
        time.sleep(_PARTIAL_LINE_S)
        with gate:
            stdout.flush()
