import { Unavailable } from "@nebula/protocol";
import { describe, expect, it } from "vitest";
import { run, runPiped, succeeds } from "../src/run-command.ts";

const shell = (script: string) => ({ file: "sh", args: ["-c", script] });

describe("run", () => {
  it("gives what the program printed", async () => {
    expect(await run(shell("echo ' text '"))).toBe("text");
  });

  it("tells the end of the errors of a program that fails", async () => {
    const failed = run(shell("echo first >&2; echo last words >&2; exit 3"));

    await expect(failed).rejects.toThrow(Unavailable);
    await expect(failed).rejects.toThrow(/sh -c ended with exit code 3: first\nlast words/);
  });

  it("names a program that is not there", async () => {
    await expect(run({ file: "nebula-no-such-program", args: [] })).rejects.toThrow(
      /nebula-no-such-program {2}cannot be started/,
    );
  });

  it("says what to do when the disk is full", async () => {
    await expect(run(shell("echo 'write: No space left on device' >&2; exit 1"))).rejects.toThrow(
      /The disk is full/,
    );
  });
});

describe("runPiped", () => {
  it("feeds one program with the other's output", async () => {
    expect(await runPiped(shell("seq 100000"), shell("wc -l"))).toBe("100000");
  });

  it.each([
    ["the first", "exit 4", "cat"],
    ["the second", "yes", "exit 4"],
  ])("fails where %s program fails", async (_which, first, second) => {
    await expect(runPiped(shell(first), shell(second))).rejects.toThrow(/exit code 4|SIGPIPE/);
  });
});

it("succeeds tells whether a program ends with 0", async () => {
  expect(await succeeds(shell("exit 0"))).toBe(true);
  expect(await succeeds(shell("exit 1"))).toBe(false);
  expect(await succeeds({ file: "nebula-no-such-program", args: [] })).toBe(false);
});
