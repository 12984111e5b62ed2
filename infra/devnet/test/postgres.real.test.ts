import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { startPostgres } from "../src/parts/postgres/index.ts";
import { closedFolders } from "../src/parts/postgres/system-user.ts";
import { LOOPBACK, freePort } from "../src/process/ports.ts";
import { temporaryFolder } from "./support/folder.ts";
import { whyNoPostgres } from "./support/missing-part.ts";
import { startVictim } from "./support/victim.ts";

const why = await whyNoPostgres();

async function ask(url: string, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(query)).rows;
  } finally {
    await client.end();
  }
}

describe.skipIf(why !== undefined)(`a database (${why ?? "PostgreSQL is there"})`, () => {
  test("what was committed survives a kill of its campus, which takes the server with it", async () => {
    await using folder = await temporaryFolder();
    const state = join(folder.path, "postgres");
    await using victim = await startVictim("postgres.ts", [String(await freePort()), state]);
    await ask(String(victim.said["url"]), "create table kept as select 7 as number");
    await victim.kill();

    const options = { port: await freePort(), stateFolder: state, logFile: join(folder.path, "log") };
    await using database = await startPostgres(options);

    expect(await ask(database.url, "select number from kept")).toEqual([{ number: 7 }]);
  });

  test("a lock file whose number now belongs to another program does not stop the start", async () => {
    await using folder = await temporaryFolder();
    const state = join(folder.path, "postgres");
    const options = { port: await freePort(), stateFolder: state, logFile: join(folder.path, "log") };
    await (await startPostgres(options))[Symbol.asyncDispose]();
    await writeFile(join(state, "data/postmaster.pid"), `${String(process.pid)}\n${join(state, "data")}\n`);

    await using database = await startPostgres(options);

    expect(await ask(database.url, "select current_database() as name")).toEqual([{ name: "nebula" }]);
  });

  test("a second campus on the same folder is refused and leaves the first alone", async () => {
    await using folder = await temporaryFolder();
    const options = {
      port: await freePort(),
      stateFolder: join(folder.path, "postgres"),
      logFile: join(folder.path, "log"),
    };
    await using first = await startPostgres(options);

    const second = startPostgres({ ...options, port: await freePort() });

    await expect(second).rejects.toThrow("belongs to a campus that runs already");
    expect(await ask(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("a taken port is named with a remedy, and the folder is free again", async () => {
    await using folder = await temporaryFolder();
    const port = await freePort();
    const other = createServer().listen(port, LOOPBACK);
    const options = { port, stateFolder: join(folder.path, "postgres"), logFile: join(folder.path, "log") };

    await expect(startPostgres(options)).rejects.toThrow(
      `Port ${String(port)} on 127.0.0.1, meant for the postgres, is taken`,
    );

    other.close();
    await using database = await startPostgres({ ...options, port: await freePort() });
    expect(await ask(database.url, "show server_encoding")).toEqual([{ server_encoding: "UTF8" }]);
  });
});

test("a folder that the database's user may not pass is named", async () => {
  await using folder = await temporaryFolder();
  const stranger = { name: "stranger", uid: 54_321, gid: 54_321 };
  await mkdir(join(folder.path, "closed/inner"), { recursive: true });
  await chmod(join(folder.path, "closed"), 0o750);

  const closed = await closedFolders(join(folder.path, "closed/inner/data"), stranger);

  expect(closed).toEqual([join(folder.path, "closed")]);
});
