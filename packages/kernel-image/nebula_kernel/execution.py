"""The cells of one job, one after the other: which one runs, and what its messages mean.

waiting ── begin ──▶ running(cell 0) ──▶ … ──▶ running(cell n) ──▶ ended
                          └── error, exit, interrupt, death ──────────▲
"""

from typing import Any, Final, cast

from nebula_kernel.document import Cell, Job
from nebula_kernel.endings import Ending, error_of, in_plain_words
from nebula_kernel.frames import FrameWriter
from nebula_kernel.kernel_link import KernelLink
from nebula_kernel.output import Output
from nebula_kernel.wire import Message

_DISPLAY_ID_MAX: Final = 1_000
_DISPLAYS: Final = {"display_data": "display", "execute_result": "display", "update_display_data": "update_display"}


class Execution:
    """Runs the cells of ``job`` through one kernel. ``ending`` is set once no cell will run any more."""

    def __init__(self, job: Job, link: KernelLink, writer: FrameWriter, output: Output) -> None:
        self._job = job
        self._link = link
        self._writer = writer
        self._output = output
        self._index = -1
        self._request = ""
        self._reply: dict[str, Any] | None = None
        self._is_idle = False
        self._is_executing = False
        self._showed_error = False
        self._interrupt: Ending | None = None
        self.ending: Ending | None = None

    @property
    def cell(self) -> Cell | None:
        """The running cell, or the last one that ran."""
        return self._job.cells[self._index] if 0 <= self._index < len(self._job.cells) else None

    @property
    def can_interrupt(self) -> bool:
        """True while an interrupt reaches the code of a cell."""
        return self._is_executing and not self._is_idle

    def begin(self) -> None:
        """Starts the first cell."""
        self._next()

    def interrupt(self, ending: Ending) -> None:
        """No further cell starts; the job ends so when the running one has ended."""
        self._interrupt = self._interrupt or ending

    def died(self, ending: Ending) -> None:
        """The kernel is gone."""
        if self._interrupt is None:
            self._output.frame("error", error_of(ending))
        self.ending = self._interrupt or ending

    def on_iopub(self, message: Message) -> None:
        """Takes one message of the kernel's public channel."""
        kind, content = message.type, message.content
        if kind in _DISPLAYS:
            self._display(kind, content)
        elif kind == "clear_output":
            self._output.frame("clear_output", {"wait": bool(content.get("wait"))})
        elif kind == "error":
            self._showed_error = self._showed_error or message.parent == self._request
            self._output.frame("error", in_plain_words(content))
        elif message.parent == self._request:
            self._on_state(kind, content)

    def on_reply(self, message: Message) -> None:
        """Takes one message of the kernel's shell channel."""
        if message.type == "execute_reply" and message.parent == self._request:
            self._reply = message.content
            self._settle()

    def _on_state(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "execute_input":
            self._is_executing = True
            self._status("cell-started", content.get("execution_count"))
        elif kind == "status" and content.get("execution_state") == "idle":
            self._is_idle = True
            self._settle()

    def _display(self, kind: str, content: dict[str, Any]) -> None:
        shown = {"data": _object(content.get("data")), "metadata": _object(content.get("metadata"))}
        identity = _object(content.get("transient")).get("display_id")
        if isinstance(identity, str) and len(identity) <= _DISPLAY_ID_MAX:
            shown["transient"] = {"display_id": identity}
        if kind == "update_display_data":
            self._output.frame("update_display", {"transient": {}, **shown})
            return
        fields: dict[str, Any] = {"kind": kind}
        if kind == "execute_result":
            fields["executionCount"] = _count(content.get("execution_count"))
        self._output.frame("display", shown, fields)

    def _settle(self) -> None:
        """Goes on to the next cell when the kernel has both answered and become idle."""
        cell = self.cell
        if self._reply is None or not self._is_idle or cell is None:
            return
        is_error = self._reply.get("status") == "error"
        if is_error and not self._showed_error:
            self._output.frame("error", in_plain_words(self._reply))
        self._output.flush(final=True)
        self._status("cell-finished", self._reply.get("execution_count"))
        if self._interrupt is not None:
            self.ending = self._interrupt
        elif is_error and not cell.may_raise:
            self.ending = Ending("error", "exception", f"{self._reply.get('ename', 'An error')} in a cell.")
        else:
            self._next()

    def _next(self) -> None:
        if self._interrupt is not None or self._index + 1 >= len(self._job.cells):
            self.ending = self._interrupt or Ending("ok")
            return
        self._index += 1
        cell = self._job.cells[self._index]
        self._output.begin(cell.id)
        self._reply, self._is_idle, self._is_executing, self._showed_error = None, False, False, False
        self._request = self._link.execute(cell.source)

    def _status(self, state: str, count: object) -> None:
        cell = self.cell
        self._writer.write("status", 0, {"state": state, "cell": cell.id if cell else None, "executionCount": _count(count)})


def _object(value: object) -> dict[str, Any]:
    """The value where it is an object. What comes from the kernel may be anything: user code shares its process."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
