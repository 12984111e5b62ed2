import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { CodeCell } from "@jupyterlab/cells";
import {
  executeReply,
  executeRequest,
  inputMessage,
  iopubMessage,
  type InputFrame,
  type ShownFrame,
} from "./messages.ts";

type Hook = (message: KernelMessage.IIOPubMessage) => boolean | PromiseLike<boolean>;

/**
 * Stands in for a kernel's answer to one cell. JupyterLab's output area takes it for a running execution and does the
 * rest: merging of streams, `\r`, display ids, `clear_output`, prompts for input, the shared model.
 *
 * The output area disposes of it when the cell is run elsewhere or goes away; then nothing more is shown, and the job
 * goes on.
 */
export class JobFuture implements Kernel.IShellFuture<
  KernelMessage.IExecuteRequestMsg,
  KernelMessage.IExecuteReplyMsg
> {
  readonly msg = executeRequest();
  readonly done: Promise<KernelMessage.IExecuteReplyMsg>;
  onReply: (message: KernelMessage.IExecuteReplyMsg) => void | PromiseLike<void> = () => undefined;
  onIOPub: (message: KernelMessage.IIOPubMessage) => void | PromiseLike<void> = () => undefined;
  onStdin: (message: KernelMessage.IStdinMessage) => void | PromiseLike<void> = () => undefined;
  readonly #hooks: Hook[] = [];
  readonly #finished = Promise.withResolvers<KernelMessage.IExecuteReplyMsg>();
  readonly #answer: (requestId: string, value: string) => void;
  #requestId = "";
  #isDisposed = false;

  /** `answer` gets what the student typed for a request for input. */
  constructor(answer: (requestId: string, value: string) => void) {
    this.#answer = answer;
    this.done = this.#finished.promise;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Shows a frame. */
  show(frame: ShownFrame): void {
    if (this.#isDisposed) return;
    const message = iopubMessage(frame);
    // Hooks of this future may veto, as a kernel's do (the output widget of ipywidgets captures this way).
    for (const hook of [...this.#hooks].reverse()) if (hook(message) === false) return;
    void this.onIOPub(message);
  }

  /** Asks for a line of input. */
  ask(frame: InputFrame): void {
    if (this.#isDisposed) return;
    this.#requestId = frame.id;
    void this.onStdin(inputMessage(frame));
  }

  /** Ends the execution as far as the output area is concerned. */
  finish(executionCount: number | null): void {
    this.#finished.resolve(executeReply(executionCount));
  }

  registerMessageHook(hook: Hook): void {
    this.#hooks.push(hook);
  }

  removeMessageHook(hook: Hook): void {
    const at = this.#hooks.indexOf(hook);
    if (at >= 0) this.#hooks.splice(at, 1);
  }

  sendInputReply(content: KernelMessage.IInputReplyMsg["content"]): void {
    if (content.status === "ok") this.#answer(this.#requestId, content.value);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.onIOPub = () => undefined;
    this.onStdin = () => undefined;
    this.finish(null);
  }
}

/** Empties the outputs of `cell`, marks it as running, and gives the future that fills them again. */
export function takeOver(cell: CodeCell, answer: (requestId: string, value: string) => void): JobFuture {
  const { model } = cell;
  model.sharedModel.transact(
    () => {
      model.clearExecution();
      cell.outputHidden = false;
    },
    false,
    "silent-change",
  );
  // Only the owner of a job is given its transcript, so these outputs come from his own code.
  model.trusted = true;
  model.executionState = "running";
  const future = new JobFuture(answer);
  cell.outputArea.future = future;
  return future;
}
