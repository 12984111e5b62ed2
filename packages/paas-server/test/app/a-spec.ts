import { type JobSpec, type JobSpecInput, jobSpecSchema } from "@nebula/protocol";

/** A job of one cell. */
export function aSpec(overrides: Partial<JobSpecInput> = {}): JobSpec {
  const cells = [{ id: "c1", source: "print(1)", role: "run" as const }];
  return jobSpecSchema.parse({
    v: 1,
    image: "coursework",
    class: "cpu",
    cells,
    title: "n.ipynb",
    ...overrides,
  });
}
