"""Limits and use of the container, read from its control group (version 1 or 2)."""

import math
import os
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path("/sys/fs/cgroup")
_UNLIMITED: Final = 1 << 60


class Usage(NamedTuple):
    """CPU time in milliseconds and memory in bytes, since the container started."""

    cpu_ms: int
    memory_bytes: int
    memory_peak_bytes: int


class Cgroup:
    """The control group as seen from inside the container. A missing file reads as zero or as no limit."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._is_v2 = (root / "cgroup.controllers").exists()

    def cpu_quota(self) -> int:
        """CPUs that the container may use, at least 1."""
        if self._is_v2:
            quota, _, period = self._text("cpu.max").partition(" ")
        else:
            quota, period = self._text("cpu/cpu.cfs_quota_us"), self._text("cpu/cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(period) > 0:
            return max(1, math.ceil(int(quota) / int(period)))
        return max(1, len(os.sched_getaffinity(0)))

    def memory_limit(self) -> int | None:
        """Bytes of memory that the container may use; None where there is no limit."""
        text = self._text("memory.max" if self._is_v2 else "memory/memory.limit_in_bytes")
        return int(text) if text.isdigit() and int(text) < _UNLIMITED else None

    def oom_kills(self) -> int:
        """Processes of this container that the kernel has killed because memory ran out."""
        return self._field("memory.events" if self._is_v2 else "memory/memory.oom_control", "oom_kill")

    def usage(self) -> Usage:
        """What the container has used so far."""
        if self._is_v2:
            current, peak = self._number("memory.current"), self._number("memory.peak")
            cache = self._field("memory.stat", "inactive_file")
            cpu_ms = self._field("cpu.stat", "usage_usec") // 1_000
        else:
            current = self._number("memory/memory.usage_in_bytes")
            peak = self._number("memory/memory.max_usage_in_bytes")
            cache = self._field("memory/memory.stat", "total_inactive_file")
            cpu_ms = self._number("cpuacct/cpuacct.usage") // 1_000_000
        return Usage(cpu_ms, max(0, current - cache), max(peak, current))

    def _text(self, name: str) -> str:
        try:
            return (self._root / name).read_text().strip()
        except OSError:
            return ""

    def _number(self, name: str) -> int:
        text = self._text(name)
        return int(text) if text.isdigit() else 0

    def _field(self, name: str, key: str) -> int:
        for line in self._text(name).splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == key and words[1].isdigit():
                return int(words[1])
        return 0
