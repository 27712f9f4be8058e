/**
 * Tests against real nodes: one for each HTTP server, started once per test file. Every test is declared for both, with a
 * bucket of its own; afterwards the nodes must stop cleanly and have logged no fault.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { NodeProcess, rootDirectory, testKeys } from "./node-process.ts";
import type { S3Answer } from "./s3-client.ts";
import { type HandMadeRequest, sendPlain, sendSigned } from "./signed-request.ts";

const implementations = ["uws", "node"] as const;
type Implementation = (typeof implementations)[number];

const certificate = {
  cert: join(rootDirectory, "test/fixtures/tls/cert.pem"),
  key: join(rootDirectory, "test/fixtures/tls/key.pem"),
};

/** What a test works with. */
export interface Stand {
  readonly implementation: Implementation;
  readonly endpoint: string;
  /** Of the console port. */
  readonly consoleEndpoint: string;
  /** AWS's SDK with its defaults, but without retries: a fault must show. */
  readonly s3: S3Client;
  /** Made for this test. */
  readonly bucket: string;
  signed(request: HandMadeRequest): Promise<S3Answer>;
  plain(request: Parameters<typeof sendPlain>[1]): Promise<S3Answer>;
}

interface FrontsOptions {
  readonly tls?: boolean;
  /** An identities document. */
  readonly identities?: object;
  /** Settings beside the HTTP server's: `trustedProxies=["127.0.0.1"]`. */
  readonly settings?: readonly string[];
}

type DeclareTest = (title: string, run: (t: ExecutionContext, stand: Stand) => Promise<void>) => void;

/** Starts the nodes of a test file. @returns how its tests are declared */
export function eachFront({ tls = false, identities, settings = [] }: FrontsOptions = {}): DeclareTest {
  const directory = mkdtempSync(join(tmpdir(), "troupe-s3-"));
  const nodes = new Map<Implementation, NodeProcess>();
  const clients = new Map<Implementation, S3Client>();
  let buckets = 0;
  const identitiesFile = join(directory, "identities.json");
  test.before(async () => {
    if (identities !== undefined) writeFileSync(identitiesFile, JSON.stringify(identities));
    await Promise.all(
      implementations.map(async (implementation) => {
        const node = await NodeProcess.start({
          data: join(directory, implementation),
          arguments: [
            ...[`front.implementation=${implementation}`, ...settings].flatMap((setting) => ["--set", setting]),
            ...(identities === undefined ? [] : ["--identities", identitiesFile]),
          ],
          ...(tls ? { tls: certificate } : {}),
        });
        nodes.set(implementation, node);
        // A fault of the test's own ends this process before `after`.
        process.once("exit", () => node.signal("SIGKILL"));
        clients.set(implementation, sdkClient(node.endpoint));
      }),
    );
  });
  test.after.always(async (t) => {
    for (const client of clients.values()) client.destroy();
    for (const [implementation, node] of nodes) {
      t.is(await node.stop(), 0, `${implementation}: the node stops cleanly`);
      t.deepEqual(faultsIn(join(directory, `${implementation}.log`)), [], `${implementation}: no fault is logged`);
    }
    rmSync(directory, { recursive: true });
  });
  return (title, run) => {
    for (const implementation of implementations) {
      test(`${title} [${implementation}]`, async (t) => {
        const node = nodes.get(implementation);
        const s3 = clients.get(implementation);
        if (node === undefined || s3 === undefined) throw new Error("the node is not there");
        const { endpoint, consoleEndpoint } = node;
        const bucket = `bucket-${buckets++}`;
        await s3.send(new CreateBucketCommand({ Bucket: bucket }));
        await run(t, {
          implementation,
          endpoint,
          consoleEndpoint,
          s3,
          bucket,
          signed: (request) => sendSigned(endpoint, request),
          plain: (request) => sendPlain(endpoint, request),
        });
      });
    }
  };
}

function sdkClient(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: testKeys,
    maxAttempts: 1,
    requestHandler: { httpsAgent: new Agent({ ca: readFileSync(certificate.cert), maxSockets: 16 }) },
  });
}

function faultsIn(log: string): string[] {
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /"level":"(error|fatal)"/.test(line));
}

/** Sends what must be refused. @returns "status Code"; HEAD has no code in its body, so the SDK's name for it */
export async function refusal(sending: Promise<unknown>): Promise<string> {
  try {
    await sending;
    return "no error";
  } catch (error) {
    if (error instanceof S3ServiceException) return `${error.$metadata.httpStatusCode} ${error.name}`;
    throw error;
  }
}

/** "status Code" of a hand-made request's answer; of a good one only the status. */
export function outcome({ status, body }: S3Answer): string {
  const code = /<Code>([^<]+)<\/Code>/.exec(body.toString())?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** The text of the first element of that name. */
export function element(answer: S3Answer, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body.toString())?.[1];
}

/** Bytes that repeat nowhere at a power of two. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}
