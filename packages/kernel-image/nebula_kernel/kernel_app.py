"""ipykernel as a job needs it: one client over unix sockets, messages in order with printed text, exit in plain words."""

# ipykernel and jupyter_client give only part of their types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportOptionalMemberAccess=false

import os
import sys
from collections.abc import Collection
from typing import Any, NoReturn, Protocol

import zmq
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from nebula_kernel.channel import SYNC_FIELD


class Syncing(Protocol):
    """What the session needs of the stream: a sync point after everything printed so far."""

    def sync(self) -> int: ...


class OrderedSession(Session):
    """A session that says, with each message a viewer sees, after which printed text it belongs."""

    def __init__(self, link: Syncing, ordered: Collection[str]) -> None:
        super().__init__(username="nebula")
        self._link = link
        self._ordered = ordered
        self._owner = os.getpid()

    def send(self, stream: Any, msg_or_type: Any, *args: Any, **kwargs: Any) -> Any:
        kind = msg_or_type["header"]["msg_type"] if isinstance(msg_or_type, dict) else msg_or_type
        content = args[0] if args else kwargs.get("content")
        is_idle = kind == "status" and (content or {}).get("execution_state") == "idle"
        if os.getpid() != self._owner:
            return _leave_fork(kind, is_idle)
        if kind in self._ordered or is_idle:
            self._add_sync(msg_or_type, kwargs)
        return super().send(stream, msg_or_type, *args, **kwargs)

    def _add_sync(self, msg_or_type: Any, kwargs: dict[str, Any]) -> None:
        mark = {SYNC_FIELD: self._link.sync()}
        if isinstance(msg_or_type, dict):
            msg_or_type["metadata"] = {**msg_or_type["metadata"], **mark}
        else:
            kwargs["metadata"] = {**(kwargs.get("metadata") or {}), **mark}


def _leave_fork(kind: str, is_idle: bool) -> None:
    """A process that the cell forked ends with its cell: it must not answer for the kernel or share its sockets."""
    if is_idle or kind.endswith("_reply"):
        os._exit(0)


class KernelApp(IPKernelApp):
    """The kernel application without what nobody uses here: heartbeat, connection file, history on disk."""

    def init_heartbeat(self) -> None:
        self.heartbeat = None

    def write_connection_file(self, **kwargs: Any) -> None:
        pass

    def init_io(self) -> None:
        """Leaves stdout and stderr as they are: the runner reads them itself."""
        self.displayhook = import_item(str(self.displayhook_class))(self.session, self.iopub_socket)
        sys.displayhook = self.displayhook

    def init_sockets(self) -> None:
        super().init_sockets()
        # A slow reader makes the kernel wait; without this ZeroMQ drops what does not fit.
        self.iopub_thread.socket.setsockopt(zmq.XPUB_NODROP, 1)

    def init_shell(self) -> None:
        super().init_shell()
        self.shell.user_ns.update(exit=_leave, quit=_leave)

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        self.update_config(
            Config(
                HistoryManager={"enabled": False, "hist_file": ":memory:"},
                InteractiveShell={"history_load_length": 0},
            )
        )


def _leave(code: object = None) -> NoReturn:
    """Ends the job here."""
    raise SystemExit(code)
