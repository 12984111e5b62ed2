import os
from collections.abc import Iterator

import pytest

from nebula_kernel import channel
from nebula_kernel.channel import Record, encode_record
from nebula_kernel.pump import Pump

MARK = b"\x000123456789abcdef"


class Kernel:
    """The writing ends of the kernel's output, and what the pump handed on."""

    def __init__(self) -> None:
        out_read, self.out = os.pipe()
        err_read, self.err = os.pipe()
        for fd in (out_read, err_read):
            os.set_blocking(fd, False)
        self.seen: list[tuple[str, bytes]] = []
        self.pump = Pump((out_read, err_read), MARK, self._on_text, self._on_record)

    def write(self, data: bytes) -> None:
        os.write(self.out, data)

    def sync(self, number: int) -> None:
        self.write(encode_record(MARK, channel.SYNC, b"%d" % number))

    def _on_text(self, name: str, data: bytes) -> None:
        self.seen.append((name, data))

    def _on_record(self, record: Record) -> None:
        self.seen.append((record.kind, record.payload))


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    os.close(kernel.out)
    os.close(kernel.err)


def test_text_after_a_sync_point_waits_for_its_message(kernel: Kernel) -> None:
    kernel.write(b"before")
    kernel.sync(1)
    kernel.write(b"after")

    kernel.pump.pull(1.0)
    early = list(kernel.seen)
    kernel.pump.reach(1)
    kernel.pump.pull(2.0)

    assert early == [("stdout", b"before")]
    assert kernel.seen == [("stdout", b"before"), ("stdout", b"after")]


def test_a_message_that_comes_first_pulls_the_text_before_it(kernel: Kernel) -> None:
    kernel.write(b"before")
    kernel.sync(1)
    kernel.write(b"after")

    kernel.pump.reach(1)

    assert kernel.seen == [("stdout", b"before")]


def test_a_message_that_never_comes_does_not_stop_the_output(kernel: Kernel) -> None:
    kernel.sync(1)
    kernel.write(b"after")
    kernel.pump.pull(1.0)
    due = kernel.pump.due_in(1.0)
    kernel.pump.pull(1.21)

    assert due == pytest.approx(0.2)
    assert kernel.seen == [("stdout", b"after")]


def test_a_sync_point_that_never_comes_does_not_stop_the_messages(kernel: Kernel) -> None:
    kernel.write(b"text")

    kernel.pump.reach(9)

    assert kernel.seen == [("stdout", b"text")]


def test_records_and_both_streams_are_handed_on_in_order(kernel: Kernel) -> None:
    kernel.write(b"a" + encode_record(MARK, channel.STDERR, b"b") + encode_record(MARK, channel.PROGRESS, b"{}") + b"c")

    kernel.pump.pull(1.0)

    assert kernel.seen == [("stdout", b"a"), ("stderr", b"b"), ("P", b"{}"), ("stdout", b"c")]


def test_at_the_end_nothing_stays_behind(kernel: Kernel) -> None:
    os.write(kernel.err, b"raw error")
    kernel.sync(1)
    kernel.write(b"last" + MARK[:5])
    kernel.pump.pull(1.0)

    kernel.pump.finish()

    assert b"".join(data for name, data in kernel.seen if name == "stdout") == b"last" + MARK[:5]
    assert ("stderr", b"raw error") in kernel.seen
