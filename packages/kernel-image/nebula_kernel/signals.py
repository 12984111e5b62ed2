"""Signals as readable bytes: nothing runs inside a handler, the loop reads what came."""

import os
import signal
from types import FrameType
from typing import Final

HANDLED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD)


class Signals:
    """Collects signals from ``open`` on. ``fd`` is readable when some came."""

    def __init__(self) -> None:
        self.fd, self._write = os.pipe()
        for fd in (self.fd, self._write):
            os.set_blocking(fd, False)

    def open(self) -> None:
        """From here on the signals are collected instead of acted upon."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, _note)

    def take(self) -> set[int]:
        """The signals that came since the last call."""
        try:
            return set(os.read(self.fd, 4096))
        except BlockingIOError:
            return set()


def _note(number: int, frame: FrameType | None) -> None:
    """The wakeup descriptor has taken it already."""
