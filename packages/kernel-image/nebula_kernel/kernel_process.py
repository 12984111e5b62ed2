"""The kernel's side: what runs in the forked process that executes the cells.

Before each message of the Jupyter protocol that a viewer sees, a sync record is written to descriptor 1; the runner puts
text and messages in order by it.
"""

# ipykernel gives only part of its types.
# pyright: reportUnknownMemberType=false

import ctypes
import importlib
import json
import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from nebula_kernel import calls, channel
from nebula_kernel.standard_streams import open_streams

_ORDERED: Final = frozenset({"execute_input", "display_data", "update_display_data", "execute_result", "clear_output", "error"})


class Link:
    """Writes records into the stream of descriptor 1."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._lock = threading.Lock()
        self._count = 0
        self._flush_c = ctypes.CDLL(None).fflush
        self.flush: Callable[[], None] = lambda: None

    def sync(self) -> int:
        """Writes a sync point after everything printed so far, by C libraries too, and gives its number."""
        self.flush()
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


def run_kernel(connection: dict[str, Any], directory: str, mark: bytes) -> NoReturn:
    """Runs ipykernel until it ends; never returns. Call it in a fresh process whose descriptors are set."""
    status = 1
    try:
        link = Link(mark)
        link.flush = open_streams(link.stderr)
        calls.open_line(mark, 1)
        _start(connection, directory, link)
        status = 0
    except BaseException as error:  # the process has nobody above it that could report this
        sys.__stderr__.write(f"the kernel did not start: {error!r}\n") if sys.__stderr__ else None
    finally:
        os._exit(status)


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
