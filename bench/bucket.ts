/** What the bench does at a server beside measuring it: judges credentials and rights, makes a bucket, and cleans up. */

import { createHash } from "node:crypto";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { BenchError } from "./failure.ts";
import { canonicalQuery, defaultRegion, objectPath, sha256, signedHeaders, type Target } from "./request.ts";

export interface Call {
  readonly method: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Called {
  readonly status: number;
  readonly text: string;
  /** The S3 code of an error, or "". */
  readonly code: string;
}

const callMsMax = 60_000;

const urlOf = ({ host, port, tls }: Target): string => `${tls ? "https" : "http"}://${host}:${port}`;

/** One request. @throws BenchError when the server cannot be reached */
export function call(target: Target, { method, bucket = "", key = "", query = {}, body = "" }: Call): Promise<Called> {
  const path = objectPath(bucket, key);
  const words = canonicalQuery(query);
  const bytes = Buffer.from(body);
  // Configurations have to come with a digest, and so do batches.
  const needsDigest = method === "POST" || (method === "PUT" && words !== "");
  const headers = signedHeaders(target, {
    method,
    path,
    query: words,
    bodyBytes: bytes.length,
    payloadHash: sha256(bytes),
    ...(needsDigest ? { headers: { "content-md5": createHash("md5").update(bytes).digest("base64") } } : {}),
  });
  return new Promise((resolve, reject) => {
    const { host, port, tls } = target;
    const options = { host, port, method, path: words === "" ? path : `${path}?${words}`, headers };
    const sent = tls
      ? requestTls({ ...options, rejectUnauthorized: !tls.isUnverified })
      : requestPlain({ ...options, agent: false });
    sent.setTimeout(callMsMax, () => sent.destroy(new Error(`no answer within ${callMsMax / 1000} s`)));
    sent.on("error", (error: NodeJS.ErrnoException) => {
      // With several addresses each has its own error, and the outer one has no text.
      const text = error.message || (error as AggregateError).errors?.map(String).join("; ") || String(error.code);
      const reason = error.code === "EPROTO" ? "it does not speak TLS there" : text;
      const hint = /certificate/.test(text) ? " (--insecure accepts any)" : "";
      reject(new BenchError(`${urlOf(target)} cannot be reached: ${reason}${hint}`));
    });
    sent.on("response", (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("error", (error) => reject(new BenchError(`${urlOf(target)}: ${error.message}`)));
      answer.on("end", () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ status: answer.statusCode ?? 0, text, code: /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? "" });
      });
    });
    sent.end(bytes);
  });
}

const advice: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: "the access key is not known there",
  SignatureDoesNotMatch: "the secret key is wrong",
  RequestTimeTooSkewed: "this machine's clock and the server's differ by more than 15 minutes",
  AccessDenied: "the access key has no right to do that",
  BucketAlreadyExists: "somebody else owns a bucket of that name; choose another with --bucket",
  TooManyBuckets: "there is no room for another bucket; name an empty one with --bucket",
};

/** What went wrong, in words that help. Pure. */
export function explain(target: Target, what: string, { status, text, code }: Called): BenchError {
  const region = /<Region>([\w-]+)<\/Region>/.exec(text)?.[1];
  const answer = `${urlOf(target)} answered ${what} with ${status}${code === "" ? "" : ` ${code}`}`;
  if (region !== undefined && region !== (target.region ?? defaultRegion))
    return new BenchError(`${answer}: its region is ${region}; say --region ${region}`);
  if (code === "" && status !== 403)
    return new BenchError(`${answer}, which is no answer of S3: is the URL the S3 endpoint?`);
  const hint = advice[code] ?? /<Message>([^<]{1,200})<\/Message>/.exec(text)?.[1];
  return new BenchError(hint === undefined ? answer : `${answer}: ${hint}`);
}

async function mustSucceed(target: Target, what: string, options: Call): Promise<Called> {
  const answer = await call(target, options);
  if (answer.status < 200 || answer.status > 299) throw explain(target, what, answer);
  return answer;
}

export interface BucketOptions {
  /** null: a new one. */
  readonly bucket: string | null;
  readonly allowsNonEmpty: boolean;
  /** How many; more than one only of new ones. */
  readonly count: number;
  /** Of the bench's keys; ends in "/". */
  readonly prefix: string;
}

/** Where the bench writes, and what of it is its own. */
export interface Place {
  readonly target: Target;
  readonly buckets: readonly string[];
  readonly prefix: string;
  /** Buckets that the bench made and removes. */
  readonly made: string[];
}

async function make(target: Target, bucket: string): Promise<void> {
  const region = target.region ?? defaultRegion;
  const body =
    region === defaultRegion
      ? ""
      : `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
  const answer = await call(target, { method: "PUT", bucket, body });
  if (answer.status === 200) return;
  const failure = explain(target, "CreateBucket", answer);
  throw answer.code === "AccessDenied"
    ? new BenchError(`${failure.message}; name an empty bucket with --bucket`)
    : failure;
}

/** @returns whether the bucket was made */
async function take(target: Target, bucket: string, allowsNonEmpty: boolean): Promise<boolean> {
  const listed = await call(target, { method: "GET", bucket, query: { "list-type": "2", "max-keys": "1" } });
  if (listed.status === 404 && listed.code === "NoSuchBucket") {
    await make(target, bucket);
    return true;
  }
  if (listed.status !== 200) throw explain(target, `ListObjectsV2 of ${bucket}`, listed);
  if (listed.text.includes("<Contents>") && !allowsNonEmpty)
    throw new BenchError(
      `the bucket ${bucket} is not empty: choose another, or say --allow-non-empty (only keys that the bench made are deleted)`,
    );
  const versioning = await call(target, { method: "GET", bucket, query: { versioning: "" } });
  if (/<Status>(Enabled|Suspended)<\/Status>/.test(versioning.text))
    throw new BenchError(
      `the bucket ${bucket} keeps versions, so nothing deleted from it would be gone: choose another`,
    );
  return false;
}

/**
 * Takes or makes the buckets, and tries every right that the bench needs.
 * @param place told as soon as there is something to clean up, so that a failure half-way leaves nothing behind
 * @throws BenchError
 */
export async function openPlace(
  target: Target,
  options: BucketOptions,
  place: (opened: Place) => void,
): Promise<Place> {
  const { bucket, allowsNonEmpty, count, prefix } = options;
  const made: string[] = [];
  const first = bucket ?? `bench-${prefix.replace(/\W/g, "").slice(-12)}`;
  const buckets = Array.from({ length: bucket === null ? count : 1 }, (_, at) => (at === 0 ? first : `${first}-${at}`));
  const opened: Place = { target, buckets, prefix, made };
  await mustSucceed(target, "ListBuckets", { method: "GET" }).catch((error: Error) => {
    // A key may be confined to its bucket.
    if (bucket === null || !error.message.includes("AccessDenied")) throw error;
  });
  for (const name of buckets) {
    if (bucket === null) await make(target, name);
    if (bucket === null || (await take(target, name, allowsNonEmpty))) made.push(name);
    if (name === first) place(opened);
  }
  const probe = { bucket: first, key: `${prefix}probe` };
  const at = `in ${first}`;
  await mustSucceed(target, `PutObject ${at}`, { method: "PUT", ...probe, body: "probe" });
  const got = await mustSucceed(target, `GetObject ${at}`, { method: "GET", ...probe });
  if (got.text !== "probe") throw new BenchError(`${urlOf(target)} did not give back what was written ${at}`);
  await mustSucceed(target, `HeadObject ${at}`, { method: "HEAD", ...probe });
  await mustSucceed(target, `ListObjectsV2 ${at}`, {
    method: "GET",
    bucket: first,
    query: { "list-type": "2", prefix, "max-keys": "1" },
  });
  await mustSucceed(target, `DeleteObject ${at}`, { method: "DELETE", ...probe });
  return opened;
}

const attemptsMax = 5;
const attemptPauseMs = 500;

/** A call that is repeated while the server fails or is too busy: cleaning up comes right after it was under load. */
async function patientCall(target: Target, options: Call): Promise<Called> {
  for (let attempt = 1; ; attempt++) {
    const answer = await call(target, options);
    if (answer.status < 500 || attempt === attemptsMax) return answer;
    await pause(attemptPauseMs);
  }
}

/** Deletes what the bench made: its keys, then its buckets. @returns how many keys @throws BenchError */
export async function closePlace({ target, buckets, prefix, made }: Place): Promise<number> {
  let deleted = 0;
  for (const bucket of buckets) {
    const query = { "list-type": "2", prefix, "max-keys": "1000" };
    while (true) {
      const page = await patientCall(target, { method: "GET", bucket, query });
      if (page.code === "NoSuchBucket") break;
      if (page.status !== 200) throw explain(target, `ListObjectsV2 of ${bucket}`, page);
      const keys = [...page.text.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? "");
      if (keys.length === 0) break;
      await deleteAll(target, bucket, keys);
      deleted += keys.length;
    }
    if (made.includes(bucket)) {
      const gone = await patientCall(target, { method: "DELETE", bucket });
      if (gone.status !== 204 && gone.status !== 200 && gone.code !== "NoSuchBucket")
        throw explain(target, `DeleteBucket of ${bucket}`, gone);
    }
  }
  return deleted;
}

/** Keys of the bench need no escaping in XML. */
async function deleteAll(target: Target, bucket: string, keys: readonly string[]): Promise<void> {
  const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("");
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`;
  const answer = await patientCall(target, { method: "POST", bucket, query: { delete: "" }, body });
  if (answer.status === 200 && !answer.text.includes("<Error>")) return;
  // Not every server has the batch.
  for (const key of keys) await mustSucceed(target, `DeleteObject in ${bucket}`, { method: "DELETE", bucket, key });
}
