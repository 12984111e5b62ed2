"""The Jupyter wire protocol, as far as one client of one kernel needs it: signed parts over ZeroMQ sockets."""

import hmac
import json
import os
from typing import Any, Final, NamedTuple, cast

_DELIMITER: Final = b"<IDS|MSG>"
_VERSION: Final = "5.4"


class Message(NamedTuple):
    """One message: its type, the id of the request it answers, its content and metadata."""

    type: str
    parent: str
    content: dict[str, Any]
    metadata: dict[str, Any]


class Wire:
    """Packs requests and unpacks messages signed with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._session = os.urandom(8).hex()
        self._count = 0

    def pack(self, kind: str, content: dict[str, Any]) -> tuple[str, list[bytes]]:
        """A request: its id and the parts to send."""
        self._count += 1
        identity = f"{self._session}_{self._count}"
        header = {
            "msg_id": identity,
            "session": self._session,
            "username": "nebula",
            "date": "1970-01-01T00:00:00Z",
            "msg_type": kind,
            "version": _VERSION,
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        return identity, [_DELIMITER, self.sign(parts), *parts]

    def unpack(self, frames: list[bytes]) -> Message | None:
        """The message, or None where it is not signed with our key or is no message at all.

        The kernel shares its process with user code: a message may be anything.
        """
        if _DELIMITER not in frames:
            return None
        start = frames.index(_DELIMITER) + 1
        signature, parts = b"".join(frames[start : start + 1]), frames[start + 1 :]
        if len(parts) < 4 or not hmac.compare_digest(signature, self.sign(parts[:4])):
            return None
        try:
            header, parent, metadata, content = (_object(part) for part in parts[:4])
        except (ValueError, RecursionError):
            return None
        return Message(str(header.get("msg_type")), str(parent.get("msg_id", "")), content, metadata)

    def sign(self, parts: list[bytes]) -> bytes:
        """The signature over the parts of a message."""
        signer = hmac.new(self._key, digestmod="sha256")
        for part in parts:
            signer.update(part)
        return signer.hexdigest().encode()


def _object(part: bytes) -> dict[str, Any]:
    """One part as an object. NaN and infinities, which are no JSON, become null."""
    value: object = json.loads(part, parse_constant=lambda _: None)
    if not isinstance(value, dict):
        raise ValueError("a part of a message must be an object")
    return cast("dict[str, Any]", value)
