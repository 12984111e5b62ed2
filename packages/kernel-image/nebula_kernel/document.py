"""The job document: the one line that the runner reads on its stdin."""

import json
from typing import Any, Final, NamedTuple, cast

VERSION: Final = 1
DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024


class Cell(NamedTuple):
    """One cell to run. ``role`` is ``setup`` or ``run``."""

    id: str
    source: str
    tags: tuple[str, ...]
    role: str

    @property
    def may_raise(self) -> bool:
        """True where the job goes on after an error of this cell."""
        return "raises-exception" in self.tags


class Job(NamedTuple):
    """What to run. ``time_limit_ms`` counts from the arrival of the document; 0 means no limit."""

    attempt: str
    cells: tuple[Cell, ...]
    time_limit_ms: int
    secrets: tuple[str, ...]
    env: dict[str, str]


class DocumentError(Exception):
    """The document is not what this runner understands. The message says which field, and what was expected."""


def parse_document(line: bytes) -> Job:
    """The job of one line of JSON. Unknown fields are ignored."""
    try:
        value: object = json.loads(line)
    except ValueError as error:
        raise DocumentError(f"expected one line of JSON: {error}") from error
    fields = _object(value, "document")
    if fields.get("v") != VERSION:
        raise DocumentError(f"v: expected {VERSION}, found {fields.get('v')!r}")
    return Job(
        attempt=_text(fields.get("attempt", ""), "attempt"),
        cells=tuple(_cell(item, index) for index, item in enumerate(_list(fields.get("cells"), "cells"))),
        time_limit_ms=_milliseconds(fields.get("timeLimitMs", 0)),
        secrets=tuple(s for s in (_text(item, "secrets") for item in _list(fields.get("secrets", []), "secrets")) if s),
        env={name: _text(item, f"env.{name}") for name, item in _object(fields.get("env", {}), "env").items()},
    )


def _cell(value: object, index: int) -> Cell:
    where = f"cells[{index}]"
    fields = _object(value, where)
    return Cell(
        id=_text(fields.get("id"), f"{where}.id"),
        source=_text(fields.get("source"), f"{where}.source"),
        tags=tuple(_text(item, f"{where}.tags") for item in _list(fields.get("tags", []), f"{where}.tags")),
        role=_text(fields.get("role", "run"), f"{where}.role"),
    )


def _object(value: object, where: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise DocumentError(f"{where}: expected an object, found {type(value).__name__}")


def _list(value: object, where: str) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    raise DocumentError(f"{where}: expected a list, found {type(value).__name__}")


def _text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    raise DocumentError(f"{where}: expected a string, found {type(value).__name__}")


def _milliseconds(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise DocumentError(f"timeLimitMs: expected whole milliseconds, found {value!r}")
