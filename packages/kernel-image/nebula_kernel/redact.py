"""Declared secrets never leave the container: each occurrence becomes ``[secret]``, across the borders of reads too."""

import json
from collections.abc import Iterable
from typing import Final

REPLACEMENT: Final = "[secret]"


class Redactor:
    """Replaces secrets in a stream of bytes and in texts. Longer secrets win over their own parts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._texts = sorted({s for s in secrets if s}, key=len, reverse=True)
        self._needles = [s.encode("utf-8", "surrogatepass") for s in self._texts]

    def replace(self, data: bytes) -> bytes:
        """The bytes without secrets."""
        for needle in self._needles:
            data = data.replace(needle, REPLACEMENT.encode())
        return data

    def replace_json(self, text: str) -> str:
        """JSON text without secrets, in the form in which JSON writes them."""
        for secret in self._texts:
            for ascii_only in (True, False):
                text = text.replace(json.dumps(secret, ensure_ascii=ascii_only)[1:-1], REPLACEMENT)
        return text

    def held(self, data: bytes) -> int:
        """How many last bytes may be the beginning of a secret and have to wait for what follows."""
        longest = 0
        for needle in self._needles:
            longest = max(longest, _overlap(data, needle))
        return longest


def _overlap(data: bytes, needle: bytes) -> int:
    for size in range(min(len(needle) - 1, len(data)), 0, -1):
        if data.endswith(needle[:size]):
            return size
    return 0
