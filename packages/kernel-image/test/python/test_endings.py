import signal

import pytest

from nebula_kernel.endings import death, error_of, in_plain_words


@pytest.mark.parametrize(
    ("status", "oom_kills", "reason", "words"),
    [
        (4 << 8, 0, "exit", "ended itself with exit code 4"),
        (signal.SIGSEGV, 0, "signal", "ended by SIGSEGV"),
        (signal.SIGKILL, 0, "signal", "ended by SIGKILL"),
        (signal.SIGKILL, 1, "memory", "more memory than its limit of 256 MiB"),
        (signal.SIGSEGV, 1, "signal", "ended by SIGSEGV"),
    ],
)
def test_a_death_is_told_in_words(status: int, oom_kills: int, reason: str, words: str) -> None:
    ending = death(status, oom_kills, 256 << 20)

    assert (ending.outcome, ending.reason) == ("kernel-died", reason)
    assert words in ending.message
    assert error_of(ending)["evalue"] == ending.message


def test_exit_and_input_are_put_in_plain_words() -> None:
    left = in_plain_words({"ename": "SystemExit", "evalue": "3", "traceback": ["long"]})
    asked = in_plain_words({"ename": "StdinNotImplementedError", "evalue": "raw_input was called", "traceback": []})

    assert left["evalue"] == "The cell left Python with exit(3). The job stops here."
    assert "nobody at its keyboard" in asked["evalue"]
    assert left["traceback"] == ["SystemExit: " + left["evalue"]]


def test_other_errors_stay_as_they_are() -> None:
    content = {"ename": "ValueError", "evalue": "x", "traceback": ["a", "b"]}

    assert in_plain_words(content) == content
