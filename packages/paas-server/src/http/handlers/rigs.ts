import { createEnrolmentCode } from "../../app/create-enrolment-code.ts";
import { createRigChallenge } from "../../app/create-rig-challenge.ts";
import { enrolRig } from "../../app/enrol-rig.ts";
import { listRigs } from "../../app/list-rigs.ts";
import { readCampus } from "../../app/read-campus.ts";
import type { Handlers } from "../handler.ts";

/** Routes by which machines join and are looked at. */
export function rigHandlers(publicUrl: () => string) {
  return {
    // why not stored for its key: a code must not stand readable in the database; a second one does no harm
    createEnrolmentCode: (ctx, { caller }) => createEnrolmentCode(ctx, caller.account.id),
    enrolRig: async (ctx, { body }) => ({
      rig: await enrolRig(ctx, body),
      campus: readCampus(ctx, publicUrl()),
    }),
    createRigChallenge: (ctx, { params }) => createRigChallenge(ctx, params.rigId),
    listRigs: async (ctx) => ({ items: [...(await listRigs(ctx))] }),
  } satisfies Partial<Handlers>;
}
