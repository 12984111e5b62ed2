import {
  ERROR_CODES,
  ROUTES,
  Unavailable,
  errorOf,
  problemSchema,
  type Enrolment,
  type ErrorCode,
  type RouteOutput,
} from "@nebula/protocol";
import { z } from "zod";

const TIMEOUT_MS = 20_000;

/** The error that a problem document describes; anything else that is not a success counts as the server being away. */
function errorFrom(status: number, body: unknown): Error {
  const problem = problemSchema.safeParse(body);
  if (problem.success && Object.hasOwn(ERROR_CODES, problem.data.code)) {
    return errorOf(problem.data.code as ErrorCode, problem.data.detail, {
      data: { instance: problem.data.instance },
    }); // Checked above.
  }
  return new Unavailable(
    "SERVER_AWAY",
    `The campus server answered with ${String(status)} and no explanation`,
  );
}

async function post(url: URL, body: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new Unavailable("SERVER_AWAY", `No answer from ${url.origin}; check the address and the network`, {
      cause,
    });
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw errorFrom(response.status, answer);
  return answer;
}

/** Enrols this machine. Throws `NotAllowed` when the code is not valid. */
export async function postEnrolment(
  serverUrl: string,
  enrolment: Enrolment,
): Promise<RouteOutput<"enrolRig">> {
  const { path, body, response } = ROUTES.enrolRig;
  return response.parse(await post(new URL(path, serverUrl), z.encode(body, enrolment)));
}

/** A fresh challenge for the rig to sign. Throws `NotFound` when the campus does not know the rig. */
export async function postChallenge(serverUrl: string, rigId: string): Promise<string> {
  const { path, response } = ROUTES.createRigChallenge;
  return response.parse(await post(new URL(path.replace("{rigId}", rigId), serverUrl), null)).challenge;
}
