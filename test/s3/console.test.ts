/** The admin API of a real node beside its S3 port: what one makes works at the other, and ends there at once. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test from "ava";
import { NodeProcess } from "../support/node-process.ts";

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const directory = mkdtempSync(join(tmpdir(), "troupe-console-"));
const nodes: NodeProcess[] = [];

test.before(async () => {
  for (const implementation of ["uws", "node"]) {
    const data = join(directory, implementation);
    nodes.push(await NodeProcess.start({ data, arguments: ["--set", `front.implementation=${implementation}`] }));
  }
});

test.after.always(async (t) => {
  for (const node of nodes) t.is(await node.stop(), 0);
  rmSync(directory, { recursive: true });
});

/** Somebody at the console. */
class Person {
  readonly #console: string;
  #headers: Record<string, string> = {};

  constructor(console: string) {
    this.#console = console;
  }

  async signIn(email: string, password: string): Promise<void> {
    const answer = await this.send("POST", "/session", { email, password });
    const { csrf } = (await answer.json()) as { csrf: string };
    const cookie = answer.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
    this.#headers = { cookie: cookie.join("; "), origin: this.#console, "x-troupe-csrf": csrf };
  }

  send(method: string, path: string, body?: unknown): Promise<Response> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { ...this.#headers, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    return fetch(`${this.#console}/api/v1${path}`, { method, headers, ...sent });
  }

  async made<T>(path: string, body: unknown = {}): Promise<T> {
    const answer = await this.send("POST", path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

const clientOf = (endpoint: string, credentials: Credentials): S3Client =>
  new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials, maxAttempts: 1 });

async function outcome(client: S3Client): Promise<string> {
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    return Buckets.map(({ Name }) => Name).join();
  } catch (error) {
    return (error as Error).name;
  }
}

async function root(node: NodeProcess): Promise<Person> {
  const person = new Person(node.consoleEndpoint);
  await person.signIn("root@example.com", "a password of the suites");
  return person;
}

test("R14: /signin and /admin on the S3 port lead to the console", async (t) => {
  for (const node of nodes) {
    for (const path of ["/signin", "/admin"]) {
      const answer = await fetch(node.endpoint + path, { redirect: "manual" });
      t.is(answer.status, 302);
      t.is(answer.headers.get("location"), node.consoleEndpoint + path);
    }
  }
});

test("R44, R45: keys sign S3 requests and links, and a disabled one is refused on the next request", async (t) => {
  for (const node of nodes) {
    const person = await root(node);
    await person.made("/buckets", { name: "shared" });
    const keys: Credentials[] = [];
    for (let count = 0; count < 3; count++) {
      const { accessKeyId, secretAccessKey } = await person.made<Credentials>("/me/keys");
      keys.push({ accessKeyId, secretAccessKey });
    }
    const clients = keys.map((key) => clientOf(node.endpoint, key));
    const [first] = clients;
    if (first === undefined) throw new Error("no key was made");
    await first.send(new PutObjectCommand({ Bucket: "shared", Key: "note", Body: "hello" }));
    const link = await getSignedUrl(first, new GetObjectCommand({ Bucket: "shared", Key: "note" }), { expiresIn: 60 });
    t.is(await (await fetch(link)).text(), "hello");
    t.is((await person.send("DELETE", "/buckets/shared")).status, 409, "it is not empty");
    t.is((await person.send("PATCH", `/me/keys/${keys[0]?.accessKeyId}`, { status: "Inactive" })).status, 204);
    t.deepEqual(await Promise.all(clients.map(outcome)), ["InvalidAccessKeyId", "shared", "shared"]);
    t.is((await fetch(link)).status, 403);
    for (const client of clients) client.destroy();
  }
});

test("R22: a User's key does what its policies allow from the next request on", async (t) => {
  for (const node of nodes) {
    const person = await root(node);
    await person.made("/users", { name: "reader" });
    const { accessKeyId, secretAccessKey } = await person.made<Credentials>("/users/reader/keys");
    const client = clientOf(node.endpoint, { accessKeyId, secretAccessKey });
    t.is(await outcome(client), "AccessDenied");
    const policyArn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    t.is((await person.send("POST", "/users/reader/policies", { policyArn })).status, 204);
    t.not(await outcome(client), "AccessDenied");
    const query = `?policyArn=${encodeURIComponent(policyArn)}`;
    t.is((await person.send("DELETE", `/users/reader/policies${query}`)).status, 204);
    t.is(await outcome(client), "AccessDenied");
    client.destroy();
  }
});

test.serial(
  "R38: deleting a bucket that is not empty is refused with the reason and the count, and deletes nothing",
  async (t) => {
    for (const node of nodes) {
      const person = await root(node);
      const { accessKeyId, secretAccessKey } = await person.made<Credentials>("/me/keys");
      const client = clientOf(node.endpoint, { accessKeyId, secretAccessKey });
      await person.made("/buckets", { name: "full" });
      await client.send(
        new PutBucketVersioningCommand({ Bucket: "full", VersioningConfiguration: { Status: "Enabled" } }),
      );
      const keys = ["a", "b", "c", "a", "a"];
      for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: "full", Key, Body: "x" }));
      await client.send(new DeleteObjectCommand({ Bucket: "full", Key: "b" }));
      const refused = await person.send("DELETE", "/buckets/full");
      t.is(refused.status, 409);
      const problem = (await refused.json()) as { code: string; detail: string };
      t.is(problem.code, "BucketNotEmpty");
      // Shown: a and c. Beside them: two older versions of a, b's version and its delete marker.
      t.regex(problem.detail, /^It holds 2 objects and 4 other versions and delete markers\./);
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: "full" }),
      );
      t.is(Versions.length + DeleteMarkers.length, 6, "all is there");
      for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
        await client.send(new DeleteObjectCommand({ Bucket: "full", Key, VersionId }));
      }
      t.is((await person.send("DELETE", "/buckets/full")).status, 204, "empty, it goes");
      client.destroy();
    }
  },
);

test("the console's own credentials reach S3 while the session lives", async (t) => {
  for (const node of nodes) {
    const person = await root(node);
    const { accessKeyId, secretAccessKey, sessionToken } =
      await person.made<Required<Credentials>>("/session/s3-credentials");
    const client = clientOf(node.endpoint, { accessKeyId, secretAccessKey, sessionToken });
    t.notRegex(await outcome(client), /Denied|Invalid|Expired/);
    t.is((await person.send("DELETE", "/session")).status, 204);
    t.regex(await outcome(client), /^(Invalid|Expired|AccessDenied)/);
    client.destroy();
  }
});
