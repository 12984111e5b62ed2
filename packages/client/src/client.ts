import type { Job } from "@nebula/protocol";
import { createCall, type Call, type CallOptions } from "./call.ts";
import { followJob, type FollowOptions } from "./follow.ts";
import { createLink, type Link } from "./link.ts";

/** The way in to one campus server. Dispose of it when done: it may hold one socket. */
export interface Client extends AsyncDisposable {
  readonly serverUrl: string;
  readonly call: Call;
  /** Follows a job; resolves with it once it has ended and every event was delivered. */
  follow(jobId: string, options?: FollowOptions): Promise<Job>;
  /** Calls `changed` whenever the account's balances may have changed. Returns the undo. */
  watchBalance(changed: () => void): Disposable;
  /** Answers an `input_request` of a running job. */
  answerInput(jobId: string, id: string, value: string): Promise<void>;
}

function watchBalance(link: Link, changed: () => void): Disposable {
  let undo: (() => void) | null = null;
  let isOver = false;
  void link.open().then((socket) => {
    if (socket === null || isOver) return;
    socket.on("balance", changed).on("connect", changed);
    undo = () => socket.off("balance", changed).off("connect", changed);
  });
  return {
    [Symbol.dispose]() {
      isOver = true;
      undo?.();
    },
  };
}

/** Makes a client of the server at `serverUrl`. Nothing is sent before the first call. */
export function createClient(options: CallOptions): Client {
  const call = createCall(options);
  const link = createLink(options.serverUrl, options.accessToken);
  return {
    serverUrl: options.serverUrl,
    call,
    follow: (jobId, followOptions = {}) => followJob(call, link, { ...followOptions, jobId }),
    watchBalance: (changed) => watchBalance(link, changed),
    async answerInput(jobId, id, value) {
      const socket = await link.open();
      await socket?.timeout(10_000).emitWithAck("input", { jobId, id, value });
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
