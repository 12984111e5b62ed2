import random

import pytest

from nebula_kernel import channel
from nebula_kernel.channel import ChannelReader, Record, encode_record

MARK = b"\x000123456789abcdef"


def read_in_pieces(data: bytes, sizes: list[int]) -> list[Record]:
    reader = ChannelReader(MARK)
    records: list[Record] = []
    at = 0
    while at < len(data):
        size = sizes[len(records) % len(sizes)]
        reader.feed(data[at : at + size])
        at += size
        while (record := reader.take()) is not None:
            records.append(record)
    rest = reader.finish()
    return [*records, Record(channel.TEXT, rest)] if rest else records


def joined(records: list[Record]) -> list[Record]:
    """Neighbouring text as one record, so that the borders of reads do not show."""
    result: list[Record] = []
    for record in records:
        if result and record.kind == channel.TEXT and result[-1].kind == channel.TEXT:
            result[-1] = Record(channel.TEXT, result[-1].payload + record.payload)
        else:
            result.append(record)
    return result


@pytest.mark.parametrize("sizes", [[1], [2, 3], [7], [17], [4096]])
def test_records_are_found_whatever_the_borders_of_reads_are(sizes: list[int]) -> None:
    data = b"before" + encode_record(MARK, channel.SYNC, b"1") + encode_record(MARK, channel.STDERR, b"oops\n") + b"after\0"

    records = joined(read_in_pieces(data, sizes))

    assert records == [("", b"before"), ("S", b"1"), ("E", b"oops\n"), ("", b"after\0")]


def test_bytes_that_look_like_the_beginning_of_a_mark_are_kept() -> None:
    data = b"\0" * 40 + MARK[:9] + b"x" + MARK[:-1] + b"!"

    assert joined(read_in_pieces(data, [5])) == [("", data)]


@pytest.mark.parametrize("forged", [MARK + b"Z0001x", MARK + b"Szzzzx", MARK + b"Sffffx", MARK])
def test_a_forged_record_stays_text(forged: bytes) -> None:
    assert joined(read_in_pieces(b"a" + forged + b"b", [3])) == [("", b"a" + forged + b"b")]


def test_a_record_cut_by_the_end_is_text() -> None:
    whole = encode_record(MARK, channel.STDERR, b"never complete")

    assert joined(read_in_pieces(whole[:-3], [64])) == [("", whole[:-3])]


def test_no_byte_is_lost_in_random_streams() -> None:
    source = random.Random(1)
    for _ in range(200):
        parts = [source.choice([b"\0", MARK[:4], MARK, b"text", encode_record(MARK, "S", b"7")]) for _ in range(12)]

        records = joined(read_in_pieces(b"".join(parts), [source.randint(1, 9)]))

        kept = b"".join(r.payload if r.kind == channel.TEXT else encode_record(MARK, r.kind, r.payload) for r in records)
        assert kept == b"".join(parts)


def test_a_payload_over_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 4000 bytes"):
        encode_record(MARK, channel.STDERR, b"x" * 4001)


def test_marks_differ_and_begin_with_nul() -> None:
    first, second = channel.new_mark(), channel.new_mark()

    assert first != second
    assert first[0] == 0 and b"\0" not in first[1:]
