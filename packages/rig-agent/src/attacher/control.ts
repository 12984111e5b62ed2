import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { ATTEMPT_FILES, type AttacherCommand, type AttacherNotice } from "./records.ts";

/** The attacher's end of the socket over which agents, one after another, follow and steer the run. */
export class Control {
  readonly #server: Server;
  readonly #agents = new Set<Socket>();
  readonly #snapshot: () => AttacherNotice;
  readonly #onCommand: (command: AttacherCommand) => void;
  #isProgressDue = false;

  constructor(options: { snapshot: () => AttacherNotice; onCommand: (command: AttacherCommand) => void }) {
    this.#snapshot = options.snapshot;
    this.#onCommand = options.onCommand;
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  /** Resolves once agents can connect. */
  async listen(): Promise<void> {
    rmSync(ATTEMPT_FILES.control, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(ATTEMPT_FILES.control, resolve);
    });
  }

  send(notice: AttacherNotice): void {
    const line = `${JSON.stringify(notice)}\n`;
    for (const agent of this.#agents) agent.write(line);
  }

  /** Tells how far the run is; at most once per turn of the event loop. */
  progress(): void {
    if (this.#isProgressDue) return;
    this.#isProgressDue = true;
    setImmediate(() => {
      this.#isProgressDue = false;
      this.send(this.#snapshot());
    });
  }

  /** Sends the last notice and lets the process end. */
  close(last: AttacherNotice): void {
    for (const agent of this.#agents) agent.end(`${JSON.stringify(last)}\n`);
    this.#server.close();
  }

  #welcome(socket: Socket): void {
    let rest = "";
    this.#agents.add(socket);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#onCommand(JSON.parse(line) as AttacherCommand); // Only the agent's user can reach the socket.
    });
    // An agent that is killed takes nothing with it.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#agents.delete(socket));
    socket.write(`${JSON.stringify(this.#snapshot())}\n`);
  }
}
