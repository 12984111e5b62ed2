"""Reads what the kernel's processes print, and keeps it in order with the messages of the Jupyter protocol.

A message carries the number of its sync point. Text before the sync point is handed on before the message, text after
it waits until the message was handled, at most 0.2 s: a lost message must not stop the output.
"""

import os
from collections.abc import Callable
from typing import Final

from nebula_kernel import channel
from nebula_kernel.channel import ChannelReader, Record

_READ_BYTES: Final = 1024 * 1024
_WAIT_S: Final = 0.2
_REST_S: Final = 0.004


class Pump:
    """The kernel's descriptors 1 and 2. ``on_text(name, data)`` and ``on_record(record)`` get what was read, in order."""

    def __init__(
        self, fds: tuple[int, int], mark: bytes, on_text: Callable[[str, bytes], None], on_record: Callable[[Record], None]
    ) -> None:
        self._out, self._err = fds
        self._reader = ChannelReader(mark)
        self._on_text = on_text
        self._on_record = on_record
        self._passed = 0
        self._allowed = 0
        self._stopped_at = 0.0
        self._rest_until = 0.0
        self._is_open = {self._out: True, self._err: True}

    def readable(self, now: float) -> list[int]:
        """Descriptors that the loop should wait for. After a read it rests 4 ms: fewer, larger reads cost less."""
        wanted = [] if self._stopped_at or now < self._rest_until else [self._out]
        return [fd for fd in (*wanted, self._err) if self._is_open[fd]]

    def due_in(self, now: float) -> float | None:
        """Seconds until the pump must be pulled although nothing new is readable; None where it need not."""
        if self._stopped_at:
            return max(0.0, self._stopped_at + _WAIT_S - now)
        return self._rest_until - now if now < self._rest_until else None

    def pull(self, now: float) -> None:
        """Hands on what can be read, up to the next sync point whose message has not come yet."""
        if self._stopped_at and now - self._stopped_at >= _WAIT_S:
            self._go_on(self._passed)
        if not self._stopped_at:
            self._process(now)
            if not self._stopped_at and now >= self._rest_until and self._read_out():
                self._rest_until = now + _REST_S
                self._process(now)
        self._pull_err()

    def reach(self, number: int) -> None:
        """Hands on all text written before sync point ``number``, and none after it."""
        self._go_on(number)
        while self._passed < number:
            record = self._reader.take()
            if record is not None:
                self._handle(record)
            elif not self._read_out():
                break
        self._pull_err()

    def finish(self) -> None:
        """Hands on all that is left, when nobody writes any more."""
        while True:
            record = self._reader.take()
            if record is not None:
                self._handle(record)
            elif not self._read_out():
                break
        rest = self._reader.finish()
        if rest:
            self._on_text("stdout", rest)
        while self._pull_err():
            pass

    def _go_on(self, number: int) -> None:
        self._allowed = max(self._allowed, number)
        self._stopped_at = 0.0

    def _process(self, now: float) -> None:
        while (record := self._reader.take()) is not None:
            self._handle(record)
            if self._passed > self._allowed:
                self._stopped_at = now
                return

    def _handle(self, record: Record) -> None:
        if record.kind == channel.TEXT:
            self._on_text("stdout", record.payload)
        elif record.kind == channel.STDERR:
            self._on_text("stderr", record.payload)
        elif record.kind == channel.SYNC:
            if record.payload.isdigit():
                self._passed = max(self._passed, int(record.payload))
        else:
            self._on_record(record)

    def _read_out(self) -> bool:
        data = self._read(self._out)
        if data:
            self._reader.feed(data)
        return bool(data)

    def _pull_err(self) -> bool:
        data = self._read(self._err)
        if data:
            self._on_text("stderr", data)
        return bool(data)

    def _read(self, fd: int) -> bytes:
        if not self._is_open[fd]:
            return b""
        try:
            data = os.read(fd, _READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            self._is_open[fd] = False
        return data
