import { readCampus, readOfferings } from "../../app/read-campus.ts";
import { readMe } from "../../app/read-me.ts";
import type { Handlers } from "../handler.ts";

/** Routes about the campus and the caller. `publicUrl` is asked per request: a server on a free port learns it late. */
export function campusHandlers(publicUrl: () => string) {
  return {
    getCampus: async (ctx) => readCampus(ctx, publicUrl()),
    getOfferings: (ctx) => readOfferings(ctx),
    getMe: (ctx, { caller }) => readMe(ctx, caller),
  } satisfies Partial<Handlers>;
}
