"""How a job ended, in plain words."""

import os
import signal
from typing import Any, Final, NamedTuple, cast

EXIT_OK: Final = 0
EXIT_ERROR: Final = 1
EXIT_INTERRUPTED: Final = 2
EXIT_KERNEL_DIED: Final = 3
EXIT_FAULT: Final = 70

EXIT_CODES: Final = {
    "ok": EXIT_OK,
    "error": EXIT_ERROR,
    "interrupted": EXIT_INTERRUPTED,
    "kernel-died": EXIT_KERNEL_DIED,
}


class Ending(NamedTuple):
    """``outcome`` as in the result frame, ``reason`` one word for programs, ``message`` for people."""

    outcome: str
    reason: str = ""
    message: str = ""


INTERRUPTED: Final = Ending("interrupted", "interrupt", "The job was interrupted.")
STOPPED: Final = Ending("interrupted", "stop", "The job was stopped.")
TIME_UP: Final = Ending("interrupted", "time", "The job reached its time limit and was stopped.")


def death(status: int, oom_kills: int, memory_limit: int | None) -> Ending:
    """Why the kernel process is gone, from its wait status."""
    if os.WIFEXITED(status):
        code = os.WEXITSTATUS(status)
        text = f"The Python process ended itself with exit code {code} (os._exit or the like). The job stops here."
        return Ending("kernel-died", "exit", text)
    number = os.WTERMSIG(status)
    if number == signal.SIGKILL and oom_kills > 0:
        limit = f"its limit of {memory_limit // 1_048_576} MiB" if memory_limit else "all the memory of the machine"
        return Ending("kernel-died", "memory", f"The job used more memory than {limit} and was stopped.")
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    return Ending("kernel-died", "signal", f"The Python process was ended by {name}. The job stops here.")


def error_of(ending: Ending) -> dict[str, Any]:
    """The ending as content of an ``error`` message, for the notebook."""
    ename = "MemoryLimitReached" if ending.reason == "memory" else "KernelDied"
    return {"ename": ename, "evalue": ending.message, "traceback": [f"{ename}: {ending.message}"]}


def in_plain_words(content: dict[str, Any]) -> dict[str, Any]:
    """An ``error`` message of the kernel; those that a student cannot understand are put in plain words."""
    ename, evalue = str(content.get("ename", "")), str(content.get("evalue", ""))
    if ename == "SystemExit":
        return _error(ename, f"The cell left Python with exit({_exit_code(evalue)}). The job stops here.")
    if ename == "StdinNotImplementedError":
        return _error(ename, "A job has nobody at its keyboard, so input() cannot work here. Put the value into the cell.")
    lines: object = content.get("traceback")
    traceback = [str(line) for line in cast("list[object]", lines)] if isinstance(lines, list) else []
    return {"ename": ename, "evalue": evalue, "traceback": traceback}


def _exit_code(evalue: str) -> str:
    return "" if evalue in ("", "None") else evalue[:200]


def _error(ename: str, text: str) -> dict[str, Any]:
    return {"ename": ename, "evalue": text, "traceback": [f"{ename}: {text}"]}
