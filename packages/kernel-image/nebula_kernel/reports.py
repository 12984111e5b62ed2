"""What students report by ``nebula_kernel.progress`` and ``nebula_kernel.checkpoint``."""

import json
import os
from collections.abc import Callable
from typing import Any, Final, cast

from nebula_kernel import channel
from nebula_kernel.artefacts import Collector
from nebula_kernel.channel import Record
from nebula_kernel.frames import FrameWriter
from nebula_kernel.output import Output

_EVERY_S: Final = 0.1
_NOTE_LENGTH_MAX: Final = 200
_CHECKPOINTS_MAX: Final = 100


class Reports:
    """Turns records into frames. Of progress reported faster than ten times a second the latest counts."""

    def __init__(self, home: str, writer: FrameWriter, output: Output, clock: Callable[[], float]) -> None:
        self._folder = os.path.realpath(os.path.join(home, "out"))
        self._writer = writer
        self._output = output
        self._clock = clock
        self._collector = Collector(self._folder, writer, os.path.join(home, ".cache", "checkpoints"))
        self._waiting: dict[str, Any] | None = None
        self._sent_at = -_EVERY_S
        self._checkpoints: list[str] = []

    @property
    def collector(self) -> Collector:
        """The collector that has sent the checkpoints."""
        return self._collector

    def take(self, record: Record) -> None:
        """Takes one record. One that says nothing sensible is passed over."""
        if record.kind == channel.PROGRESS:
            self._waiting = _progress(record.payload) or self._waiting
            self.flush_due(self._clock())
        elif record.kind == channel.CHECKPOINT:
            copy, _, path = record.payload.partition(b"\0")
            self._checkpoint(os.fsdecode(copy), os.fsdecode(path))

    def due_in(self, now: float) -> float | None:
        """Seconds until waiting progress has to go out; None where nothing waits."""
        return max(0.0, self._sent_at + _EVERY_S - now) if self._waiting else None

    def flush_due(self, now: float) -> None:
        """Sends the latest progress where its time has come."""
        if self._waiting and now - self._sent_at >= _EVERY_S:
            self._sent_at = now
            self.flush()

    def flush(self) -> None:
        """Sends the latest progress."""
        report, self._waiting = self._waiting, None
        if report:
            self._output.flush()
            self._writer.write("progress", len(report["note"].encode()), {"cell": self._output.cell, **report})

    def resend_checkpoints(self) -> None:
        """Sends the files of all checkpoints again where they have changed."""
        for path in self._checkpoints:
            self._collector.send(path)

    def _checkpoint(self, copy: str, absolute: str) -> None:
        try:
            path = os.path.relpath(os.path.realpath(absolute), self._folder)
        except ValueError:  # a NUL in the name: no such file
            return
        reason = "it is not under /job/out" if path.startswith("..") else self._collector.send_copy(copy, path)
        if reason:
            note = f"[nebula] The checkpoint {absolute} was not taken: {reason}.\n"
            self._output.text("stderr", note.encode("utf-8", "replace"))
        elif path not in self._checkpoints and len(self._checkpoints) < _CHECKPOINTS_MAX:
            self._checkpoints.append(path)


def _progress(payload: bytes) -> dict[str, Any] | None:
    try:
        value: object = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, object]", value)
    fraction, note = fields.get("fraction"), fields.get("note")
    if not isinstance(fraction, int | float) or not 0 <= fraction <= 1 or not isinstance(note, str):
        return None
    return {"fraction": fraction, "note": note[:_NOTE_LENGTH_MAX].encode("utf-8", "replace").decode()}
