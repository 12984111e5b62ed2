import { errorOf, newId, type Enrolment } from "@nebula/protocol";
import { isWireKey } from "../domain/rig-handshake.ts";
import type { AppContext } from "./context.ts";
import { codeHashOf } from "./create-enrolment-code.ts";
import { enqueueOutbox } from "./enqueue-outbox.ts";
import { readRig, type RigView } from "./list-rigs.ts";
import type { Sql } from "./ports.ts";
import { recordEvent } from "./record-event.ts";

interface CodeRow {
  readonly created_by: string;
  readonly expires_at: bigint;
  readonly used_at: bigint | null;
  readonly wire_key: string | null;
  readonly receipt_address: string | null;
  readonly rig: string | null;
}

function codeInvalid(): Error {
  return errorOf(
    "ENROL_CODE_INVALID",
    "This enrolment code is unknown, used or older than 30 minutes; ask campus IT for a new one",
  );
}

function checkKeys(ctx: AppContext, enrolment: Enrolment): void {
  if (!isWireKey(enrolment.wireKey))
    throw errorOf("INPUT_INVALID", "wireKey must be an Ed25519 public key, SPKI DER in base64");
  const text = `nebula-enrol:${enrolment.code}:${enrolment.wireKey}`;
  if (ctx.signatures.recoverText(text, enrolment.proof) === enrolment.receiptAddress) return;
  throw errorOf(
    "RIG_AUTH_INVALID",
    `proof is not the signature of "nebula-enrol:<code>:<wireKey>" with the key of ${enrolment.receiptAddress}`,
  );
}

/** The rig that this very machine made with the code, where its first answer was lost. */
function sameMachine(row: CodeRow, enrolment: Enrolment): string | null {
  return row.wire_key === enrolment.wireKey && row.receipt_address === enrolment.receiptAddress
    ? row.rig
    : null;
}

async function refuseKnownKeys(sql: Sql, enrolment: Enrolment): Promise<void> {
  const known = await sql.query("select 1 from rig where wire_key = $1 or receipt_address = $2", [
    enrolment.wireKey,
    enrolment.receiptAddress,
  ]);
  if (known.length > 0)
    throw errorOf(
      "STATE_STALE",
      "A rig with these keys is enrolled already; remove the agent's state to enrol as a new one",
    );
}

async function enrol(sql: Sql, ctx: AppContext, enrolment: Enrolment): Promise<string> {
  const at = ctx.clock.now();
  const hash = codeHashOf(enrolment.code);
  const [row] = await sql.query<CodeRow>(
    `select c.created_by, c.expires_at, c.used_at, c.rig, r.wire_key, r.receipt_address
     from enrolment_code c left join rig r on r.id = c.rig where c.code_hash = $1 for update of c`,
    [hash],
  );
  if (row === undefined) throw codeInvalid();
  const again = sameMachine(row, enrolment);
  if (again !== null) return again;
  if (row.used_at !== null || Number(row.expires_at) <= at) throw codeInvalid();
  await refuseKnownKeys(sql, enrolment);
  const rigId = newId("rig", at, (size) => ctx.random.bytes(size));
  await sql.query(
    `insert into rig (id, name, wire_key, receipt_address, payout_address, state, inventory, enrolled_at, enrolled_by)
     values ($1, $2, $3, $4, $5, 'enrolled', $6, $7, $8)`,
    [
      rigId,
      enrolment.name,
      enrolment.wireKey,
      enrolment.receiptAddress,
      enrolment.payoutAddress,
      JSON.stringify(enrolment.inventory),
      at,
      row.created_by,
    ],
  );
  await sql.query("update enrolment_code set used_at = $2, rig = $3 where code_hash = $1", [hash, at, rigId]);
  await enqueueOutbox(sql, { topic: "register-rig", key: rigId, at });
  await recordEvent(sql, {
    kind: "rig-enrolled",
    actor: row.created_by,
    subject: rigId,
    data: { name: enrolment.name, receiptAddress: enrolment.receiptAddress },
    at,
  });
  return rigId;
}

/**
 * Enrols a machine with a code: its keys are proven and stored, and its receipt key is put into the contract's table by the outbox. The
 * same machine with the same code gets the same rig again. Throws `NotAllowed` (ENROL_CODE_INVALID, RIG_AUTH_INVALID), `InvalidInput`,
 * `Conflict` (STATE_STALE).
 */
export async function enrolRig(ctx: AppContext, enrolment: Enrolment): Promise<RigView> {
  checkKeys(ctx, enrolment);
  const rigId = await ctx.db.transaction((sql) => enrol(sql, ctx, enrolment));
  ctx.hints.give({ kind: "outbox" });
  return readRig(ctx, rigId);
}
