import type { Client } from "@nebula/client";
import type { TranscriptEvent } from "@nebula/protocol";
import type { Campus } from "./campus.ts";
import { containersOf, docker } from "./containers.ts";
import { aSpec, submit, untilEvent, watchToEnd } from "./jobs.ts";

/** Python that says "at the gate" and goes on when the test opens it. */
export const GATE = `
import os, time
print("at the gate", flush=True)
while not os.path.exists("/job/open"): time.sleep(0.02)
`;

/** A job whose cell stands at its gate. */
export interface Gate {
  readonly attempt: string;
  /** Id of the container. */
  readonly container: string;
  /** Lets the cell go on. */
  open(): Promise<void>;
}

/** Waits until the cell of a job stands at its gate, in its first attempt or another. */
export async function untilAtGate(
  campus: Campus,
  client: Client,
  { id, no = 1 }: { readonly id: string; readonly no?: number },
): Promise<Gate> {
  const isThere = ({ frame, attemptNo }: TranscriptEvent): boolean =>
    attemptNo === no && frame.t === "stream" && frame.content.text.includes("at the gate");
  await untilEvent(client, id, isThere);
  const sql = "select id from attempt where job = $1 and no = $2";
  const [attempt] = await campus.database.query<{ id: string }>(sql, [id, no]);
  const [container] = await containersOf("attempt", attempt?.id ?? "");
  if (attempt === undefined || container === undefined) throw new Error(`job ${id} has no container`);
  const open = async (): Promise<void> => {
    await docker("exec", container, "touch", "/job/open");
  };
  return { attempt: attempt.id, container, open };
}

/** Fills every slot of the campus with a job at its gate. Disposing lets them go on and waits for their end. */
export async function fillSlots(campus: Campus, client: Client): Promise<AsyncDisposable> {
  const slots = await campus.database.query("select 1 from slot");
  const jobs = await Promise.all(slots.map(() => submit(client, aSpec(GATE))));
  const gates = await Promise.all(jobs.map(({ id }) => untilAtGate(campus, client, { id })));
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(gates.map((gate) => gate.open()));
      await Promise.all(jobs.map(({ id }) => watchToEnd(client, id)));
    },
  };
}
