/**
 * A node is killed before each single change it makes to a file during one PUT, one CompleteMultipartUpload, one
 * DELETE, one collection and one CreateBucket with all that it may be given: at every point, what was acknowledged is there,
 * and the operation is whole or absent.
 * `--points N` (default: all) kills an operation of more points at its first and last N / 2: between are writes of bytes.
 */

import { join } from "node:path";
import { digestOf } from "../support/journal.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { Shim } from "../support/shim.ts";
import { runSuite } from "../support/suite.ts";

const MiB = 1024 * 1024;
const bucket = "syscall-suite";

/** One operation under test. `before` and `after` are what the target may hold. */
interface Scenario {
  readonly name: string;
  readonly before: Buffer | null;
  readonly after: Buffer | null;
  /** Runs once before the fault is armed; its result is given to `act`. */
  readonly prepare?: (client: S3Client, key: string) => Promise<string>;
  readonly act: (client: S3Client, key: string, prepared: string) => Promise<boolean>;
  /** What the target holds; null: nothing. Default: the object of that key. */
  readonly look?: (client: S3Client, key: string) => Promise<Buffer | null>;
  /** Whether the operation, done once more, is to be acknowledged and to end as the first time. */
  readonly isRepeatable?: boolean;
}

const path = (key: string): string => `/${bucket}/${key}`;
const ok = (status: number): boolean => status >= 200 && status < 300;
const filled = (size: number, seed: number): Buffer => {
  const bytes = Buffer.alloc(size, seed);
  for (let at = 0; at + 4 <= size; at += 4096) bytes.writeUInt32LE(at ^ seed, at);
  return bytes;
};
const put = (body: Buffer) => async (client: S3Client, key: string) =>
  ok((await client.send("PUT", path(key), { body })).status);

const prepareUpload = async (client: S3Client, key: string): Promise<string> => {
  const created = (await client.send("POST", path(key), { query: { uploads: "" } })).body.toString();
  const uploadId = /<UploadId>([^<]+)</.exec(created)?.[1] ?? "";
  let parts = "";
  for (const [index, body] of [filled(5 * MiB, 3), filled(20_000, 4)].entries()) {
    const answer = await client.send("PUT", path(key), { query: { partNumber: String(index + 1), uploadId }, body });
    parts += `<Part><PartNumber>${index + 1}</PartNumber><ETag>${answer.headers["etag"]}</ETag></Part>`;
  }
  return `${uploadId} <CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
};
const complete = async (client: S3Client, key: string, prepared: string): Promise<boolean> => {
  const [uploadId = "", ...xml] = prepared.split(" ");
  return ok((await client.send("POST", path(key), { query: { uploadId }, body: Buffer.from(xml.join(" ")) })).status);
};
/** Overwrites and waits, so that the collector works on what was there. */
const collect = async (client: S3Client, key: string): Promise<boolean> => {
  const done = ok((await client.send("PUT", path(key), { body: filled(10, 9) })).status);
  await new Promise((resolve) => setTimeout(resolve, 700));
  return done;
};

const getObject = async (client: S3Client, key: string): Promise<Buffer | null> => {
  const answer = await client.send("GET", path(key));
  if (answer.status !== 200 && answer.status !== 404) throw new Error(`GET answered ${answer.status}`);
  return answer.status === 200 ? answer.body : null;
};

const bucketSetup = {
  "x-amz-bucket-object-lock-enabled": "true",
  "x-amz-object-ownership": "ObjectWriter",
  "x-amz-acl": "public-read",
};
/** What the documents of a bucket that was made so say. */
const setupWords = [
  "<Status>Enabled<",
  "<ObjectLockEnabled>Enabled<",
  "<ObjectOwnership>ObjectWriter<",
  "groups/global/AllUsers<",
];
const makeBucket = async (client: S3Client, name: string): Promise<boolean> =>
  ok((await client.send("PUT", `/${name}`, { headers: bucketSetup })).status);
/** What a bucket of this name is, in words; null: nothing shows it. */
const getBucket = async (client: S3Client, name: string): Promise<Buffer | null> => {
  const of = async (query: string): Promise<string> =>
    (await client.send("GET", `/${name}`, { query: { [query]: "" } })).body.toString();
  const isListed = (await client.send("GET", "/")).body.includes(`<Name>${name}</Name>`);
  if ((await client.send("HEAD", `/${name}`)).status === 404) return isListed ? Buffer.from("listed alone") : null;
  const told = [await of("versioning"), await of("object-lock"), await of("ownershipControls"), await of("acl")].join();
  return Buffer.from([isListed ? "listed" : "not listed", ...setupWords.filter((word) => told.includes(word))].join());
};

const scenarios: readonly Scenario[] = [
  { name: "PUT inline", before: filled(2000, 1), after: filled(3000, 2), act: put(filled(3000, 2)) },
  { name: "PUT segment", before: filled(2000, 1), after: filled(90_000, 2), act: put(filled(90_000, 2)) },
  { name: "PUT chunk files", before: null, after: filled(9 * MiB, 2), act: put(filled(9 * MiB, 2)) },
  {
    name: "DELETE",
    before: filled(2 * MiB, 1),
    after: null,
    act: async (client, key) => ok((await client.send("DELETE", path(key))).status),
  },
  {
    name: "Complete",
    before: filled(50_000, 1),
    after: Buffer.concat([filled(5 * MiB, 3), filled(20_000, 4)]),
    prepare: prepareUpload,
    act: complete,
  },
  { name: "collection", before: filled(5 * MiB + 300_000, 1), after: filled(10, 9), act: collect },
  {
    name: "CreateBucket",
    before: null,
    after: Buffer.from(["listed", ...setupWords].join()),
    act: makeBucket,
    look: getBucket,
    isRepeatable: true,
  },
];

const bystander = filled(70_000, 5);
/** Longer than the client's answer takes to be followed by the node's end. */
const endsWithinMs = 150;

interface Outcome {
  readonly died: boolean;
  readonly acknowledged: boolean;
}

/** Prepares a key, arms the shim and runs the operation. `point` 0 kills at none. */
async function killAt(scenario: Scenario, point: number, node: NodeProcess, shim: Shim): Promise<Outcome> {
  const client = new S3Client({ endpoint: node.endpoint, ...testKeys });
  const key = `target-${point}`;
  await client.send("PUT", path(`bystander-${point}`), { body: bystander });
  if (scenario.before) await client.send("PUT", path(key), { body: scenario.before });
  const prepared = scenario.prepare ? await scenario.prepare(client, key) : "";
  // What the node does by itself after these writes is over by then, and counts for no point.
  await new Promise((resolve) => setTimeout(resolve, 300));
  shim.arm({ killAt: point });
  const acknowledged = await scenario.act(client, key, prepared).catch(() => false);
  const died = await Promise.race([
    node.exited.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, endsWithinMs, false)),
  ]);
  client.close();
  return { died, acknowledged };
}

/** Digest of what the target of this point holds; null: nothing. */
async function foundAt({ look = getObject }: Scenario, reader: S3Client, point: number): Promise<string | null> {
  const found = await look(reader, `target-${point}`);
  return found === null ? null : digestOf(found);
}

/** Points in order; those in the middle are left out when there are more than `max`. One more than counted ends the row. */
function pointsOf(counted: number, max: number): number[] {
  const all = Array.from({ length: counted + 1 }, (_, index) => index + 1);
  return counted <= max ? all : [...all.slice(0, Math.ceil(max / 2)), ...all.slice(-Math.floor(max / 2))];
}

await runSuite("syscall", async ({ directory, option, say, check }) => {
  const shim = Shim.build(directory);
  const pointsMax = option("points", Number.POSITIVE_INFINITY);
  for (const scenario of scenarios) {
    const data = join(directory, `data-${scenario.name.replace(/\W/g, "-")}`);
    const environment = shim.environment(data);
    const allowed = [scenario.before, scenario.after].map((body) => (body ? digestOf(body) : null));
    let node = await NodeProcess.start({ data, environment });
    const setup = new S3Client({ endpoint: node.endpoint, ...testKeys });
    await setup.send("PUT", `/${bucket}`);
    setup.close();
    check(`${scenario.name} works when it is left alone`, (await killAt(scenario, 0, node, shim)).acknowledged);
    const counted = shim.count();
    const points = pointsOf(counted, pointsMax);
    shim.disarm();
    let killed = 0;
    const bystanders: number[] = [];
    for (const point of points) {
      const { died, acknowledged } = await killAt(scenario, point, node, shim);
      shim.disarm();
      bystanders.push(point);
      if (!died) await node.kill();
      // The node that is judged is also the one that the next point is tried on.
      node = await NodeProcess.start({ data, environment });
      const reader = new S3Client({ endpoint: node.endpoint, ...testKeys });
      const found = await foundAt(scenario, reader, point);
      const wanted = acknowledged ? [allowed[1]] : allowed;
      check(`${scenario.name}, killed at ${point}: ${found} (acknowledged: ${acknowledged})`, wanted.includes(found));
      if (scenario.isRepeatable === true) {
        const isDone = await scenario.act(reader, `target-${point}`, "");
        const again = await foundAt(scenario, reader, point);
        check(`${scenario.name}, killed at ${point}: done once more it is whole`, isDone && again === allowed[1]);
      }
      let whole = 0;
      for (const earlier of bystanders) {
        const near = await reader.send("GET", path(`bystander-${earlier}`));
        if (digestOf(near.body) === digestOf(bystander)) whole += 1;
      }
      check(`${scenario.name}, killed at ${point}: the bystanders are whole`, whole === bystanders.length);
      reader.close();
      if (died) killed += 1;
    }
    say(`${scenario.name}: killed at ${killed} of ${points.length} points tried, of ${counted} counted`);
    // The collector's part of an operation comes when it comes: some counted points are past the end of a run.
    check(`${scenario.name} is killed where it changes files`, killed > 0 && killed >= points.length / 3);
    check(`${scenario.name}: the node stops cleanly`, (await node.stop()) === 0);
  }
});
