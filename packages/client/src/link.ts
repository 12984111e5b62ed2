import {
  errorOf,
  ERROR_CODES,
  Unavailable,
  type CellsClientToServer,
  type CellsServerToClient,
  type ErrorCode,
  type Reply,
} from "@nebula/protocol";
import type { Socket } from "socket.io-client";

/** Socket of a viewer, typed by the protocol. */
export type CellsSocket = Socket<CellsServerToClient, CellsClientToServer>;

/** Value of an answer; throws the error that a refusal stands for. */
export function valueOf<Value>(reply: Reply<Value>): Value {
  if (reply.ok) return reply.value;
  if (reply.code in ERROR_CODES) throw errorOf(reply.code as ErrorCode, reply.message); // checked by `in`
  throw new Unavailable("SERVER_AWAY", reply.message);
}

/** One connection to `/cells`, opened when first needed and shared by everything that follows jobs. */
export interface Link extends AsyncDisposable {
  /** The socket, connecting by itself whenever it drops; null when signed out. */
  open(): Promise<CellsSocket | null>;
}

/** `accessToken` is asked again at every reconnect and whenever the server says that the token ends soon. */
export function createLink(serverUrl: string, accessToken: () => Promise<string | null>): Link {
  let opening: Promise<CellsSocket | null> | null = null;

  const connect = async (): Promise<CellsSocket | null> => {
    if ((await accessToken()) === null) return null;
    const { io } = await import("socket.io-client"); // large, and of no use before the first job
    const socket: CellsSocket = io(`${serverUrl}/cells`, {
      transports: ["websocket"],
      auth: (give) => {
        void accessToken().then((token) => {
          give({ token: token ?? "" });
        });
      },
      reconnectionDelay: 200,
      reconnectionDelayMax: 5_000,
      randomizationFactor: 0.5,
    });
    socket.on("auth:expiring", () => {
      void accessToken().then((token) => {
        if (token !== null) socket.emit("auth:renew", { token }, () => undefined);
      });
    });
    // A refused handshake is final for socket.io; the token may be fresh next time.
    socket.on("connect_error", () => {
      if (!socket.active) setTimeout(() => socket.connect(), 1_000);
    });
    socket.on("disconnect", (reason) => {
      if (reason === "io server disconnect") setTimeout(() => socket.connect(), 500);
    });
    return socket;
  };

  return {
    async open() {
      opening ??= connect();
      const socket = await opening;
      if (socket === null) opening = null;
      return socket;
    },
    async [Symbol.asyncDispose]() {
      const socket = await opening?.catch(() => null);
      socket?.removeAllListeners();
      socket?.disconnect();
      opening = null;
    },
  };
}
