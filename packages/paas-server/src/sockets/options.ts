import { OUT_CHUNK_BYTES_MAX } from "@nebula/protocol";
import type { ServerOptions } from "socket.io";

/** Most bytes of one message: output comes in chunks of 64 KiB; a hello with many attempts or an exit is smaller than the rest. */
const MESSAGE_BYTES_MAX = 1024 * 1024 + OUT_CHUNK_BYTES_MAX;

/** Settings of the socket server: no compression, since output is to arrive at once, and websocket before polling. */
export const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  httpCompression: false,
  maxHttpBufferSize: MESSAGE_BYTES_MAX,
  serveClient: false,
  transports: ["websocket", "polling"],
  pingInterval: 10_000,
  pingTimeout: 10_000,
} as const satisfies Partial<ServerOptions>;
