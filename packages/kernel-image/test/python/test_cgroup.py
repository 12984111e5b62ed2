from pathlib import Path

from nebula_kernel.cgroup import Cgroup, Usage


def write_all(root: Path, files: dict[str, str]) -> Cgroup:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Cgroup(root)


def test_version_1_is_read(tmp_path: Path) -> None:
    group = write_all(
        tmp_path,
        {
            "cpu/cpu.cfs_quota_us": "150000\n",
            "cpu/cpu.cfs_period_us": "100000\n",
            "cpuacct/cpuacct.usage": "2500000000\n",
            "memory/memory.limit_in_bytes": "268435456\n",
            "memory/memory.usage_in_bytes": "1000\n",
            "memory/memory.max_usage_in_bytes": "5000\n",
            "memory/memory.stat": "cache 1\ntotal_inactive_file 300\n",
            "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        },
    )

    assert group.cpu_quota() == 2
    assert group.memory_limit() == 268_435_456
    assert group.oom_kills() == 2
    assert group.usage() == Usage(2_500, 700, 5_000)


def test_version_2_is_read(tmp_path: Path) -> None:
    group = write_all(
        tmp_path,
        {
            "cgroup.controllers": "cpu memory\n",
            "cpu.max": "100000 100000\n",
            "cpu.stat": "usage_usec 1234567\nuser_usec 1\n",
            "memory.max": "max\n",
            "memory.current": "900\n",
            "memory.peak": "950\n",
            "memory.stat": "inactive_file 100\n",
            "memory.events": "oom 3\noom_kill 1\n",
        },
    )

    assert group.cpu_quota() == 1
    assert group.memory_limit() is None
    assert group.oom_kills() == 1
    assert group.usage() == Usage(1_234, 800, 950)


def test_without_files_there_is_no_limit_and_no_use(tmp_path: Path) -> None:
    group = Cgroup(tmp_path)

    assert group.memory_limit() is None
    assert group.cpu_quota() >= 1
    assert group.usage() == Usage(0, 0, 0)
