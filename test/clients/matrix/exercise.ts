/** The scenarios: of command-line clients by what they offer, and of programs that are written in a client's language. */

import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { manyKeys, type Printed, type RunOptions, type TestFile, type World, wrongSecret } from "./world.ts";

/** What a command-line client offers; what it does not is left out. */
export interface Commands {
  makeBucket?(bucket: string): Promise<unknown>;
  removeBucket?(bucket: string): Promise<unknown>;
  put(path: string, key: string): Promise<unknown>;
  get(key: string, path: string): Promise<unknown>;
  remove(key: string): Promise<unknown>;
  copy?(from: string, to: string): Promise<unknown>;
  move?(from: string, to: string): Promise<unknown>;
  /** Every key below a prefix. */
  list?(bucket: string): Promise<Printed>;
  presignGet?(key: string): Promise<string>;
  syncUp?(directory: string, prefix: string): Promise<unknown>;
  syncDown?(prefix: string, directory: string): Promise<unknown>;
  removeAll?(prefix: string): Promise<unknown>;
  /** Lists with a wrong secret: must fail. */
  refused(secret: string): Promise<Printed>;
  /** Keys that the client itself cannot name. */
  readonly skipsKeys?: RegExp;
  /** Keys that it can name, but does not encode as the source of a copy. */
  readonly skipsCopies?: RegExp;
  /** What the large file becomes by default. */
  readonly large: "multipart" | "one PUT";
}

export const refusal =
  /SignatureDoesNotMatch|InvalidAccessKeyId|AccessDenied|403|[Ff]orbidden|Access ?[Dd]enied|Access Key Id/;

/** Uses every command that there is, and judges each by what is stored or received. */
export async function useCommands(world: World, commands: Commands): Promise<void> {
  const { bucket, manyBucket, multipart } = world.options;
  const files = world.options.files.filter(({ key }) => !commands.skipsKeys?.test(key));
  if (commands.makeBucket) {
    await commands.makeBucket(bucket);
    world.did("create bucket");
  } else await world.wire.send("PUT", `/${bucket}`);
  for (const file of [...files, multipart]) {
    await commands.put(file.path, file.key);
    await world.stored(file);
    const path = world.scratch("received", String(file.bytes));
    await commands.get(file.key, path);
    await world.received(path, file);
  }
  world.did(`put, get of ${files.length + 1} sizes and names`);
  if (commands.large === "multipart") {
    await world.isMultipart(multipart.key);
    world.did("multipart");
  }
  await copyAndMove(world, commands, files);
  if (commands.list) {
    const { stdout } = await commands.list(manyBucket);
    const found = new Set(stdout.match(/key-\d{5}/g) ?? []).size;
    if (found !== manyKeys) throw new Error(`lists ${found} of ${manyKeys} keys`);
    world.did(`list ${manyKeys} keys`);
  }
  if (commands.presignGet) {
    const file = files[1] ?? multipart;
    const url = await commands.presignGet(file.key);
    if ((await fetchStatus(url)) !== 200) throw new Error(`a presigned GET was refused: ${url}`);
    world.did("presign GET");
  }
  await syncBothWays(world, commands);
  await world.mustFail(commands.refused(wrongSecret), refusal);
  world.did("wrong secret");
  for (const file of files.slice(0, 3)) {
    await commands.remove(file.key);
    await world.absent(file.key);
  }
  world.did("delete");
  if (commands.removeBucket) {
    const left = await world.keys();
    for (const key of left) await world.wire.send("DELETE", `/${bucket}/${key}`);
    await commands.removeBucket(bucket);
    const { status } = await world.wire.send("HEAD", `/${bucket}`);
    if (status !== 404) throw new Error(`the bucket is still there: ${status}`);
    world.did("delete bucket");
  }
}

async function copyAndMove(world: World, commands: Commands, files: readonly TestFile[]): Promise<void> {
  const sources = files.filter(({ bytes }) => bytes > 0);
  if (commands.copy) {
    const copied = [...sources.filter(({ key }) => !commands.skipsCopies?.test(key)), world.options.multipart];
    for (const file of copied) {
      await commands.copy(file.key, `copies/${file.key}`);
      await world.stored(file, `copies/${file.key}`);
    }
    world.did("copy");
  }
  if (commands.move && sources[0]) {
    const [file] = sources;
    await commands.put(file.path, `moved/from ${file.key}`);
    await commands.move(`moved/from ${file.key}`, `moved/to ${file.key}`);
    await world.stored(file, `moved/to ${file.key}`);
    await world.absent(`moved/from ${file.key}`);
    world.did("move");
  }
}

const treeFiles = 60;

/** A tree goes up, comes back, one file changes, and only the tree's present state is stored. */
async function syncBothWays(world: World, commands: Commands): Promise<void> {
  if (!commands.syncUp) return;
  const tree = world.scratch("tree");
  const expected = new Map<string, string>();
  for (let number = 0; number < treeFiles; number++) {
    const name = `${number % 5}/sub folder/file ${number}.txt`;
    mkdirSync(join(tree, name, ".."), { recursive: true });
    writeFileSync(join(tree, name), `content of ${name}\n`.repeat(number));
    expected.set(`tree/${name}`, name);
  }
  await commands.syncUp(tree, "tree");
  writeFileSync(join(tree, "0/sub folder/file 5.txt"), "changed, and longer than it was before: by far");
  await commands.syncUp(tree, "tree");
  const stored = await world.keys("tree/");
  // Some clients also store an object per folder.
  const keys = stored.filter((key) => !key.endsWith("/"));
  if (keys.length !== expected.size) throw new Error(`sync stored ${keys.length} of ${expected.size} files`);
  const changed = await world.wire.send("GET", `/${world.options.bucket}/tree/0/sub folder/file 5.txt`);
  if (!changed.body.toString().startsWith("changed")) throw new Error("sync did not store the change");
  world.did(`sync up ${treeFiles} files`);
  if (commands.syncDown) {
    const back = world.scratch("back");
    mkdirSync(back, { recursive: true });
    await commands.syncDown("tree", back);
    compareTrees(tree, back);
    world.did("sync down");
  }
  if (commands.removeAll) {
    await commands.removeAll("tree");
    if ((await world.keys("tree/")).length > 0) throw new Error("deleting the tree left something");
    world.did("delete a tree");
  }
}

/** Throws unless both have the same files of the same sizes. */
export function compareTrees(one: string, other: string): void {
  const list = (root: string): string =>
    readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(root, name)).isFile())
      .map((name) => `${name} ${statSync(join(root, name)).size}`)
      .sort()
      .join("\n");
  const [left, right] = [list(one), list(other)];
  if (left !== right || left === "") throw new Error("the tree that came back is not the one that went up");
}

/** Status of a plain request without credentials; the certificate is judged elsewhere. */
export const fetchStatus = (url: string, method = "GET", body?: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    const open = url.startsWith("https:") ? httpsRequest : httpRequest;
    const headers = body === undefined ? {} : { "content-length": String(body.length) };
    const outgoing = open(url, { method, headers, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });

/**
 * Runs a program in the client's language. It gets the plan of files as plan.json, prints "did: WHAT" per thing done, and
 * ends with 0 when all was right. What it stores below "kept/" is compared on the wire afterwards.
 */
export async function useProgram(
  world: World,
  words: readonly string[],
  options: RunOptions & { readonly keepsNothing?: boolean } = {},
): Promise<void> {
  const { endpoint, bucket, manyBucket, files, multipart, certificate } = world.options;
  const plan = world.scratch("plan.json");
  writeFileSync(plan, JSON.stringify({ files: [...files, multipart] }));
  await world.wire.send("PUT", `/${bucket}`);
  const environment = {
    TROUPE_ENDPOINT: endpoint,
    TROUPE_BUCKET: bucket,
    TROUPE_MANY_BUCKET: manyBucket,
    TROUPE_MANY_KEYS: String(manyKeys),
    TROUPE_PLAN: plan,
    TROUPE_SCRATCH: world.scratch(),
    TROUPE_WRONG_SECRET: wrongSecret,
    TROUPE_CA: world.isTls ? certificate : "",
    ...options.environment,
  };
  const { stdout } = await world.run(words, { ...options, environment });
  const done = [...stdout.matchAll(/^did: (.+)$/gm)].map((match) => match[1] ?? "");
  if (done.length === 0) throw new Error(`the program did nothing: ${stdout.slice(0, 500)}`);
  for (const what of done) world.did(what);
  if (options.keepsNothing === true) return;
  const kept = await world.keys("kept/");
  if (kept.length === 0) throw new Error("the program kept no object to compare");
  for (const key of kept) {
    const file = [...files, multipart].find((candidate) => `kept/${candidate.key}` === key);
    if (file === undefined) throw new Error(`a key that no file has: ${key}`);
    await world.stored(file, key);
  }
  world.did(`stored bytes compared on the wire (${kept.length})`);
}
