import random

import pytest
from written import Written

from nebula_kernel.frames import DISPLAY_BYTES_MAX
from nebula_kernel.output import BATCH_S, Output


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def output(written: Written, clock: Clock) -> Output:
    output = Output(written.writer, clock)
    output.begin("c1")
    return output


def test_the_first_line_goes_out_at_once(output: Output, written: Written, clock: Clock) -> None:
    clock.now += 1

    output.text("stdout", b"first\n")
    output.flush_due(clock.now)

    assert written.text() == "first\n"


def test_what_follows_waits_for_the_end_of_the_batch(output: Output, written: Written, clock: Clock) -> None:
    clock.now += 1
    output.text("stdout", b"first\n")
    output.flush_due(clock.now)

    output.text("stdout", b"second\n")
    output.text("stdout", b"third\n")
    output.flush_due(clock.now + BATCH_S / 2)
    early = written.text()
    output.flush_due(clock.now + BATCH_S)

    assert early == "first\n"
    assert [f["content"]["text"] for f in written.frames()] == ["first\n", "second\nthird\n"]


def test_a_line_waits_a_moment_for_its_end(output: Output, written: Written, clock: Clock) -> None:
    clock.now += 1

    output.text("stdout", b"text")
    output.flush_due(clock.now)
    output.text("stdout", b"\n")
    output.flush_due(clock.now)

    assert [f["content"]["text"] for f in written.frames()] == ["text\n"]


def test_a_prompt_without_line_end_is_not_held_back_for_long(output: Output, written: Written, clock: Clock) -> None:
    clock.now += 1
    output.text("stdout", b"...")

    assert output.due_in(clock.now) == pytest.approx(0.005)
    output.flush_due(clock.now + 0.006)

    assert written.text() == "..."


def test_stdout_and_stderr_keep_their_order(output: Output, written: Written) -> None:
    for name, text in (("stdout", b"a\n"), ("stderr", b"b\n"), ("stdout", b"c\n")):
        output.text(name, text)
    output.flush()

    assert [(f["content"]["name"], f["content"]["text"]) for f in written.frames()] == [
        ("stdout", "a\n"),
        ("stderr", "b\n"),
        ("stdout", "c\n"),
    ]


def test_a_display_comes_after_the_text_before_it(output: Output, written: Written) -> None:
    output.text("stdout", b"before\n")
    output.frame("clear_output", {"wait": True})

    assert [f["t"] for f in written.frames()] == ["stream", "clear_output"]


def test_output_belongs_to_the_cell_in_which_it_came(output: Output, written: Written) -> None:
    output.text("stdout", b"one\n")
    output.begin("c2")
    output.text("stdout", b"two\n")
    output.flush(final=True)

    assert [(f["cell"], f["content"]["text"]) for f in written.frames()] == [("c1", "one\n"), ("c2", "two\n")]


def test_a_code_point_cut_by_reads_is_whole_in_the_frames(output: Output, written: Written, clock: Clock) -> None:
    text = "žluťoučký 😀 kůň\n" * 300
    data = text.encode()
    source = random.Random(5)
    at = 0
    while at < len(data):
        size = source.randint(1, 5)
        output.text("stdout", data[at : at + size])
        output.flush()
        at += size
    output.flush(final=True)

    assert written.text() == text


def test_a_secret_is_hidden_across_the_borders_of_reads(output: Output, written: Written) -> None:
    output.hide(("hunter2",))
    for piece in (b"my pass is hun", b"te", b"r2, and hunt", b"ing is fun"):
        output.text("stdout", piece)
        output.flush()
    output.flush(final=True)

    assert written.text() == "my pass is [secret], and hunting is fun"


def test_a_secret_is_hidden_in_displays_and_errors(output: Output, written: Written) -> None:
    output.hide(('pa"ss', "clé"))
    output.frame("display", {"data": {"text/plain": 'x pa"ss y clé'}, "metadata": {}})
    output.frame("error", {"ename": "E", "evalue": 'pa"ss', "traceback": ['pa"ss']})

    assert b"ss y" not in b"".join(written.lines()).replace(b"[secret] y", b"")
    assert written.frames()[0]["content"]["data"]["text/plain"] == "x [secret] y [secret]"
    assert written.frames()[1]["content"]["traceback"] == ["[secret]"]


def test_a_display_over_the_limit_is_replaced_by_a_notice(output: Output, written: Written) -> None:
    output.frame(
        "display", {"data": {"image/png": "x" * (DISPLAY_BYTES_MAX + 1)}, "metadata": {}, "transient": {"display_id": "k"}}
    )

    (frame,) = written.frames()
    assert "the limit is 8 MiB" in frame["content"]["data"]["text/plain"]
    assert frame["content"]["transient"] == {"display_id": "k"}
    assert frame["n"] < 1000


def test_a_huge_error_keeps_its_name(output: Output, written: Written) -> None:
    output.frame("error", {"ename": "RecursionError", "evalue": "x" * DISPLAY_BYTES_MAX, "traceback": ["y"] * 3000})

    content = written.frames()[0]["content"]
    assert content["ename"] == "RecursionError"
    assert content["traceback"][-1] == "… 3000 parts in all, shortened here"


def test_a_display_nested_too_deeply_is_replaced_by_a_notice(output: Output, written: Written) -> None:
    nested: list[object] = []
    for _ in range(5_000):
        nested = [nested]
    output.frame("display", {"data": {"application/json": nested}, "metadata": {}})

    assert "too deeply" in written.frames()[0]["content"]["data"]["text/plain"]
