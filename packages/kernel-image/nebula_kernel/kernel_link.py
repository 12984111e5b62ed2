"""The runner's end of the kernel's sockets: requests out, messages in."""

import os
from typing import Any, Final

import zmq

from nebula_kernel.wire import Message, Wire

_RECONNECT_MS: Final = 5
_PORTS: Final = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}


def connection_of(directory: str, key: str) -> dict[str, Any]:
    """What kernel and runner both know: unix sockets in ``directory``, messages signed with ``key``."""
    return {"transport": "ipc", "ip": f"{directory}/k", "key": key, "signature_scheme": "hmac-sha256", **_PORTS}


class KernelLink:
    """Sockets to one kernel. Both are polled by the runner's loop."""

    def __init__(self, connection: dict[str, Any]) -> None:
        self._wire = Wire(str(connection["key"]).encode())
        self._context = zmq.Context(io_threads=1)
        self._prefix = f"ipc://{connection['ip']}-"
        self.shell = self._context.socket(zmq.DEALER)
        self.iopub = self._context.socket(zmq.SUB)
        self.iopub.subscribe(b"")
        for socket in (self.shell, self.iopub):
            socket.linger = 0
            socket.reconnect_ivl = _RECONNECT_MS
        self.shell.connect(f"{self._prefix}{_PORTS['shell_port']}")
        self.iopub.connect(f"{self._prefix}{_PORTS['iopub_port']}")

    def hide_sockets(self, directory: str) -> None:
        """Removes the sockets' names once both ends are joined, so that nothing else joins."""
        for name in os.listdir(directory):
            os.unlink(os.path.join(directory, name))
        os.rmdir(directory)

    def request(self, kind: str, content: dict[str, Any]) -> str:
        """Sends a request on the shell channel and gives its id."""
        identity, parts = self._wire.pack(kind, content)
        self.shell.send_multipart(parts)
        return identity

    def execute(self, code: str, *, silent: bool = False) -> str:
        """Asks for the execution of one cell."""
        content: dict[str, Any] = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self.request("execute_request", content)

    def receive(self, socket: "zmq.Socket[bytes]") -> Message | None:
        """The next message of a channel; None where none waits. Messages with a wrong signature are passed over."""
        while True:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return None
            message = self._wire.unpack(frames)
            if message is not None:
                return message

    def close(self) -> None:
        """Closes the sockets; what was not sent is dropped."""
        for socket in (self.shell, self.iopub):
            socket.close(0)
        self._context.term()
