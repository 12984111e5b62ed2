import type { Socket } from "socket.io";

/**
 * Waits until everything sent to a peer has left the process, or the peer is gone: what a slow peer has not taken is not added to. A
 * transport is writable again once the system has taken the bytes.
 */
export async function flushed(socket: Pick<Socket, "conn" | "connected">): Promise<void> {
  const { conn } = socket;
  while (socket.connected && conn.readyState === "open" && !conn.transport.writable) {
    const { transport } = conn;
    await new Promise<void>((resolve) => {
      const done = () => {
        transport.off("ready", done);
        conn.off("close", done);
        conn.off("upgrade", done);
        resolve();
      };
      transport.on("ready", done);
      conn.on("close", done);
      conn.on("upgrade", done);
    });
  }
}
