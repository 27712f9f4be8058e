import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { DataDirectory, DataDirectoryError, type DataDirectoryOptions } from "./data-directory.ts";
import { formatNumber } from "./directory-format.ts";
import { DirectoryLockedError } from "./directory-lock.ts";
import { systemDisk } from "./disk.ts";
import { FaultyDisk } from "./faulty-disk.ts";
import { temporaryDirectory } from "./partition-fixture.ts";

function setUp(overrides: Partial<DataDirectoryOptions> = {}) {
  const { path: parent, remove } = temporaryDirectory();
  const path = join(parent, "data");
  const options: DataDirectoryOptions = {
    path,
    partitions: 2,
    disk: systemDisk,
    random: systemRandom,
    clock: systemClock,
    unsafeFs: true,
    lockWaitMs: 0,
    ...overrides,
  };
  return { path, options, remove };
}

test("a new directory is formatted, private, and opens again as it is", async (t) => {
  const { path, options, remove } = setUp();
  const directory = await DataDirectory.open(options);
  t.is(directory.partitions, 2);
  t.regex(directory.format.nodeEpoch, /^[0-9a-f]{16}$/);
  t.is(directory.partitionPath(1), join(path, "partitions", "0001"));
  t.deepEqual(readdirSync(directory.partitionPath(1)).sort(), ["chunks", "meta", "segments", "tmp"]);
  t.is(statSync(path).mode & 0o777, 0o700);
  t.is(statSync(join(path, "format.json")).mode & 0o777, 0o600);
  directory.close();
  const again = await DataDirectory.open({ ...options, partitions: 7 });
  t.deepEqual(again.format, directory.format);
  again.close();
  remove();
});

test("format.json is flushed before it gets its name, and the name is flushed after", async (t) => {
  const faulty = new FaultyDisk(systemDisk);
  const { options, remove } = setUp({ disk: faulty.disk });
  (await DataDirectory.open(options)).close();
  const { log } = faulty;
  t.true(log.lastIndexOf("fdatasync") < log.indexOf("rename"));
  t.true(log.indexOf("rename") < log.lastIndexOf("fsyncDirectory"));
  remove();
});

test("a format that a crash interrupted is done again", async (t) => {
  const faulty = new FaultyDisk(systemDisk);
  const { options, remove } = setUp({ disk: faulty.disk });
  faulty.fail("rename", { code: "EIO", times: 1 });
  await t.throwsAsync(DataDirectory.open(options), { message: /EIO/ });
  const directory = await DataDirectory.open(options);
  t.is(directory.partitions, 2);
  directory.close();
  remove();
});

test("what a crash left in tmp/ is removed", async (t) => {
  const { options, remove } = setUp();
  const directory = await DataDirectory.open(options);
  writeFileSync(join(directory.partitionPath(0), "tmp", "0123456789abcdef"), "half a body");
  directory.close();
  (await DataDirectory.open(options)).close();
  t.deepEqual(readdirSync(join(directory.partitionPath(0), "tmp")), []);
  remove();
});

test("a newer format, damage, and a missing partition are told apart", async (t) => {
  const { path, options, remove } = setUp();
  (await DataDirectory.open(options)).close();
  const file = join(path, "format.json");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(`"format": ${formatNumber}`, `"format": ${formatNumber + 1}`));
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DataDirectoryError, message: /newer version/ });
  writeFileSync(file, text.slice(0, 40));
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DataDirectoryError, message: /damaged/ });
  writeFileSync(file, text);
  rmSync(join(path, "partitions", "0001"), { recursive: true });
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DataDirectoryError, message: /0001.*is missing/ });
  remove();
});

test("a directory of format 1 is opened and takes the newest number, so that an older program refuses it", async (t) => {
  const { path, options, remove } = setUp();
  (await DataDirectory.open(options)).close();
  const file = join(path, "format.json");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(`"format": ${formatNumber}`, '"format": 1'));
  writeFileSync(join(path, "format.json.new"), "half of an attempt that a crash ended");
  const directory = await DataDirectory.open(options);
  t.is(directory.format.format, formatNumber);
  directory.close();
  t.is(readFileSync(file, "utf8"), text);
  t.false(readdirSync(path).includes("format.json.new"));
  writeFileSync(file, text.replace(`"format": ${formatNumber}`, '"format": 0'));
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DataDirectoryError, message: /damaged/ });
  remove();
});

test("a directory with foreign content, or with data and no format.json, is not formatted", async (t) => {
  const { path, options, remove } = setUp();
  mkdirSync(path);
  writeFileSync(join(path, "photo.jpg"), "");
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DataDirectoryError, message: /photo\.jpg/ });
  rmSync(join(path, "photo.jpg"));
  const directory = await DataDirectory.open(options);
  writeFileSync(join(directory.metadataPath(1), "data.mdb"), "rows");
  directory.close();
  rmSync(join(path, "format.json"));
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DataDirectoryError, message: /holds data/ });
  remove();
});

test("file systems without trustworthy locks or flushes are refused unless asked for", async (t) => {
  const faulty = new FaultyDisk(systemDisk);
  faulty.replace("fileSystem", () => Promise.resolve({ typeId: 0x6969, totalBytes: 1, freeBytes: 1 }));
  const { options, remove } = setUp({ disk: faulty.disk, unsafeFs: false });
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DataDirectoryError, message: /nfs/ });
  (await DataDirectory.open({ ...options, unsafeFs: true })).close();
  remove();
});

test("a second node in this or another process is refused, until the first ends", async (t) => {
  const { path, options, remove } = setUp();
  const directory = await DataDirectory.open(options);
  await t.throwsAsync(DataDirectory.open(options), { instanceOf: DirectoryLockedError, message: /process \d+/ });
  directory.close();
  const script = `
    const { lockDirectory } = await import(${JSON.stringify(new URL("./directory-lock.js", import.meta.url).href)});
    const { systemDisk } = await import(${JSON.stringify(new URL("./disk.js", import.meta.url).href)});
    const { systemClock } = await import(${JSON.stringify(new URL("../base/clock.js", import.meta.url).href)});
    await lockDirectory(${JSON.stringify(join(path, "lock"))}, { disk: systemDisk, clock: systemClock });
    process.stdout.write("locked");
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  await t.throwsAsync(DataDirectory.open(options), {
    instanceOf: DirectoryLockedError,
    message: new RegExp(`process ${child.pid}`),
  });
  const waiting = DataDirectory.open({ ...options, lockWaitMs: 60_000 });
  child.kill("SIGKILL");
  (await waiting).close();
  t.pass();
  remove();
});

test("partitions are spread over further volumes, which stay where they are", async (t) => {
  const { path, options, remove } = setUp({ partitions: 1 });
  const volumes = [`${path}-b`, `${path}-c`];
  const directory = await DataDirectory.open({ ...options, volumes });
  t.deepEqual(
    directory.format.partitions.map(({ volume }) => volume),
    ["default", ...volumes],
  );
  t.is(directory.partitionPath(2), join(`${path}-c`, "partitions", "0002"));
  t.deepEqual(readdirSync(directory.partitionPath(1)).sort(), ["chunks", "meta", "segments", "tmp"]);
  await t.throwsAsync(DataDirectory.open({ ...options, volumes }), { instanceOf: DirectoryLockedError });
  directory.close();
  const again = await DataDirectory.open(options);
  t.is(again.partitionPath(1), directory.partitionPath(1), "the format knows its volumes without the configuration");
  again.close();
  await t.throwsAsync(DataDirectory.open({ ...options, volumes: [`${path}-d`] }), { instanceOf: DataDirectoryError });
  rmSync(directory.partitionPath(1), { recursive: true });
  await t.throwsAsync(DataDirectory.open(options), { message: /is a volume not mounted/ });
  remove();
});

test("a volume of another installation is refused", async (t) => {
  const { path, options, remove } = setUp();
  (await DataDirectory.open(options)).close();
  const other = { ...options, path: `${path}-other`, volumes: [path] };
  await t.throwsAsync(DataDirectory.open(other), { instanceOf: DataDirectoryError, message: /holds/ });
  remove();
});
