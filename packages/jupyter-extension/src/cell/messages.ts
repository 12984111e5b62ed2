import type { JSONObject } from "@lumino/coreutils";
import { KernelMessage } from "@jupyterlab/services";
import type { OutputFrame } from "@nebula/protocol";

/** Frames that show something under a cell. */
export type ShownFrame = Extract<
  OutputFrame,
  { t: "stream" | "display" | "update_display" | "clear_output" | "error" }
>;
export type InputFrame = Extract<OutputFrame, { t: "input_request" }>;

const SESSION = "nebula";

function messageType(frame: ShownFrame): KernelMessage.IOPubMessageType {
  switch (frame.t) {
    case "display":
      return frame.kind;
    case "update_display":
      return "update_display_data";
    case "stream":
    case "clear_output":
    case "error":
      return frame.t;
  }
}

function contentOf(frame: ShownFrame): JSONObject {
  const content: unknown = frame.content;
  const shown = content as JSONObject; // parsed from JSON by the schema of the frame
  if (frame.t === "display" && frame.kind === "execute_result") {
    return { ...shown, execution_count: frame.executionCount ?? null };
  }
  return shown;
}

/** The kernel message that JupyterLab's output area understands for a frame. */
export function iopubMessage(frame: ShownFrame): KernelMessage.IIOPubMessage {
  const message = KernelMessage.createMessage({
    channel: "iopub",
    msgType: messageType(frame) as "stream", // one type of many: the library wants it to match the content
    session: SESSION,
    content: contentOf(frame) as unknown as KernelMessage.IStreamMsg["content"], // matches `msgType`, whichever it is
  });
  return message;
}

/** The kernel message that makes the output area ask for a line of input. */
export function inputMessage(frame: InputFrame): KernelMessage.IInputRequestMsg {
  return KernelMessage.createMessage<KernelMessage.IInputRequestMsg>({
    channel: "stdin",
    msgType: "input_request",
    session: SESSION,
    content: frame.content,
  });
}

/** The request that a future must be able to name; it is never sent anywhere. */
export function executeRequest(): KernelMessage.IExecuteRequestMsg {
  return KernelMessage.createMessage<KernelMessage.IExecuteRequestMsg>({
    channel: "shell",
    msgType: "execute_request",
    session: SESSION,
    content: { code: "" },
  });
}

/** The reply with which a future is done. */
export function executeReply(count: number | null): KernelMessage.IExecuteReplyMsg {
  return KernelMessage.createMessage<KernelMessage.IExecuteReplyMsg>({
    channel: "shell",
    msgType: "execute_reply",
    session: SESSION,
    content: { status: "ok", execution_count: count ?? 0, user_expressions: {} } as never, // `count` may be unknown
  });
}
