import json
import os
from typing import Any

import pytest

from nebula_kernel.document import DocumentError, parse_document
from nebula_kernel.intake import Intake


def a_document(**changes: Any) -> bytes:
    cells = [{"id": "c1", "source": "1", "tags": ["raises-exception"], "role": "run"}]
    return json.dumps({"v": 1, "attempt": "att_1", "cells": cells, "timeLimitMs": 1000, **changes}).encode()


def test_a_document_gives_its_cells_in_order() -> None:
    job = parse_document(a_document(secrets=["a", ""], env={"K": "v"}, later="ignored"))

    assert (job.attempt, job.time_limit_ms, job.secrets, job.env) == ("att_1", 1000, ("a",), {"K": "v"})
    assert [(cell.id, cell.source, cell.may_raise) for cell in job.cells] == [("c1", "1", True)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "expected one line of JSON"),
        (b"\xff{}", "expected one line of JSON"),
        (b"[]", "document: expected an object, found list"),
        (a_document(v=2), "v: expected 1, found 2"),
        (a_document(cells=None), "cells: expected a list"),
        (a_document(cells=[{"id": "c"}]), r"cells\[0\].source: expected a string"),
        (a_document(cells=["c"]), r"cells\[0\]: expected an object"),
        (a_document(env={"K": 1}), "env.K: expected a string"),
        (a_document(timeLimitMs=-1), "timeLimitMs: expected whole milliseconds"),
        (a_document(timeLimitMs=True), "timeLimitMs: expected whole milliseconds"),
    ],
)
def test_a_wrong_document_names_the_field(line: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_document(line)


def test_a_document_arrives_in_pieces_and_what_follows_is_thrown_away() -> None:
    read, write = os.pipe()
    intake = Intake(read)
    line = a_document()
    os.write(write, line[:10])
    early = intake.pull()
    os.write(write, line[10:] + b"\nmore\n")
    job = intake.pull()
    os.write(write, a_document() + b"\n")

    assert early is None
    assert job is not None and job.attempt == "att_1"
    assert intake.pull() is None


def test_a_document_without_line_end_counts_when_stdin_ends() -> None:
    read, write = os.pipe()
    intake = Intake(read)
    os.write(write, a_document())
    early = intake.pull()
    os.close(write)

    assert early is None
    assert intake.pull() is not None
    assert intake.fd is None


def test_stdin_that_ends_without_a_document_is_an_error() -> None:
    read, write = os.pipe()
    os.close(write)

    with pytest.raises(DocumentError, match="before the job document came"):
        Intake(read).pull()
