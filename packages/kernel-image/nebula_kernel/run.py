"""The runner: process 1 of the container. One loop, one thread; it never waits for user code.

Invariants: only this process writes to its stdout; the result frame is the last one; memory does not grow with output.
"""

import json
import math
import os
import signal
import time
from typing import Final

import zmq

from nebula_kernel import processes
from nebula_kernel.cgroup import Cgroup
from nebula_kernel.channel import SYNC_FIELD
from nebula_kernel.document import Job
from nebula_kernel.endings import EXIT_CODES, INTERRUPTED, STOPPED, TIME_UP, Ending, death
from nebula_kernel.execution import Execution
from nebula_kernel.frames import FrameWriter
from nebula_kernel.intake import Intake
from nebula_kernel.kernel import Kernel
from nebula_kernel.output import Output
from nebula_kernel.reports import Reports
from nebula_kernel.signals import Signals
from nebula_kernel.usage import UsageMeter
from nebula_kernel.wire import Message

_TICK_S: Final = 1.0
_GRACE_S: Final = 5.0
_LAST_WORDS_MS: Final = 20
_READER_S: Final = 5.0


class RunnerError(Exception):
    """The runner cannot do its work; the job itself is not at fault."""


class Runner:
    """One job from start to result. ``run`` gives the exit code."""

    def __init__(self, home: str, stdin: int, stdout: int) -> None:
        self._writer = FrameWriter(stdout)
        self._output = Output(self._writer, time.monotonic)
        self._reports = Reports(home, self._writer, self._output, time.monotonic)
        self._cgroup = Cgroup()
        self._usage = UsageMeter(self._cgroup, self._writer, self._output)
        self._intake = Intake(stdin)
        self._signals = Signals()
        self._signals.open()
        self._kernel = Kernel(os.path.join(home, "work"), self._output.text, self._reports.take)
        self._job: Job | None = None
        self._execution: Execution | None = None
        self._is_interrupt_owed = False
        self._started_at = 0.0
        self._kill_at: float | None = None
        self._ending: Ending | None = None

    def run(self) -> int:
        """Runs the job. The kernel starts while the document is still on its way."""
        while self._ending is None:
            self._turn()
        return self._finish(self._ending)

    def _turn(self) -> None:
        readable = self._wait()
        now = time.monotonic()
        self._take_signals(now)
        if self._intake.fd in readable:
            self._take_document(now)
        self._kernel.pump.pull(now)
        self._take_messages()
        self._look_at_clock(now)
        self._deliver_interrupt()
        self._writer.flush()
        if self._execution is not None and self._ending is None:
            self._ending = self._execution.ending

    def _wait(self) -> set[object]:
        poller = zmq.Poller()
        now = time.monotonic()
        fds = [*self._kernel.pump.readable(now), self._signals.fd, self._intake.fd]
        sockets = (self._kernel.link.shell, self._kernel.link.iopub)
        for readable in (*(fd for fd in fds if fd is not None), *sockets):
            poller.register(readable, zmq.POLLIN)
        waits = [_TICK_S, self._output.due_in(now), self._reports.due_in(now), self._kernel.pump.due_in(now)]
        if self._execution is not None:
            waits += [self._usage.due_in(now), self._clock_due_in(now)]
        timeout_s = min(wait for wait in waits if wait is not None)
        return {readable for readable, _ in poller.poll(math.ceil(timeout_s * 1000))}

    def _take_signals(self, now: float) -> None:
        for number in self._signals.take():
            if number == signal.SIGINT:
                self._interrupt(INTERRUPTED)
            elif number == signal.SIGTERM:
                self._interrupt(STOPPED)
                self._kill_at = now
            elif number == signal.SIGUSR1:
                self._reports.resend_checkpoints()
        status = processes.reap().get(self._kernel.pid)
        if status is not None:
            self._end_dead(status)

    def _interrupt(self, ending: Ending) -> None:
        if self._execution is None:
            self._ending = ending
            return
        self._execution.interrupt(ending)
        self._is_interrupt_owed = True

    def _take_document(self, now: float) -> None:
        job = self._intake.pull()
        if job is None:
            return
        self._job, self._started_at = job, now
        self._output.hide(job.secrets)
        if self._kernel.is_ready:
            self._begin(job)

    def _begin(self, job: Job) -> None:
        self._execution = Execution(job, self._kernel.link, self._writer, self._output)
        self._writer.write("status", 0, {"state": "running"})
        if job.env:
            code = f"__import__('os').environ.update({json.dumps(job.env)})"
            self._kernel.link.execute(code, silent=True)
        self._execution.begin()

    def _take_messages(self) -> None:
        link = self._kernel.link
        while (message := link.receive(link.iopub)) is not None:
            self._kernel.pump.reach(_sync_of(message))
            self._take_message(message)
        while (message := link.receive(link.shell)) is not None:
            if self._execution is not None:
                self._execution.on_reply(message)
            else:
                self._greet(message)

    def _take_message(self, message: Message) -> None:
        if self._execution is None:
            self._greet(message)
            return
        self._execution.on_iopub(message)

    def _deliver_interrupt(self) -> None:
        """An interrupt reaches user code only while a cell executes; until then it is owed."""
        if self._is_interrupt_owed and self._execution is not None and self._execution.can_interrupt:
            self._is_interrupt_owed = False
            self._kernel.signal(signal.SIGINT)

    def _greet(self, message: Message) -> None:
        was_ready = self._kernel.is_ready
        self._kernel.greet(message)
        if self._kernel.is_ready and not was_ready:
            self._writer.write("ready", 0, {"v": 1, **self._kernel.info})
            if self._job is not None:
                self._begin(self._job)

    def _clock_due_in(self, now: float) -> float | None:
        if self._kill_at is not None:
            return max(0.0, self._kill_at - now)
        limit_s = self._job.time_limit_ms / 1000 if self._job else 0
        return max(0.0, self._started_at + limit_s - now) if limit_s else None

    def _look_at_clock(self, now: float) -> None:
        self._output.flush_due(now)
        self._reports.flush_due(now)
        if self._execution is None or self._job is None:
            return
        self._usage.look(now)
        limit_s = self._job.time_limit_ms / 1000
        if limit_s and self._kill_at is None and now >= self._started_at + limit_s:
            self._interrupt(TIME_UP)
            self._kill_at = now + _GRACE_S
        if self._kill_at is not None and now >= self._kill_at and self._execution.ending is None:
            processes.end_all(self._kernel.pid)
            self._end_dead(signal.SIGKILL)

    def _end_dead(self, status: int) -> None:
        """The kernel process is gone: what it still said is taken, then the job ends."""
        if self._execution is None:
            self._kernel.pump.finish()
            self._output.flush(final=True)
            self._writer.flush()
            raise RunnerError("the kernel ended before it was ready")
        if self._execution.ending is None:
            while self._kernel.link.iopub.poll(_LAST_WORDS_MS):
                self._take_messages()
            self._kernel.pump.finish()
            self._execution.died(death(status, self._cgroup.oom_kills(), self._cgroup.memory_limit()))

    def _finish(self, ending: Ending) -> int:
        used_ms = int((time.monotonic() - self._started_at) * 1000) if self._job else 0
        processes.end_all(self._kernel.pid)
        self._kernel.pump.finish()
        self._output.flush(final=True)
        self._reports.flush()
        self._usage.write()
        collector = self._reports.collector
        collector.collect()
        state = "interrupted" if ending.outcome == "interrupted" else "finished"
        self._writer.write("status", 0, {"state": state})
        cell = self._execution.cell if self._execution else None
        result = {
            "outcome": ending.outcome,
            "cell": cell.id if cell else None,
            "reason": ending.reason,
            "message": ending.message,
            "usedMs": used_ms,
            "artefacts": [collector.sent[path] for path in sorted(collector.sent)],
            "artefactsSkipped": collector.skipped,
        }
        self._writer.write("result", 0, result)
        self._writer.flush()
        # An engine may drop what is still in the pipe when its container ends, so the reader says when it has all.
        self._intake.wait_for_end(_READER_S)
        return EXIT_CODES[ending.outcome]


def _sync_of(message: Message) -> int:
    value = message.metadata.get(SYNC_FIELD, 0)
    return value if isinstance(value, int) else 0
