import { seconds } from "../setup/report.ts";

/** Tells of steps: one line when a step ends, with its time; on a terminal also while it runs. */
export interface StepTeller {
  step<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  line(text: string): void;
}

/** Writes step lines to `out`. */
export function tellSteps(out: NodeJS.WriteStream): StepTeller {
  const line = (text: string): void => void out.write(`${text}\n`);
  const begin = (name: string, start: number): (() => void) => {
    if (!out.isTTY) return () => undefined;
    const show = (): void => void out.write(`\r\x1b[2K… ${name} (${seconds(start)})`);
    show();
    const timer = setInterval(show, 200);
    return () => {
      clearInterval(timer);
      out.write("\r\x1b[2K");
    };
  };
  return {
    line,
    async step(name, work) {
      const start = performance.now();
      const end = begin(name, start);
      try {
        const result = await work();
        end();
        line(`✔ ${name} (${seconds(start)})`);
        return result;
      } catch (error) {
        end();
        line(`✘ ${name} (${seconds(start)})`);
        throw error;
      }
    },
  };
}
