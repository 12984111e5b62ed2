"""Stdin of the runner."""

import os
import threading
import time

from nebula_kernel.intake import Intake


def test_the_end_is_waited_for_until_the_writer_closes() -> None:
    reader, writer = os.pipe()
    intake = Intake(reader)
    os.write(writer, b"whatever comes late\n")
    threading.Timer(0.05, os.close, [writer]).start()

    start = time.monotonic()
    intake.wait_for_end(5.0)

    assert time.monotonic() - start < 4
    assert intake.fd is None


def test_the_wait_ends_at_its_limit_when_nobody_closes() -> None:
    reader, writer = os.pipe()
    intake = Intake(reader)

    intake.wait_for_end(0.05)

    assert intake.fd is not None
    os.close(writer)
