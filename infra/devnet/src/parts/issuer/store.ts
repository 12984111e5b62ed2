import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Adapter, AdapterPayload } from "oidc-provider";

interface Row {
  readonly model: string;
  readonly id: string;
  /** Unix milliseconds; undefined: never. */
  readonly expiresAt: number | undefined;
  readonly payload: AdapterPayload;
}

/** Sessions, grants and refresh tokens on disk, one file each (mode 0600), so that sign-ins survive a restart. */
export interface IssuerStore {
  /** The view of one kind of record, as the provider wants it. */
  adapter(model: string): Adapter;
}

/** Opens the folder and forgets what has expired. `now` gives unix milliseconds. */
export async function openStore(folder: string, now: () => number): Promise<IssuerStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const rows = new Map<string, Row>();
  for (const name of await readdir(folder)) {
    const row = await readRow(join(folder, name));
    if (row === undefined || isExpired(row, now())) await rm(join(folder, name), { force: true });
    else rows.set(keyOf(row.model, row.id), row);
  }
  return { adapter: (model) => adapterOver({ folder, rows, now, model }) };
}

interface Table {
  readonly folder: string;
  readonly rows: Map<string, Row>;
  readonly now: () => number;
  readonly model: string;
}

function adapterOver(table: Table): Adapter {
  const { model, rows, now } = table;
  const get = (id: string): Row | undefined => live(rows.get(keyOf(model, id)), now());
  const findWhere = (test: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
    for (const row of rows.values())
      if (row.model === model && live(row, now()) && test(row.payload)) return row.payload;
    return undefined;
  };
  return {
    async upsert(id, payload, expiresIn) {
      await put(table, {
        model,
        id,
        payload,
        expiresAt: expiresIn === undefined ? undefined : now() + expiresIn * 1000,
      });
    },
    find: async (id) => get(id)?.payload,
    findByUid: async (uid) => findWhere((payload) => payload.uid === uid),
    findByUserCode: async (userCode) => findWhere((payload) => payload.userCode === userCode),
    async consume(id) {
      const row = get(id);
      if (row !== undefined)
        await put(table, { ...row, payload: { ...row.payload, consumed: Math.floor(now() / 1000) } });
    },
    destroy: async (id) => await drop(table, keyOf(model, id)),
    async revokeByGrantId(grantId) {
      for (const [key, row] of rows) if (row.payload.grantId === grantId) await drop(table, key);
    },
  };
}

async function put(table: Table, row: Row): Promise<void> {
  const key = keyOf(row.model, row.id);
  table.rows.set(key, row);
  const file = join(table.folder, fileName(key));
  await writeFile(`${file}.new`, JSON.stringify(row), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function drop(table: Table, key: string): Promise<void> {
  if (table.rows.delete(key)) await rm(join(table.folder, fileName(key)), { force: true });
}

async function readRow(file: string): Promise<Row | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Row; // written by put
  } catch {
    return undefined; // half written when the power went: that sign-in is lost, the others are not
  }
}

const keyOf = (model: string, id: string): string => `${model}:${id}`;
const fileName = (key: string): string => createHash("sha256").update(key).digest("hex");
const isExpired = (row: Row, nowMs: number): boolean => row.expiresAt !== undefined && row.expiresAt <= nowMs;
const live = (row: Row | undefined, nowMs: number): Row | undefined =>
  row && !isExpired(row, nowMs) ? row : undefined;
