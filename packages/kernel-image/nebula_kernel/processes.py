"""Processes of the job: the kernel is forked, everything is reaped, and nothing outlives the end."""

import ctypes
import fcntl
import os
import signal
import time
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

_PR_SET_DUMPABLE: Final = 4
_F_SETPIPE_SZ: Final = 1031
_PIPE_BYTES: Final = 1024 * 1024
_REAP_S: Final = 5.0


class Child(NamedTuple):
    """The kernel process and the ends of its output that the runner reads."""

    pid: int
    stdout: int
    stderr: int


def forbid_inspection() -> None:
    """Closes ``/proc/PID/fd`` and ptrace of this process to processes of the same user."""
    _set_dumpable(0)


def fork_kernel(run: Callable[[], NoReturn]) -> Child:
    """Runs ``run`` in a new process in a session of its own. It inherits no descriptor of the runner but fresh 0, 1, 2."""
    out_read, out_write = _pipe()
    err_read, err_write = _pipe()
    pid = os.fork()
    if pid == 0:
        _become_kernel(out_write, err_write)
        run()
    os.close(out_write)
    os.close(err_write)
    for fd in (out_read, err_read):
        os.set_blocking(fd, False)
    return Child(pid, out_read, err_read)


def reap() -> dict[int, int]:
    """Exit statuses, as ``waitpid`` gives them, of children that have ended, by process id."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def end_all(kernel: int) -> None:
    """Kills the kernel and, as process 1 of a container, every other process; gives up after five seconds."""
    deadline = time.monotonic() + _REAP_S
    while time.monotonic() < deadline:
        _kill(kernel)
        reap()
        if not _has_children():
            return
        time.sleep(0.005)


def _kill(kernel: int) -> None:
    try:
        if os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)
        else:
            os.killpg(kernel, signal.SIGKILL)
    except OSError:
        return


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    try:
        fcntl.fcntl(read, _F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:  # over the host's limit for pipes: the default size works, only slower
        pass
    return read, write


def _become_kernel(out_write: int, err_write: int) -> None:
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (out_write, 1), (err_write, 2)):
        os.dup2(source, target)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    _set_dumpable(1)
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:  # only a hint: without it the runner might be chosen when memory runs out
        pass


def _set_dumpable(value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")
