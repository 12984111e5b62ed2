"""Frames that a test wrote, read back."""

import json
import os
import tempfile
from typing import Any

from nebula_kernel.frames import FrameWriter


class Written:
    """A frame writer on a file, and what stands in it."""

    def __init__(self) -> None:
        self.fd, self.path = tempfile.mkstemp()
        self.writer = FrameWriter(self.fd)

    def lines(self) -> list[bytes]:
        self.writer.flush()
        with open(self.path, "rb") as file:
            return file.read().splitlines(keepends=True)

    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()]

    def text(self, name: str = "stdout") -> str:
        return "".join(f["content"]["text"] for f in self.frames() if f["t"] == "stream" and f["content"]["name"] == name)

    def close(self) -> None:
        os.close(self.fd)
        os.unlink(self.path)
