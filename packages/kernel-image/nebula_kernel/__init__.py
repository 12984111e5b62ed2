"""The two calls a notebook may use inside a job: ``progress`` and ``checkpoint``.

Outside a job both still work, so that a cell runs unchanged on a local kernel: ``progress`` prints a line and
``checkpoint`` does nothing.
"""

from nebula_kernel.calls import checkpoint, progress

__all__ = ["checkpoint", "progress"]
