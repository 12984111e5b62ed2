"""The kernel's side: what runs in the forked process that executes the cells.

Text for stdout goes to descriptor 1 unbuffered, so that nothing is lost however the process ends. Before each message
of the Jupyter protocol that a viewer sees, a sync record is written there; the runner puts text and messages in order by it.
"""

import ctypes
import importlib
import io
import json
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, Final, NoReturn

from nebula_kernel import calls, channel

_ORDERED: Final = frozenset({"execute_input", "display_data", "update_display_data", "execute_result", "clear_output", "error"})


class Link:
    """Writes records into the stream of descriptor 1."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._lock = threading.Lock()
        self._count = 0
        self._flush_c = ctypes.CDLL(None).fflush

    def sync(self) -> int:
        """Writes a sync point after everything printed so far, by C libraries too, and gives its number."""
        self._flush_c(None)
        with self._lock:
            self._count += 1
            os.write(1, channel.encode_record(self._mark, channel.SYNC, b"%d" % self._count))
            return self._count

    def stderr(self, data: bytes) -> None:
        """Writes text for stderr."""
        for start in range(0, len(data), channel.PAYLOAD_BYTES_MAX):
            piece = data[start : start + channel.PAYLOAD_BYTES_MAX]
            _write_all(1, channel.encode_record(self._mark, channel.STDERR, piece))


class _StderrFile(io.RawIOBase):
    """Descriptor 2 for its number, records for its text: so stdout and stderr keep their order."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2

    def write(self, data: Any, /) -> int:
        copy = bytes(data)
        self._link.stderr(copy)
        return len(copy)


def run_kernel(connection: dict[str, Any], directory: str, mark: bytes) -> NoReturn:
    """Runs ipykernel until it ends; never returns. Call it in a fresh process whose descriptors are set."""
    status = 1
    try:
        _open_streams(mark)
        _start(connection, directory, Link(mark))
        status = 0
    except BaseException as error:  # the process has nobody above it that could report this
        sys.__stderr__.write(f"the kernel did not start: {error!r}\n") if sys.__stderr__ else None
    finally:
        os._exit(status)


def _open_streams(mark: bytes) -> None:
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    out = io.FileIO(1, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", errors="backslashreplace", write_through=True)
    err = _StderrFile(Link(mark))
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace", write_through=True)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    calls.open_line(mark, 1)


def _start(connection: dict[str, Any], directory: str, link: Link) -> None:
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # never used in a job; its import takes 0.1 s
    from nebula_kernel.kernel_app import KernelApp, OrderedSession

    path = Path(directory) / "kernel.json"
    path.write_text(json.dumps(connection))
    app = KernelApp.instance(session=OrderedSession(link, _ORDERED))
    app.initialize(["-f", str(path), "--quiet"])
    path.unlink()
    _quiet_warnings()
    for name in filter(None, os.environ.get("NEBULA_PRELOAD", "").split(",")):
        importlib.import_module(name.strip())
    app.start()


def _quiet_warnings() -> None:
    """Silences advice that makes no sense in a job: to install widgets, to leave by Ctrl-D."""
    warnings.filterwarnings("ignore", message="IProgress not found")
    warnings.filterwarnings("ignore", message="To exit: use")


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
