import { newId } from "@nebula/protocol";
import type { RequestHandler, Response } from "express";
import type { Clock, Random } from "../app/ports.ts";

const HEADER = "x-request-id";

/** Gives every request an id, which its answer carries and the log knows. */
export function requestIds(clock: Clock, random: Random): RequestHandler {
  return (_request, response, next) => {
    response.set(
      HEADER,
      newId("message", clock.now(), (size) => random.bytes(size)),
    );
    next();
  };
}

/** Id of the request that a response answers. */
export function requestIdOf(response: Response): string {
  const id = response.get(HEADER);
  return id ?? "msg_unknown";
}
