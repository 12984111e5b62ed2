import random

import pytest
from written import Written

from nebula_kernel.frames import LINE_BYTES_MAX, STREAM_BYTES_MAX


def test_a_frame_begins_with_type_and_byte_count(written: Written) -> None:
    written.writer.write("ready", 0, {"kernel": "k", "python": "3"})
    written.writer.write_stream("c1", "stdout", "é\n".encode())

    assert written.lines() == [
        b'{"t":"ready","n":0,"kernel":"k","python":"3"}\n',
        '{"t":"stream","n":3,"cell":"c1","content":{"name":"stdout","text":"é\\n"}}\n'.encode(),
    ]


def test_a_frame_without_fields_is_an_object(written: Written) -> None:
    written.writer.write("status", 0, {})

    assert written.lines() == [b'{"t":"status","n":0}\n']


@pytest.mark.parametrize("text", ["a" * 100_000, "é" * 50_001, "x" + "😀" * 20_000, "\0" * 70_000, '"\\' * 40_000])
def test_long_text_is_cut_between_code_points_within_the_limits(written: Written, text: str) -> None:
    written.writer.write_stream("c", "stdout", text.encode())

    assert written.text() == text
    assert "\ufffd" not in written.text()
    assert all(frame["n"] <= STREAM_BYTES_MAX for frame in written.frames())
    assert all(len(line) <= LINE_BYTES_MAX for line in written.lines())
    assert sum(frame["n"] for frame in written.frames()) == len(text.encode())


def test_bytes_that_are_no_utf8_become_replacement_characters_and_are_counted_as_written(written: Written) -> None:
    written.writer.write_stream("c", "stderr", b"a\xff\xfeb")

    (frame,) = written.frames()
    assert frame["content"]["text"] == "a\ufffd\ufffdb"
    assert frame["n"] == len("a\ufffd\ufffdb".encode())


def test_line_separators_and_lone_surrogates_cannot_break_a_line(written: Written) -> None:
    written.writer.write("display", 1, {"text": "a\u2028b\u2029c"})
    written.writer.write("display", 1, {"text": "\ud800"})

    assert [frame["text"] for frame in written.frames()] == ["a\u2028b\u2029c", "\ud800"]
    assert b"\xe2\x80\xa8" not in written.lines()[0]


def test_random_bytes_keep_line_and_count_rules(written: Written) -> None:
    source = random.Random(3)
    for _ in range(50):
        written.writer.write_stream("c", "stdout", source.randbytes(source.randint(1, 90_000)))

    for line, frame in zip(written.lines(), written.frames(), strict=True):
        assert len(line) <= LINE_BYTES_MAX
        assert line.startswith(b'{"t":"stream","n":%d,"cell":"c",' % frame["n"])
        assert frame["n"] == len(frame["content"]["text"].encode())
