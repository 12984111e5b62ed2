"""What a cell shows, on its way to frames: joined into batches, secrets replaced, sizes bounded.

The first line after a pause goes out at once; what follows within 50 ms goes out together. A line without its end waits
5 ms for it, as ``print`` writes the two apart.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from nebula_kernel.frames import DISPLAY_BYTES_MAX, STREAM_BYTES_MAX, FrameWriter, encode_json
from nebula_kernel.redact import Redactor

BATCH_S: Final = 0.05
_LINE_END_S: Final = 0.005
_TOO_DEEP: Final = "[This output is nested too deeply to be shown.]"
_LINE_ENDS: Final = (b"\n", b"\r")
_ERROR_TEXT_MAX: Final = 64 * 1024


class Output:
    """Output of the running cell. ``cell`` is its id, empty before the first one begins."""

    def __init__(self, writer: FrameWriter, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._clock = clock
        self._redactor = Redactor()
        self.cell = ""
        self._pieces: list[tuple[str, bytearray]] = []
        self._size = 0
        self._sent_at = -BATCH_S
        self._due_at = 0.0

    def begin(self, cell: str) -> None:
        """From here on output belongs to this cell."""
        self.flush(final=True)
        self.cell = cell

    def hide(self, secrets: tuple[str, ...]) -> None:
        """From here on these texts are replaced."""
        self._redactor = Redactor(secrets)

    def text(self, name: str, data: bytes) -> None:
        """Adds bytes of ``stdout`` or ``stderr``."""
        if self._pieces and self._pieces[-1][0] == name:
            self._pieces[-1][1].extend(data)
        else:
            self._pieces.append((name, bytearray(data)))
        is_first = self._size == 0
        self._size += len(data)
        if self._size >= STREAM_BYTES_MAX:
            self.flush()
        elif is_first or data.endswith(_LINE_ENDS):
            self._set_due(is_whole=data.endswith(_LINE_ENDS))

    def due_in(self, now: float) -> float | None:
        """Seconds until waiting text has to go out; None where nothing waits."""
        return max(0.0, self._due_at - now) if self._size else None

    def flush_due(self, now: float) -> None:
        """Sends waiting text where its time has come."""
        if self._size and now >= self._due_at:
            self.flush()

    def flush(self, *, final: bool = False) -> None:
        """Sends waiting text. Unless ``final``, a cut code point or the beginning of a secret stays behind."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        self._sent_at = self._clock()
        for index, (name, data) in enumerate(pieces):
            last = index == len(pieces) - 1 and not final
            rest = self._send(name, bytes(data), keep=last)
            if rest:
                self._pieces.append((name, bytearray(rest)))

    def frame(self, kind: str, content: dict[str, Any], fields: dict[str, Any] | None = None) -> None:
        """Sends one display, error or the like, after all text that waits."""
        self.flush(final=True)
        try:
            self._write(kind, self._bounded(kind, content), fields)
        except RecursionError:  # lists in lists in lists, a thousand deep
            self._write(kind, {**content, "data": {"text/plain": _TOO_DEEP}, "metadata": {}}, fields)

    def _write(self, kind: str, content: dict[str, Any], fields: dict[str, Any] | None) -> None:
        body = {"cell": self.cell, **(fields or {}), "content": content}
        self._writer.write(kind, len(encode_json(content)), body)

    def _set_due(self, *, is_whole: bool) -> None:
        now = self._clock()
        self._due_at = max(self._sent_at + BATCH_S, now if is_whole else now + _LINE_END_S)

    def _send(self, name: str, data: bytes, *, keep: bool) -> bytes:
        clean = self._redactor.replace(data)
        held = max(_cut_code_point(clean), self._redactor.held(clean)) if keep else 0
        ready = clean[: len(clean) - held]
        if ready:
            self._writer.write_stream(self.cell, name, ready)
        return clean[len(clean) - held :]

    def _bounded(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        text = self._redactor.replace_json(json.dumps(content))
        if len(text) <= DISPLAY_BYTES_MAX:
            return json.loads(text)
        if kind == "error":
            return _short_error(content)
        return {**content, "data": {"text/plain": _too_large(len(text))}, "metadata": {}}


def _short_error(content: dict[str, Any]) -> dict[str, Any]:
    lines = [str(line)[:_ERROR_TEXT_MAX] for line in content.get("traceback", [])]
    return {
        "ename": str(content.get("ename", ""))[:_ERROR_TEXT_MAX],
        "evalue": str(content.get("evalue", ""))[:_ERROR_TEXT_MAX],
        "traceback": [*lines[:20], f"… {len(lines)} parts in all, shortened here"] if len(lines) > 20 else lines,
    }


def _too_large(size: int) -> str:
    limit = DISPLAY_BYTES_MAX // (1024 * 1024)
    return f"[This output is {size / 1_048_576:.1f} MiB; the limit is {limit} MiB. Save it to /job/out instead.]"


def _cut_code_point(data: bytes) -> int:
    """Bytes of an incomplete UTF-8 sequence at the end: 0 to 3."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            length = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if length > back else 0
    return 0
