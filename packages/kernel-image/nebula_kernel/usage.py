"""Reports of CPU and memory use, each second while something changes, else every five."""

from typing import Final

from nebula_kernel.cgroup import Cgroup, Usage
from nebula_kernel.frames import FrameWriter
from nebula_kernel.output import Output

EVERY_S: Final = 1.0
_QUIET_S: Final = 5.0
_CPU_MS_NOTICED: Final = 100
_MEMORY_NOTICED: Final = 4 * 1024 * 1024


class UsageMeter:
    """Writes ``usage`` frames, and a note where memory ran out in a process that was not the kernel itself."""

    def __init__(self, cgroup: Cgroup, writer: FrameWriter, output: Output) -> None:
        self._cgroup = cgroup
        self._writer = writer
        self._output = output
        self._next_at = 0.0
        self._shown_at = 0.0
        self._shown = Usage(0, 0, 0)
        self._kills = cgroup.oom_kills()

    def due_in(self, now: float) -> float:
        """Seconds until the next look."""
        return max(0.0, self._next_at - now)

    def look(self, now: float) -> None:
        """Reports where it is time to and something changed."""
        if now < self._next_at:
            return
        self._next_at = now + EVERY_S
        self._note_kills()
        usage = self._cgroup.usage()
        if now - self._shown_at >= _QUIET_S or self._is_noticeable(usage):
            self._shown, self._shown_at = usage, now
            self.write(usage)

    def write(self, usage: Usage | None = None) -> None:
        """Writes one frame."""
        now = usage or self._cgroup.usage()
        fields = {"cpuMs": now.cpu_ms, "memoryBytes": now.memory_bytes, "memoryPeakBytes": now.memory_peak_bytes}
        self._writer.write("usage", 0, fields)

    def _is_noticeable(self, usage: Usage) -> bool:
        is_cpu = usage.cpu_ms - self._shown.cpu_ms >= _CPU_MS_NOTICED
        return is_cpu or abs(usage.memory_bytes - self._shown.memory_bytes) >= _MEMORY_NOTICED

    def _note_kills(self) -> None:
        kills = self._cgroup.oom_kills()
        if kills > self._kills:
            limit = self._cgroup.memory_limit()
            size = f" ({limit // 1_048_576} MiB)" if limit else ""
            text = f"\n[nebula] A process of this job was ended because the memory limit{size} was reached.\n"
            self._output.text("stderr", text.encode())
        self._kills = kills
