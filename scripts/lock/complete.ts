/** One package of a lock file, as far as this script reads and writes it. */
export interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A `package-lock.json` of lockfileVersion 3; keys are folders, `""` is the root. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

const OS: Readonly<Record<string, string>> = {
  darwin: "darwin",
  win32: "win32",
  windows: "win32",
  linux: "linux",
  linuxmusl: "linux",
  freebsd: "freebsd",
  android: "android",
  openharmony: "openharmony",
  netbsd: "netbsd",
  openbsd: "openbsd",
  sunos: "sunos",
  aix: "aix",
};
const CPU: Readonly<Record<string, string>> = {
  arm64: "arm64",
  arm: "arm",
  x64: "x64",
  amd64: "x64",
  ia32: "ia32",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  loong64: "loong64",
  mips64el: "mips64el",
  wasm32: "wasm32",
};
const LIBC: Readonly<Record<string, string>> = {
  gnu: "glibc",
  gnueabihf: "glibc",
  musl: "musl",
  musleabihf: "musl",
  linuxmusl: "musl",
};

type Platform = Pick<LockEntry, "os" | "cpu" | "libc">;

/** The platform that the last part of a native package's name tells, such as `binding-linux-x64-musl`. */
export function platformOf(name: string): Platform {
  const words = name.slice(name.lastIndexOf("/") + 1).split(/[-_.]/);
  const pick = (table: Readonly<Record<string, string>>) => words.map((word) => table[word]).find(Boolean);
  const [os, cpu, libc] = [pick(OS), pick(CPU), pick(LIBC)];
  return {
    ...(os === undefined ? {} : { os: [os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
  };
}

/** The folders in which `name` is looked for from `folder`, nearest first, as node does. */
function candidates(folder: string, name: string): string[] {
  const found = [`${folder === "" ? "" : `${folder}/`}node_modules/${name}`];
  for (
    let at = folder.lastIndexOf("node_modules/");
    at > 0;
    at = folder.lastIndexOf("node_modules/", at - 1)
  ) {
    found.push(`${folder.slice(0, at)}node_modules/${name}`);
  }
  return [...new Set([...found, `node_modules/${name}`])];
}

function withoutAbsent(fields: Record<string, unknown>): LockEntry {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

interface Gap {
  readonly folder: string;
  readonly entry: LockEntry;
}

function gapsOf(packages: Readonly<Record<string, LockEntry>>, folder: string): Gap[] {
  const from = packages[folder];
  const wanted = Object.entries(from?.optionalDependencies ?? {});
  return wanted.flatMap(([name, version]) => {
    const places = candidates(folder, name);
    const nearest = places.find((place) => packages[place] !== undefined);
    const isExact = /^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version);
    if (!isExact || (nearest !== undefined && packages[nearest]?.version === version)) return [];

    const place = nearest === undefined ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const { cpu, libc, os } = platformOf(name);
    // The order of npm's own entries, so that npm has nothing to rewrite.
    const fields = { version, cpu, dev: from?.dev, libc, optional: true, os };
    return [{ folder: place, entry: withoutAbsent(fields) }];
  });
}

/** The folders of packages for other platforms that the lock file demands and does not hold. */
export function missingFolders(lock: Lock): string[] {
  const gaps = Object.keys(lock.packages).flatMap((folder) => gapsOf(lock.packages, folder));
  return [...new Set(gaps.map((gap) => gap.folder))].sort();
}

/**
 * The lock file with an entry for every native package of another platform. npm leaves out those it did not
 * resolve on the machine that made the file, and then refuses the file on all machines. Idempotent.
 */
export function completeLock<L extends Lock>(lock: L): L {
  const packages: Record<string, LockEntry> = { ...lock.packages };
  for (const folder of Object.keys(lock.packages)) {
    for (const gap of gapsOf(packages, folder)) packages[gap.folder] = gap.entry;
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

/** The folders whose package is bound to an address, which would tie the file to one registry. */
export function addressedFolders(lock: Lock): string[] {
  const isAddressed = (entry: LockEntry) => entry.link !== true && /^[a-z+]+:/.test(entry.resolved ?? "");
  return Object.entries(lock.packages).flatMap(([folder, entry]) => (isAddressed(entry) ? [folder] : []));
}
