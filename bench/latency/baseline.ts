import { spawn } from "node:child_process";

/**
 * What a container with the same limits costs without us: `docker run` of the same image, which starts ipykernel over unix
 * sockets, runs the cell, prints its output and ends. Read by the interpreter from its command line.
 */
const SCRIPT = `
import sys
from jupyter_client.manager import KernelManager
manager = KernelManager(transport="ipc", kernel_name="python3")
manager.kernel_spec_manager.ensure_native_kernel = True
manager.start_kernel()
client = manager.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=60)
def show(message):
    if message["msg_type"] == "stream":
        sys.stdout.write(message["content"]["text"]); sys.stdout.flush()
client.execute_interactive(sys.argv[1], output_hook=show)
client.stop_channels()
manager.shutdown_kernel(now=True)
`;

const LIMITS = [
  ...[
    "--network",
    "none",
    "--read-only",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "--pids-limit",
    "512",
  ],
  ...["--memory", "2048m", "--memory-swap", "2048m", "--cpus", "1", "--user", "20000:20000"],
  ...[
    "--tmpfs",
    "/tmp:rw,nosuid,nodev,size=512m,mode=1777",
    "--tmpfs",
    "/job:rw,nosuid,nodev,size=512m,mode=1777",
  ],
  ...[
    "-e",
    "HOME=/job",
    "-e",
    "JUPYTER_RUNTIME_DIR=/tmp/r",
    "-e",
    "IPYTHONDIR=/tmp/i",
    "-e",
    "PYDEVD_DISABLE_FILE_VALIDATION=1",
  ],
  ...["-e", "OMP_NUM_THREADS=1", "-e", "OPENBLAS_NUM_THREADS=1", "-w", "/tmp", "--log-driver", "none"],
];

export interface PlainRun {
  /** Milliseconds from the start of `docker run` to the first byte of the cell's output. */
  readonly firstOutputMs: number;
  /** To the end of the container. */
  readonly wholeMs: number;
}

/** Runs one cell the plain way. Throws when nothing was printed or the container failed. */
export function plainRun(image: string, source: string): Promise<PlainRun> {
  const start = performance.now();
  const child = spawn(
    "docker",
    ["run", "--rm", ...LIMITS, "--entrypoint", "/usr/bin/python3", image, "-c", SCRIPT, source],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const { promise, resolve, reject } = Promise.withResolvers<PlainRun>();
  let firstOutputMs: number | null = null;
  let complaint = "";
  child.stdout.on("data", () => (firstOutputMs ??= performance.now() - start));
  child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
  child.once("error", reject);
  child.once("close", (code) => {
    if (code === 0 && firstOutputMs !== null) resolve({ firstOutputMs, wholeMs: performance.now() - start });
    else reject(new Error(`docker run ended with status ${String(code)}: ${complaint.slice(-2_000)}`));
  });
  return promise;
}
