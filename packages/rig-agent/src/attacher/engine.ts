import { request, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/*
 * The few calls of the container engine's API that the attacher makes, over its unix socket. It stands beside the agent's full
 * client because the attacher starts once per attempt: loading that client takes longer than starting the container's process.
 */

/** The engine refused a call. */
export class EngineRefused extends Error {
  readonly status: number;

  constructor(call: string, status: number, answer: string) {
    super(`The container engine answered ${call} with ${String(status)}: ${answer.slice(0, 400)}`);
    this.name = "EngineRefused";
    this.status = status;
  }
}

interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer); // No encoding is set, so parts are buffers.
  return Buffer.concat(parts).toString("utf8");
}

function messageOf(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null && "message" in answer) return String(answer.message);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return text;
}

export interface ContainerEnd {
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

/** The engine, for one container. */
export class Engine {
  readonly #socketPath: string;
  /** The engine's clock in unix seconds, as its last answer told it. */
  #clock = 0;
  #startedAt = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Creates the container and gives its id. */
  async create(name: string, options: unknown): Promise<string> {
    const answer = await this.#json({
      method: "POST",
      path: `/containers/create?name=${encodeURIComponent(name)}`,
      body: options,
    });
    return (answer as { Id: string }).Id; // The engine's API: 201 carries the id.
  }

  /** Standard input, output and error of the container as one stream; to be called before `start`, or the first bytes are lost. */
  async attach(id: string): Promise<Duplex> {
    const path = `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`;
    return new Promise((resolve, reject) => {
      const call = request({
        socketPath: this.#socketPath,
        method: "POST",
        path,
        headers: { connection: "Upgrade", upgrade: "tcp" },
      });
      call.once("upgrade", (_response, socket: Duplex, head: Buffer) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      call.once("response", (response) => {
        textOf(response).then(
          (text) => reject(new EngineRefused("attach", response.statusCode ?? 0, messageOf(text))),
          reject,
        );
      });
      call.once("error", reject);
      call.end();
    });
  }

  async start(id: string): Promise<void> {
    this.#startedAt = this.#clock;
    await this.#json({ method: "POST", path: `/containers/${id}/start` });
  }

  /** Waits for the next end of the container. Resolves outward once the engine has begun to wait, inward with the end. */
  async nextExit(id: string): Promise<{ readonly ended: Promise<void> }> {
    const response = await this.#call({ method: "POST", path: `/containers/${id}/wait?condition=next-exit` });
    if (response.statusCode !== 200)
      throw new EngineRefused("wait", response.statusCode ?? 0, messageOf(await textOf(response)));
    return { ended: textOf(response).then(() => undefined) };
  }

  /** How the container ended; null while it runs. */
  async end(id: string): Promise<ContainerEnd | null> {
    const answer = (await this.#json({ method: "GET", path: `/containers/${id}/json` })) as {
      State: { Running: boolean; ExitCode: number; OOMKilled: boolean };
    };
    return answer.State.Running
      ? null
      : { exitCode: answer.State.ExitCode, oomKilled: answer.State.OOMKilled };
  }

  async signal(id: string, signal: string): Promise<void> {
    await this.#json({ method: "POST", path: `/containers/${id}/kill?signal=${signal}` });
  }

  /** Whether somebody sent the container a signal through the engine since it was started. */
  async wasSignalled(id: string): Promise<boolean> {
    const filters = encodeURIComponent(JSON.stringify({ container: [id], event: ["kill"] }));
    // The engine's clock counts in whole seconds here: it answers once the second after the end is over.
    const span = `since=${String(this.#startedAt - 1)}&until=${String(this.#clock + 1)}`;
    return (
      (await textOf(await this.#call({ method: "GET", path: `/events?${span}&filters=${filters}` }))).trim()
        .length > 0
    );
  }

  async #json(call: Call): Promise<unknown> {
    const response = await this.#call(call);
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300)
      throw new EngineRefused(`${call.method} ${call.path.split("?")[0] ?? ""}`, status, messageOf(text));
    return text === "" ? null : JSON.parse(text);
  }

  #call(call: Call): Promise<IncomingMessage> {
    const body = call.body === undefined ? "" : JSON.stringify(call.body);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { socketPath: this.#socketPath, method: call.method, path: call.path, headers },
        (response) => {
          this.#clock = Math.floor(Date.parse(response.headers.date ?? "") / 1000) || this.#clock;
          resolve(response);
        },
      );
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  }
}
