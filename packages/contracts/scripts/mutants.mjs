// Plants one fault after the other in a copy of this package and runs its tests: each fault must make them fail.
// Takes about half a minute per fault. An argument runs only the faults whose name contains it.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

const PACKAGE = resolve(import.meta.dirname, "..");
const ESCROW = "contracts/ComputeEscrow.sol";
const BALANCES = "contracts/escrow/Balances.sol";
const GRANTS = "contracts/escrow/GrantBook.sol";
const RIGS = "contracts/escrow/RigTable.sol";
const SIGNATURES = "contracts/escrow/SignatureGate.sol";

const FAULTS = [
  [
    "double fee",
    ESCROW,
    "(uint256(receipt.price) * feeBps) / 10_000",
    "(uint256(receipt.price) * feeBps) / 5_000",
  ],
  ["fee not taken from the rig", ESCROW, "receipt.price - fee, fee", "receipt.price, fee"],
  ["part not marked", ESCROW, "words[firstBit >> 8] = word |", "words[firstBit >> 8] = word & "],
  [
    "ceiling of each part alone",
    ESCROW,
    "uint256 total = paid + receipt.price;",
    "uint256 total = receipt.price;",
  ],
  ["price not bounded by units", ESCROW, "if (receipt.price > bound) revert", "if (false) revert"],
  ["expiry ignored", ESCROW, "receipt.start > order.expiry", "false"],
  ["rig fault charged", ESCROW, "receipt.outcome == RIG_FAULT", "false"],
  ["nonce shared by two orders", ESCROW, "if (price == 0) revert", "if (false) revert"],
  ["cap not reduced", GRANTS, "held.remaining - part.price", "held.remaining"],
  ["job maximum ignored", GRANTS, "part.total > held.perJobMax", "false"],
  ["expired grant pays", GRANTS, "part.start > held.validUntil ||", ""],
  [
    "lowering at once",
    GRANTS,
    "if (_lowers(grant, held)) _queueLowering(grant);\n        else _setNow(grant);",
    "_setNow(grant);",
  ],
  ["lowering forgets spending", GRANTS, "remaining > price ? remaining - price : 0", "remaining"],
  ["grant nonce not checked", GRANTS, "grant.nonce != held.nonce", "false"],
  ["balance not reduced", BALANCES, "payer.balance -= price;", ""],
  ["earnings not reduced", BALANCES, "rig.earned -= amount;", ""],
  ["exit stays armed", BALANCES, "payer.exitAt = 0;", ""],
  ["exit can be spent", BALANCES, "available -= payer.exiting", "available -= 0"],
  [
    "exit dodges earlier jobs",
    BALANCES,
    "if (!isEarlierJob || block.timestamp >= payer.exitAt)",
    "if (true)",
  ],
  ["exit without delay", BALANCES, "block.timestamp < exitAt", "false"],
  ["payout redirected", RIGS, "!(isRetired && rig.payout == payout)", "!isRetired"],
  ["retired rig earns", RIGS, "rig.retiredAt != 0 && isTooLate", "false"],
  [
    "any rig signature",
    SIGNATURES,
    "if (!_isSignedByKey(signer, digest, signature)) revert",
    "if (false) revert",
  ],
  ["any order signature", SIGNATURES, "&& recovered == signer", ""],
];

async function copyWorkspace() {
  const workspace = await mkdtemp(join(tmpdir(), "mutants-"));
  const copy = join(workspace, "packages/contracts");
  await mkdir(join(workspace, "packages/protocol"), { recursive: true });
  await symlink(resolve(PACKAGE, "../../node_modules"), join(workspace, "node_modules"));
  await symlink(resolve(PACKAGE, "../protocol/vectors"), join(workspace, "packages/protocol/vectors"));
  const isBuilt = (path) => ["out", "cache", "node_modules", "dist"].includes(basename(path));
  await cp(PACKAGE, copy, { recursive: true, filter: (path) => !isBuilt(path) });
  return { workspace, copy };
}

async function runTests(copy) {
  const child = spawn(process.execPath, ["scripts/test.mjs"], {
    cwd: copy,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((settle, fail) => child.on("error", fail).on("close", settle));
  const failed = Number(/(\d+) failed, \d+ skipped\n$/.exec(output)?.[1] ?? 0);
  return { code, isCompiled: output.includes("Suite result"), failed };
}

async function kill(copy, [name, file, from, to]) {
  const path = join(copy, file);
  const source = await readFile(path, "utf8");
  if (source.split(from).length !== 2) return `${name}: its place is not found once in ${file}`;
  await writeFile(
    path,
    source.replace(from, () => to),
  );
  const { code, isCompiled, failed } = await runTests(copy);
  await writeFile(path, source);
  if (!isCompiled) return `${name}: does not compile`;
  if (code === 0) return `${name}: survives`;
  process.stdout.write(`killed   ${name} (${failed} tests)\n`);
  return undefined;
}

const { workspace, copy } = await copyWorkspace();
const survivors = [];
try {
  for (const fault of FAULTS.filter(([name]) => name.includes(process.argv[2] ?? ""))) {
    const problem = await kill(copy, fault);
    if (problem === undefined) continue;
    survivors.push(problem);
    process.stdout.write(`SURVIVES ${problem}\n`);
  }
} finally {
  await rm(workspace, { recursive: true, force: true });
}
process.exitCode = survivors.length === 0 ? 0 : 1;
