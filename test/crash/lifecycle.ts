/**
 * kill -9 while lifecycle passes run: what is due goes in the end, nothing else does, and the totals are exact.
 * `--objects N` (5000) of each kind, `--kills N` (8).
 */

import { join } from "node:path";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";
import { connections, expectOk, forEach } from "./requests.ts";

const bucket = "lifecycle-suite";
const versioned = "lifecycle-versions";
const settleMsMax = 120_000;

const rule = (prefix: string, actions: string): string =>
  `<Rule><Filter><Prefix>${prefix}</Prefix></Filter><Status>Enabled</Status>${actions}</Rule>`;
const past = "<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>";
const noncurrent =
  "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function configure(s3: S3Client, name: string, rules: string): Promise<void> {
  const body = Buffer.from(`<LifecycleConfiguration>${rules}</LifecycleConfiguration>`);
  // The digest that is signed is digest enough.
  await expectOk(s3.send("PUT", `/${name}`, { query: { lifecycle: "" }, body }));
}

/** Elements of all pages of a listing, as their text. */
async function listed(s3: S3Client, name: string, prefix: string, isVersions: boolean): Promise<string[]> {
  const found: string[] = [];
  const first: Record<string, string> = isVersions ? { versions: "", prefix } : { "list-type": "2", prefix };
  for (let query = first; ; ) {
    const text = (await expectOk(s3.send("GET", `/${name}`, { query }))).body.toString();
    found.push(...(text.match(/<(Contents|Version|DeleteMarker)>.*?<\/\1>/gs) ?? []));
    const word = (element: string) => new RegExp(`<${element}>([^<]*)</${element}>`).exec(text)?.[1];
    const token = word("NextContinuationToken");
    const key = word("NextKeyMarker");
    if (token !== undefined) query = { ...first, "continuation-token": token };
    else if (key !== undefined)
      query = { ...first, "key-marker": key, "version-id-marker": word("NextVersionIdMarker") ?? "" };
    else return found;
  }
}

const countOf = async (...asked: Parameters<typeof listed>): Promise<number> => (await listed(...asked)).length;

await runSuite("lifecycle", async ({ directory, option, say, check }) => {
  const objects = option("objects", 5000);
  const kills = option("kills", 8);
  const data = join(directory, "data");
  const histories = Math.ceil(objects / 10);
  const start = async () => {
    const node = await NodeProcess.start({ data, arguments: ["--set", "lifecycle.daySeconds=1"] });
    return { node, s3: new S3Client({ endpoint: node.endpoint, ...testKeys, connections }) };
  };
  let { node, s3 } = await start();
  for (const name of [bucket, versioned]) await expectOk(s3.send("PUT", `/${name}`));
  const enabled = Buffer.from("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  await expectOk(s3.send("PUT", `/${versioned}`, { query: { versioning: "" }, body: enabled }));
  const put = (name: string, key: string, body: string) =>
    expectOk(s3.send("PUT", `/${name}/${key}`, { body: Buffer.from(body) }));
  await forEach(objects, (index) => put(bucket, `due/${index}`, "x".repeat(index % 20_000)));
  await forEach(objects, (index) => put(bucket, `kept/${index}`, String(index)));
  for (let version = 0; version < 5; version++) {
    await forEach(histories, (index) => put(versioned, `history/${index}`, `${version}`));
  }
  await forEach(histories, (index) => put(versioned, `due/${index}`, "x"));
  await configure(s3, bucket, rule("due/", past));
  await configure(s3, versioned, rule("due/", past) + rule("history/", noncurrent));
  for (let kill = 0; kill < kills; kill++) {
    await pause(20 + Math.random() * 400);
    await node.kill();
    ({ node, s3 } = await start());
    const left = await countOf(s3, bucket, "due/", false);
    const versionsLeft = await countOf(s3, versioned, "", true);
    say(`kill ${kill}: ${left} of ${objects} objects are left, and ${versionsLeft} of ${histories * 6} versions`);
    check(`kill ${kill}: nothing else is gone`, (await countOf(s3, bucket, "kept/", false)) === objects);
    check(`kill ${kill}: the current versions stay`, (await countOf(s3, versioned, "history/", false)) === histories);
  }
  const isDone = async () =>
    (await countOf(s3, bucket, "due/", false)) === 0 &&
    (await countOf(s3, versioned, "due/", false)) === 0 &&
    (await countOf(s3, versioned, "history/", true)) === histories * 2;
  for (const deadline = performance.now() + settleMsMax; !(await isDone()) && performance.now() < deadline; )
    await pause(200);
  check("what is due is gone, and the newest noncurrent version is kept", await isDone());
  const dueVersions = await countOf(s3, versioned, "due/", true);
  check("an expired current version stands below its delete marker", dueVersions === histories * 2);
  let wrong = 0;
  await forEach(objects, async (index) => {
    const { status, body } = await s3.send("GET", `/${bucket}/kept/${index}`);
    if (status !== 200 || body.toString() !== String(index)) wrong += 1;
  });
  check("every object that is kept reads as it was written", wrong === 0);
  check("SIGTERM drains and exits 0", (await node.stop()) === 0);
});
