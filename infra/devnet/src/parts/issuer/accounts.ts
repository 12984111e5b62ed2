/** A demo account. Its password is its name: it opens nothing outside this machine. */
export interface DemoAccount {
  /** Stable subject of its tokens. */
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly email: string;
  readonly realmRoles: readonly string[];
  /** Roles on the client `nebula-server`. */
  readonly serverRoles: readonly string[];
}

/** Roles on `nebula-server` that come with a realm role. */
const SERVER_ROLES = {
  student: ["job.submit"],
  ta: ["job.submit"],
  professor: ["job.submit", "allocation.request"],
  "it-admin": ["job.cancel.any", "allocation.approve", "rig.enrol", "rig.admin", "ledger.audit"],
} as const;

const account = (id: string, fullName: string, role: keyof typeof SERVER_ROLES): DemoAccount => {
  const [username = "", givenName = "", familyName = ""] = fullName.split(" ");
  return {
    id: `00000000-0000-4000-8000-${id.padStart(12, "0")}`,
    username,
    password: username,
    givenName,
    familyName,
    email: `${username}@campus.example`,
    realmRoles: [role],
    serverRoles: SERVER_ROLES[role],
  };
};

/** The people of the demo campus. */
export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  account("1", "ada Ada Byron", "student"),
  account("2", "tao Tao Lin", "student"),
  account("3", "prof Maria Keller", "professor"),
  account("4", "ops Sam Okafor", "it-admin"),
];
