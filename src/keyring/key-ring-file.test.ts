import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import { KeyringError, type KeyringErrorCode } from "./key-ring.ts";
import { addRingKey, defaultKeyRingFile, type KeyRingFileOptions, openKeyRingFile } from "./key-ring-file.ts";

function setUp(
  t: ExecutionContext,
  overrides: Partial<KeyRingFileOptions> = {},
): KeyRingFileOptions & { root: string } {
  const root = mkdtempSync(join(tmpdir(), "troupe-keyring-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const dataDirectory = join(root, "data");
  return { root, dataDirectory, file: null, isSealed: false, random: systemRandom, clock: systemClock, ...overrides };
}

const refused = (t: ExecutionContext, run: () => unknown, code: KeyringErrorCode, message: RegExp) => {
  const error = t.throws(run, { instanceOf: KeyringError, message });
  t.is(error?.code, code);
};

test("the first start makes a private ring beside the data directory, later ones read it", (t) => {
  const options = setUp(t);
  const first = openKeyRingFile(options);
  t.is(first.file, join(options.root, "data.keys", "keyring.json"));
  t.is(defaultKeyRingFile(`${options.dataDirectory}/`), first.file);
  t.true(first.isNew);
  t.deepEqual(first.warnings, []);
  t.is(statSync(first.file).mode & 0o777, 0o600);
  t.is(statSync(join(first.file, "..")).mode & 0o777, 0o700);
  t.deepEqual(readdirSync(join(first.file, "..")), ["keyring.json"]);
  const again = openKeyRingFile({ ...options, isSealed: true });
  t.false(again.isNew);
  t.notThrows(() => again.ring.confirm(first.ring.checkValue()));
  t.notDeepEqual(openKeyRingFile(setUp(t)).ring.keys, first.ring.keys);
});

test("sealed data without its ring does not start, and the message says where it was looked for", (t) => {
  const options = setUp(t, { isSealed: true });
  refused(t, () => openKeyRingFile(options), "missing", /data\.keys\/keyring\.json.*TROUPE_KEYRING_FILE/);
  t.false(existsSync(join(options.root, "data.keys")));
});

test("the configuration names another place, but none inside the data directory", (t) => {
  const options = setUp(t);
  const file = join(options.root, "elsewhere", "deep", "ring.json");
  t.is(openKeyRingFile({ ...options, file }).file, file);
  t.true(existsSync(file));
  for (const inside of ["ring.json", "control/ring.json", "../data/ring.json", "..ring.json"]) {
    const named = join(options.dataDirectory, inside);
    refused(t, () => openKeyRingFile({ ...options, file: named }), "unusable", /lies in the data directory/);
  }
  t.notThrows(() => openKeyRingFile({ ...options, file: `${options.dataDirectory}-keys/ring.json` }));
});

test("a ring that is damaged is refused, never replaced, and never shown", (t) => {
  const options = setUp(t);
  const { file } = openKeyRingFile(options);
  const good = readFileSync(file, "utf8");
  const stored = JSON.parse(good) as { format: number; keys: { id: string; key: string }[] };
  const key = stored.keys[0]?.key ?? "";
  const bad: [string, RegExp][] = [
    ["", /is not JSON/],
    [good.slice(0, -20), /is not JSON/],
    [JSON.stringify({ ...stored, format: 2 }), /\/format/],
    [JSON.stringify({ ...stored, keys: [] }), /\/keys/],
    [
      JSON.stringify({ ...stored, keys: [{ ...stored.keys[0], key: `${key.slice(4)}` }] }),
      /\/keys\/0\/key must be 32 bytes/,
    ],
    [
      JSON.stringify({ ...stored, keys: [{ ...stored.keys[0], key: Buffer.alloc(32).toString("base64") }] }),
      /\/keys\/0\/key must not be all zeros/,
    ],
    [JSON.stringify({ ...stored, keys: [...stored.keys, ...stored.keys] }), /two keys of the same id/],
    [good.padEnd(limits.keyringBytesMax + 1), /is larger than/],
  ];
  for (const [text, message] of bad) {
    writeFileSync(file, text);
    refused(t, () => openKeyRingFile(options), "unusable", message);
    t.is(readFileSync(file, "utf8"), text);
    const error = t.throws(() => openKeyRingFile(options));
    t.false(error?.message.includes(key.slice(8, 30)));
  }
});

test("a ring that others may read is told of", (t) => {
  const options = setUp(t);
  const { file } = openKeyRingFile(options);
  chmodSync(file, 0o644);
  t.regex(openKeyRingFile(options).warnings.join(), /chmod 600/);
  chmodSync(file, 0o640);
  t.deepEqual(openKeyRingFile(options).warnings, []);
});

test("a place that cannot be made is said to be so", (t) => {
  const options = setUp(t);
  writeFileSync(join(options.root, "data.keys"), "a file");
  refused(t, () => openKeyRingFile(options), "unusable", /cannot be (read|made)/);
  const directory = setUp(t);
  mkdirSync(defaultKeyRingFile(directory.dataDirectory), { recursive: true });
  refused(t, () => openKeyRingFile(directory), "unusable", /cannot be read/);
});

test("an added key seals from then on, and what was sealed before opens", (t) => {
  const options = setUp(t);
  const before = openKeyRingFile(options);
  const sealed = before.ring.seal("sealing", Buffer.from("old"), "p");
  const id = addRingKey(before.file, systemRandom, systemClock);
  const after = openKeyRingFile({ ...options, isSealed: true });
  t.is(after.ring.newestId, id);
  t.is(after.ring.keys.length, 2);
  t.is(after.ring.open("sealing", sealed, "p").toString(), "old");
  t.is(statSync(after.file).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(join(after.file, "..")), ["keyring.json"]);
});

test("a full ring takes no key, and a missing one is not made by adding", (t) => {
  const options = setUp(t);
  const { file } = openKeyRingFile(options);
  for (let count = 1; count < limits.keyringKeysMax; count++) addRingKey(file, systemRandom, systemClock);
  t.is(openKeyRingFile(options).ring.keys.length, limits.keyringKeysMax);
  refused(t, () => addRingKey(file, systemRandom, systemClock), "unusable", /no room/);
  refused(t, () => addRingKey(join(options.root, "none.json"), systemRandom, systemClock), "missing", /no key ring/);
});

test("of two first starts at once both get the same ring", (t) => {
  const options = setUp(t);
  // The second start comes between the first one's look and its link.
  let other: ReturnType<typeof openKeyRingFile> | undefined;
  const clock = {
    ...systemClock,
    nowMs: () => {
      other ??= openKeyRingFile({ ...options, clock: systemClock });
      return systemClock.nowMs();
    },
  };
  const first = openKeyRingFile({ ...options, clock });
  t.true(other?.isNew);
  t.false(first.isNew);
  t.deepEqual(first.ring.keys, other?.ring.keys);
});
