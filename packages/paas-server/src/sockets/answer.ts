import { ERROR_CODES, errorOf, NebulaError, type ErrorCode, type Reply } from "@nebula/protocol";
import type { Logger } from "../app/ports.ts";

/** What a peer is answered: the value of `work`, or the code that says why not. Faults of ours are logged and not told. */
export async function answerOf<Value>(log: Logger, work: () => Promise<Value>): Promise<Reply<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return refusalOf(log, error);
  }
}

/** An error as a refusal on the wire. */
export function refusalOf(log: Logger, error: unknown): Reply<never> {
  if (error instanceof NebulaError) return { ok: false, code: error.code, message: error.message };
  log.error({ err: error }, "message failed");
  return { ok: false, code: "INTERNAL", message: "The server failed to handle this message" };
}

/** The error with which a handshake is refused: its code travels as socket.io's middleware errors do, in `data`. */
export function handshakeError(log: Logger, error: unknown): Error {
  const refusal = refusalOf(log, error);
  const { code, message } = refusal.ok ? { code: "INTERNAL", message: "" } : refusal;
  return Object.assign(new Error(message), { data: { code } });
}

/** The value of a peer's answer. Throws the error that its code stands for. */
export function valueOf<Value>(reply: Reply<Value>): Value {
  if (reply.ok) return reply.value;
  const isKnown = Object.hasOwn(ERROR_CODES, reply.code);
  throw errorOf(isKnown ? (reply.code as ErrorCode) : "INTERNAL", reply.message); // checked by hasOwn
}
