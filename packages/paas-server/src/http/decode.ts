import { InvalidInput } from "@nebula/protocol";
import type { z } from "zod";

const ISSUES_MAX = 10;

function isStorable(text: string): boolean {
  // PostgreSQL's text holds neither NUL nor half a surrogate pair.
  return text.isWellFormed() && !text.includes("\u0000");
}

/** Path of the first text that no database can hold; null where there is none. */
function findUnstorable(value: unknown, path = ""): string | null {
  if (typeof value === "string") return isStorable(value) ? null : path;
  if (typeof value !== "object" || value === null) return null;
  for (const [key, field] of Object.entries(value)) {
    const here = path === "" ? key : `${path}.${key}`;
    const found = isStorable(key) ? findUnstorable(field, here) : here;
    if (found !== null) return found;
  }
  return null;
}

/** One part of a request by its schema. Throws `InvalidInput` (INPUT_INVALID) naming every field that is wrong. */
export function decodePart<Schema extends z.ZodType>(
  schema: Schema,
  part: "path" | "query" | "body",
  value: unknown,
): z.output<Schema> {
  const unstorable = findUnstorable(value);
  if (unstorable !== null)
    throw new InvalidInput("INPUT_INVALID", `${part}: ${unstorable} holds a NUL or a broken character`, {
      data: { fields: [unstorable] },
    });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, ISSUES_MAX);
  const fields = issues.map((issue) => issue.path.join("."));
  const told = issues.map(
    (issue) => `${issue.path.length === 0 ? part : issue.path.join(".")}: ${issue.message}`,
  );
  throw new InvalidInput("INPUT_INVALID", told.join("; "), { data: { part, fields } });
}
