import { closedFolders, existingDatabaseUser } from "../../parts/postgres/system-user.ts";
import { postgresBinaries } from "../../parts/postgres/binaries.ts";
import { missing, ready } from "../step.ts";
import type { SetupContext, SetupStep } from "../step.ts";

/** As root, PostgreSQL runs as a user of its own, who must be able to pass every folder on the way. */
export const openFolders: SetupStep = {
  name: "folders for PostgreSQL",
  purposes: ["start", "tests"],
  async check(context) {
    const closed = await findClosed(context);
    return closed.length === 0
      ? ready("passable")
      : missing(`PostgreSQL's user may not pass ${closed.join(", ")}`);
  },
  remedy: async (context) => [`chmod o+x ${(await findClosed(context)).join(" ")}`],
};

async function findClosed({ home, privilege }: SetupContext): Promise<readonly string[]> {
  if (privilege !== "root") return [];
  // A user yet to be made has no group or file here, just as this one.
  const user = (await existingDatabaseUser()) ?? { name: "postgres", uid: -1, gid: -1 };
  const { postgres } = await postgresBinaries();
  const closed = [...(await closedFolders(home, user)), ...(await closedFolders(postgres, user))];
  return [...new Set(closed)];
}
