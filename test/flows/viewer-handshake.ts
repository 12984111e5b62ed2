/** What a viewer's handshake is answered: the code of the refusal, or `welcome`. */
export async function handshakeAnswer(
  serverUrl: string,
  auth: Readonly<Record<string, unknown>>,
): Promise<string> {
  const socket = new WebSocket(`${serverUrl.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  const answered = Promise.withResolvers<string>();
  socket.addEventListener("error", () => answered.reject(new Error("the server takes no socket")));
  socket.addEventListener("message", ({ data }) => {
    const text = String(data);
    // Packets of engine.io 4 and socket.io 5: 0 opens, 40 connects a namespace, 44 refuses it.
    if (text.startsWith("0")) socket.send(`40/cells,${JSON.stringify(auth)}`);
    else if (text.startsWith("40/cells,")) answered.resolve("welcome");
    else if (text.startsWith("44/cells,")) answered.resolve(codeOf(text.slice("44/cells,".length)));
  });
  try {
    return await answered.promise;
  } finally {
    socket.close();
  }
}

function codeOf(refusal: string): string {
  const { data } = JSON.parse(refusal) as { data?: { code?: string } }; // socket.io: {message, data}
  return data?.code ?? refusal;
}
