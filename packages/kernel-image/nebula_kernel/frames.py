"""Frames: one JSON line each on the runner's stdout, beginning ``{"t":"TYPE","n":BYTES,`` in exactly this form.

``n`` counts the bytes of the user's payload, so that a reader accounts for output without parsing JSON.
"""

import json
import os
from collections.abc import Mapping
from typing import Final

STREAM_BYTES_MAX: Final = 32 * 1024
LINE_BYTES_MAX: Final = 64 * 1024
DISPLAY_BYTES_MAX: Final = 8 * 1024 * 1024
_FLUSH_BYTES: Final = 1024 * 1024


def encode_json(value: object) -> bytes:
    """Compact UTF-8 on one line; line separators of Unicode and lone surrogates are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if "\u2028" in text or "\u2029" in text:
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


class FrameWriter:
    """Writes frames to one descriptor, in order. Writing blocks while the reader is slow: nothing is dropped."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: list[bytes] = []
        self._size = 0

    def write(self, kind: str, payload_bytes: int, fields: Mapping[str, object]) -> None:
        """Adds one frame. ``fields`` follow ``t`` and ``n`` in their order."""
        body = encode_json(fields)[1:]
        head = b'{"t":"%s","n":%d' % (kind.encode(), payload_bytes)
        self._add(head + (b"," if len(body) > 1 else b"") + body + b"\n")

    def write_stream(self, cell: str, name: str, data: bytes) -> None:
        """Adds text of a stream, cut into frames of at most 32 KiB, never inside a code point."""
        head = b'"cell":%s,"content":{"name":"%s","text":' % (encode_json(cell), name.encode())
        start = 0
        while start < len(data):
            end = _cut(data, start)
            self._write_text(head, data[start:end])
            start = end

    def flush(self) -> None:
        """Hands every added frame to the reader."""
        data = memoryview(b"".join(self._lines))
        self._lines.clear()
        self._size = 0
        while data:
            data = data[os.write(self._fd, data) :]

    def _write_text(self, head: bytes, piece: bytes) -> None:
        text = piece.decode("utf-8", "replace")
        encoded = encode_json(text)
        if len(encoded) > LINE_BYTES_MAX - 1024 and len(text) > 1:
            middle = len(text) // 2
            self._write_text(head, text[:middle].encode())
            self._write_text(head, text[middle:].encode())
            return
        count = len(piece) if "\ufffd" not in text else len(text.encode())
        self._add(b'{"t":"stream","n":%d,%s%s}}\n' % (count, head, encoded))

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        if self._size >= _FLUSH_BYTES:
            self.flush()


def _cut(data: bytes, start: int) -> int:
    """End of a piece of at most 32 KiB that does not split a code point."""
    end = start + STREAM_BYTES_MAX
    if end >= len(data):
        return len(data)
    for back in range(4):
        if data[end - back] & 0xC0 != 0x80:
            return end - back
    return end
