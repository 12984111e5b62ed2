// Loaded before the program by `child.mjs`: when the parent dies without a word, its end of the channel closes,
// and the program is asked to stop as if by a signal. The channel itself keeps nothing alive.
import process from "node:process";

if (process.channel !== undefined) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel.unref();
}
