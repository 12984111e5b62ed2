"""Folders and environment of the job, before the kernel starts."""

import os
from typing import Final

from nebula_kernel.cgroup import Cgroup

_FONTS: Final = "/usr/local/share/nebula/matplotlib"
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "PJRT_NPROC", "NPROC")


def prepare(home: str) -> None:
    """Makes ``work`` and ``out`` and sets what libraries read. A value that is set already stays."""
    for name in ("work", "out", ".cache"):
        os.makedirs(os.path.join(home, name), exist_ok=True)
    cpus = Cgroup().cpu_quota()
    os.environ["HOME"] = home
    for name, value in _defaults(home, cpus).items():
        os.environ.setdefault(name, value)
    _hand_out_fonts(os.path.join(home, ".cache", "matplotlib"))


def _hand_out_fonts(target: str) -> None:
    """Copies the list of fonts made with the image; without it Matplotlib's first import searches for seconds."""
    if not os.path.isdir(_FONTS):
        return
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(_FONTS):
        with open(os.path.join(_FONTS, name), "rb") as source, open(os.path.join(target, name), "wb") as copy:
            copy.write(source.read())


def _defaults(home: str, cpus: int) -> dict[str, str]:
    """Libraries that count the cores of the host would start a thread for each: they get the container's quota."""
    threads = dict.fromkeys(_THREADS, str(cpus))
    return {
        **threads,
        "XLA_FLAGS": _xla_flags(cpus, has_gpu=os.path.exists("/dev/nvidiactl")),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": os.path.join(home, ".cache", "matplotlib"),
        "IPYTHONDIR": os.path.join(home, ".cache", "ipython"),
        "JUPYTER_RUNTIME_DIR": os.path.join(home, ".cache", "jupyter"),
        "XDG_CACHE_HOME": os.path.join(home, ".cache"),
        "KERAS_HOME": os.path.join(home, ".cache", "keras"),
        "TQDM_MININTERVAL": "0.1",
    }


def _xla_flags(cpus: int, *, has_gpu: bool) -> str:
    """On a CPU, compiling is most of what a small model waits for: less optimizing halves it, and runs as fast."""
    eigen = f"--xla_cpu_multi_thread_eigen={'true' if cpus > 1 else 'false'}"
    return eigen if has_gpu else f"{eigen} --xla_backend_optimization_level=1"
