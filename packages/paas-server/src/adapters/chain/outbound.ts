import { Bug, Conflict } from "@nebula/protocol";
import { type JsonRpcProvider, Transaction } from "ethers";
import type { Database, Sql } from "../../app/ports.ts";

/** A transaction that was signed and stored before it was sent. */
export interface StoredTx {
  readonly sender: string;
  readonly nonce: number;
  readonly hash: string;
  readonly raw: string;
  readonly state: "sent" | "mined" | "reverted";
}

export interface Intent {
  readonly purpose: string;
  readonly sender: string;
  readonly to: string;
  readonly data: string;
  readonly gasLimit: bigint;
  readonly gasPrice: bigint;
  readonly chainId: number;
  /** Unix milliseconds. */
  readonly at: number;
  /** Signature of a 32-byte digest by the sender's key. */
  readonly sign: (digest: string) => string;
}

const COLUMNS = "sender, nonce, hash, raw, state";

/** The transaction of a purpose; undefined where none was stored. */
export async function findByPurpose(sql: Sql, purpose: string): Promise<StoredTx | undefined> {
  const [row] = await sql.query<StoredTx>(`select ${COLUMNS} from chain_tx where purpose = $1`, [purpose]);
  return row;
}

function signed(intent: Intent, nonce: number): Transaction {
  const { to, data, gasLimit, gasPrice, chainId } = intent;
  const tx = Transaction.from({ type: 0, to, data, gasLimit, gasPrice, chainId, nonce, value: 0n });
  tx.signature = intent.sign(tx.unsignedHash);
  if (tx.from?.toLowerCase() !== intent.sender)
    throw new Bug("INTERNAL", `Signed as ${tx.from ?? "nobody"} in place of ${intent.sender}`);
  return tx;
}

async function insertNext(sql: Sql, intent: Intent, chainNonce: number): Promise<StoredTx> {
  // why: nonces of one sender are given in one hand, whichever replica asks
  await sql.query("select pg_advisory_xact_lock(hashtext($1))", [`chain:${intent.sender}`]);
  const known = await findByPurpose(sql, intent.purpose);
  if (known !== undefined) return known;
  const [row] = await sql.query<{ next: number }>(
    "select coalesce(max(nonce) + 1, 0) as next from chain_tx where sender = $1",
    [intent.sender],
  );
  const nonce = Math.max(chainNonce, row?.next ?? 0);
  const tx = signed(intent, nonce);
  const stored: StoredTx = {
    sender: intent.sender,
    nonce,
    hash: tx.hash ?? "",
    raw: tx.serialized,
    state: "sent",
  };
  await sql.query(
    "insert into chain_tx (sender, nonce, hash, raw, purpose, state, created_at) values ($1, $2, $3, $4, $5, 'sent', $6)",
    [stored.sender, stored.nonce, stored.hash, stored.raw, intent.purpose, intent.at],
  );
  return stored;
}

/** Gives an intent its nonce and signature and stores it; one that is stored already comes back as it was. */
export async function store(db: Database, provider: JsonRpcProvider, intent: Intent): Promise<StoredTx> {
  const chainNonce = await provider.getTransactionCount(intent.sender, "latest");
  return db.transaction((sql) => insertNext(sql, intent, chainNonce));
}

async function sendRaw(provider: JsonRpcProvider, tx: StoredTx): Promise<void> {
  try {
    await provider.send("eth_sendRawTransaction", [tx.raw]);
  } catch (error) {
    // why: "known already" and "nonce too low" have as many texts as there are nodes; whether the chain has it is asked instead
    if ((await provider.getTransaction(tx.hash)) === null) throw error;
  }
}

/** Sends a stored transaction, and before it those of the same sender that wait with lower nonces. The same again does no harm. */
export async function send(sql: Sql, provider: JsonRpcProvider, tx: StoredTx): Promise<void> {
  const waiting = await sql.query<StoredTx>(
    `select ${COLUMNS} from chain_tx where sender = $1 and nonce <= $2 and state = 'sent' order by nonce`,
    [tx.sender, tx.nonce],
  );
  for (const one of waiting) await sendRaw(provider, one);
}

/** Records how a stored transaction ended. */
export async function recordMined(
  sql: Sql,
  tx: StoredTx,
  end: { readonly isMined: boolean; readonly blockNumber: number },
): Promise<void> {
  const rows = await sql.query(
    "update chain_tx set state = $3, block_number = $4 where sender = $1 and nonce = $2 returning nonce",
    [tx.sender, tx.nonce, end.isMined ? "mined" : "reverted", end.blockNumber],
  );
  if (rows.length === 0) throw new Conflict("STATE_STALE", `The transaction ${tx.hash} is not stored`);
}
