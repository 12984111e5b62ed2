"""One running kernel: its process, its sockets and its output."""

import os
import secrets
import tempfile
from collections.abc import Callable
from typing import NoReturn

from nebula_kernel import channel, processes
from nebula_kernel.channel import Record
from nebula_kernel.kernel_link import KernelLink, connection_of
from nebula_kernel.pump import Pump
from nebula_kernel.wire import Message


class Kernel:
    """Starts ipykernel in a process of its own. ``info`` is empty until it answers."""

    def __init__(self, folder: str, on_text: Callable[[str, bytes], None], on_record: Callable[[Record], None]) -> None:
        directory = tempfile.mkdtemp(prefix="nebula-")
        connection = connection_of(directory, secrets.token_hex(16))
        mark = channel.new_mark()

        def run() -> NoReturn:
            from nebula_kernel.kernel_process import run_kernel

            os.chdir(folder)
            run_kernel(connection, directory, mark)

        self._directory = directory
        child = processes.fork_kernel(run)
        self.pid = child.pid
        self.pump = Pump((child.stdout, child.stderr), mark, on_text, on_record)
        self.link = KernelLink(connection)
        self.link.request("kernel_info_request", {})
        self.info: dict[str, str] = {}
        self._is_subscribed = False
        self.status: int | None = None

    @property
    def is_ready(self) -> bool:
        """True once the kernel answers and its messages reach us."""
        return bool(self.info) and self._is_subscribed

    def greet(self, message: Message) -> None:
        """Takes a message that came before a job ran; once the kernel is ready, further ones mean nothing."""
        if self.is_ready:
            return
        if message.type == "iopub_welcome":
            self._is_subscribed = True
        elif message.type == "kernel_info_reply":
            content = message.content
            name = f"{content.get('implementation', '')} {content.get('implementation_version', '')}"
            self.info = {"kernel": name, "python": str(content.get("language_info", {}).get("version", ""))}
        if self.is_ready:
            self.link.hide_sockets(self._directory)

    def signal(self, number: int) -> None:
        """Sends a signal to the kernel process alone."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return
