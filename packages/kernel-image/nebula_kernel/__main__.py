"""Entry of the container: ``python3 -m nebula_kernel``."""

import os
import sys
import traceback

from nebula_kernel import environment, processes
from nebula_kernel.document import DocumentError
from nebula_kernel.endings import EXIT_FAULT


def main() -> int:
    """Runs one job and gives the exit code."""
    home = os.environ.get("NEBULA_HOME", "/job")
    processes.forbid_inspection()
    environment.prepare(home)
    from nebula_kernel.run import Runner, RunnerError

    try:
        return Runner(home, 0, 1).run()
    except (RunnerError, DocumentError, BrokenPipeError) as error:
        sys.stderr.write(f"nebula-kernel: {error}\n")
    except Exception:  # whatever it is: the exit code must say that the runner failed, not the student's code
        traceback.print_exc()
    return EXIT_FAULT


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
