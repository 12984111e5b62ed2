import { idSchema, InvalidInput } from "@nebula/protocol";

const jobId = idSchema("job");

/** Cursor after the job `id`, opaque to callers. */
export function cursorAfter(id: string): string {
  return Buffer.from(id).toString("base64url");
}

/** Id inside a cursor; null where there is none. Throws `InvalidInput` (INPUT_INVALID) where it is not one of ours. */
export function idOfCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const parsed = jobId.safeParse(Buffer.from(cursor, "base64url").toString());
  if (!parsed.success)
    throw new InvalidInput("INPUT_INVALID", "query: cursor is not one that this server gave");
  return parsed.data;
}
