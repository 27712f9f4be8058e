/**
 * A real tree of at least 20,000 files goes in with `aws s3 sync`, and comes back with boto3 and aws-sdk-js: every
 * byte and ETag equal, over HTTP and TLS, all clients with their default settings.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { NodeProcess, rootDirectory, testKeys } from "../support/node-process.ts";
import { CannotRun, runSuite } from "../support/suite.ts";

const run = promisify(execFile);
/** `--small`: a tree of a few hundred files. */
const isSmall = process.argv.includes("--small");
const filesMin = isSmall ? 400 : 20_000;
const partBytes = 8 * 1024 * 1024;
const md5 = (bytes: Uint8Array): Buffer => createHash("md5").update(bytes).digest();

function etagOf(bytes: Buffer): string {
  if (bytes.length < partBytes) return md5(bytes).toString("hex");
  const parts = [];
  for (let at = 0; at < bytes.length; at += partBytes) parts.push(md5(bytes.subarray(at, at + partBytes)));
  return `${md5(Buffer.concat(parts)).toString("hex")}-${parts.length}`;
}

/** Every file below a directory; like the uploads, it follows no symbolic link. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Compares every object with the file of its name; returns how many there are and what differs. */
async function compareWithSdk(
  client: S3Client,
  bucket: string,
  root: string,
): Promise<{ count: number; wrong: string[] }> {
  const entries: { key: string; etag: string }[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket }))
    for (const entry of page.Contents ?? [])
      entries.push({ key: entry.Key ?? "", etag: (entry.ETag ?? "").replaceAll('"', "") });
  const wrong: string[] = [];
  const count = entries.length;
  const next = async (): Promise<void> => {
    for (let entry = entries.pop(); entry; entry = entries.pop()) {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: entry.key }));
      const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
      const expected = readFileSync(join(root, entry.key));
      if (!body.equals(expected)) wrong.push(`${entry.key}: bytes differ`);
      else if (entry.etag !== etagOf(expected)) wrong.push(`${entry.key}: ETag ${entry.etag}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, next));
  return { count, wrong };
}

await runSuite("tree", async ({ directory, has, say, check }) => {
  const tree = join(directory, "tree");
  mkdirSync(tree);
  // Real files of all sizes: the packages of this project, of Node.js and of its Python clients.
  const sources = (isSmall ? ["src", "docs"] : ["node_modules", ".cache/clients"])
    .map((name) => join(rootDirectory, name))
    .filter(existsSync)
    .map((name) => realpathSync(name));
  for (const [index, source] of sources.entries()) symlinkSync(source, join(tree, `source-${index}`));
  // Caches of the tools change while this runs.
  const local = sources.flatMap((source) => filesIn(source).filter((name) => !name.startsWith(`${source}/.cache/`)));
  say(`${local.length} files`);
  check(`the tree has at least ${filesMin} files`, local.length >= filesMin);
  const certificate = join(rootDirectory, "test/fixtures/tls/cert.pem");
  const tls = { cert: certificate, key: join(rootDirectory, "test/fixtures/tls/key.pem") };
  // At the same time: the clients are what takes the time.
  const schemes = has("http-only") ? ["http"] : ["http", "https"];
  const exchange = async (scheme: string): Promise<void> => {
    const node = await NodeProcess.start({ data: join(directory, scheme), ...(scheme === "https" ? { tls } : {}) });
    const environment = {
      ...process.env,
      AWS_ACCESS_KEY_ID: testKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: testKeys.secretAccessKey,
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_CA_BUNDLE: certificate,
      // The clients are part of the tree.
      PYTHONDONTWRITEBYTECODE: "1",
    };
    const step = async (name: string, work: () => Promise<string>): Promise<void> => {
      const started = performance.now();
      say(`${scheme}: ${name}: ${await work()} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
    };
    const aws = (...words: string[]) =>
      run("aws", ["--endpoint-url", node.endpoint, ...words], { env: environment, maxBuffer: 1 << 28 });
    await aws("s3", "mb", "s3://tree").catch((error: unknown) => {
      throw (error as { code?: string }).code === "ENOENT"
        ? new CannotRun("the AWS command line is not installed")
        : error;
    });
    await step("aws s3 sync", async () => {
      const options = ["--only-show-errors", "--no-follow-symlinks", "--exclude", ".cache/*"];
      for (const [index, source] of sources.entries())
        await aws("s3", "sync", ...options, source, `s3://tree/source-${index}/`);
      return "uploaded";
    });
    await step("boto3", async () => {
      const script = join(rootDirectory, "test/clients/tree.py");
      const { stdout, stderr } = await run("python3", [script, node.endpoint, "tree", tree], { env: environment });
      check(
        `${scheme}: boto3 finds every file equal: ${stdout.trim()} ${stderr}`,
        stdout.trim() === `${local.length} 0`,
      );
      return `${stdout.trim()} wrong`;
    });
    await step("aws-sdk-js", async () => {
      const client = new S3Client({
        endpoint: node.endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        credentials: testKeys,
        requestHandler: { httpsAgent: new Agent({ ca: readFileSync(certificate), keepAlive: true, maxSockets: 50 }) },
      });
      const { count, wrong } = await compareWithSdk(client, "tree", tree);
      check(
        `${scheme}: aws-sdk-js finds every file equal: ${wrong.slice(0, 3).join("; ")}`,
        count === local.length && wrong.length === 0,
      );
      return `${count} objects, ${wrong.length} wrong`;
    });
    check(`${scheme}: the node stops cleanly`, (await node.stop()) === 0);
  };
  await Promise.all(schemes.map(exchange));
});
