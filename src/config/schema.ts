/**
 * The schema of `cluster.config.json`: every key with its type, default, unit (in the name), bound and meaning.
 * The JSON Schema and the key table of the documentation are made from it.
 */

import { z } from "zod";
import { logLevels } from "../base/log.ts";
import { isAddressRange } from "./address-range.ts";

const MiB = 1024 * 1024;

const domainName = z
  .string()
  .regex(
    /^(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    "must be a DNS name in lower case, without port",
  );
const automatic = z.literal("auto");

/** Keys whose values are masked wherever the configuration is shown. */
export const secretKeys: ReadonlySet<string> = new Set(["events.targets", "mail.password", "metrics.bearerToken"]);

const lifecycle = z.strictObject({
  daySeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(86_400)
    .describe(
      "Seconds that count as one day in lifecycle rules; below 86400 only for tests. Retention keeps to days of 24 hours.",
    ),
});

const encryption = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(/^[A-Za-z0-9:/_.-]{1,256}$/, "must be 1 to 256 of A-Z a-z 0-9 : / _ . -")
          .describe("Name by which clients choose the key (x-amz-server-side-encryption-aws-kms-key-id)."),
      }),
    )
    .max(1000)
    .default([])
    .describe(
      "Keys that clients may name for SSE-KMS; the first is the default. Derived from the key ring (keyring.file) by name: a key that is taken off opens nothing until it is listed again.",
    ),
  customerKeysOverHttp: z
    .boolean()
    .default(false)
    .describe(
      "Whether keys of customers (SSE-C) are taken from connections without TLS; only where the way to the node is protected by other means.",
    ),
});

const keyring = z.strictObject({
  file: z
    .string()
    .min(1)
    .max(4096)
    .nullable()
    .default(null)
    .describe(
      "File of the keys that seal secrets; outside the data directory, made by the first start; null = <data>.keys/keyring.json beside the data directory. Keep a copy: without it a node with sealed secrets does not start.",
    ),
});

const buckets = z.strictObject({
  defaultOwnership: z
    .enum(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
    .nullable()
    .default(null)
    .describe(
      "Object ownership of a bucket made without a choice; null leaves it unset, so that ACLs work and their writers own objects.",
    ),
});

const eventTargetUrl =
  /^(?:https?:\/\/[^\s/?#@]+[^\s#@]*|nats:\/\/[^\s/?#@,]+:\d{1,5}\/[^\s/?#@*>.%]+(?:\.[^\s/?#@*>.%]+)*|kafka:\/\/[^\s/?#@,]+:\d{1,5}(?:,[^\s/?#@,]+:\d{1,5})*\/[A-Za-z0-9._-]{1,249})$/;

const events = z.strictObject({
  targets: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 of A-Z a-z 0-9 _ -")
          .describe("Last part of the ARNs by which notification configurations name the target."),
        url: z
          .string()
          .max(2048)
          .regex(
            eventTargetUrl,
            "must be http://, https://, nats://host:port/subject or kafka://host:port,host:port/topic",
          )
          .describe(
            "Webhook (http://, https://): events are POSTed to it as JSON. nats://host:port/subject and kafka://host:port,host:port/topic: a broker, at any address.",
          ),
        authorization: z
          .string()
          .max(4096)
          .nullable()
          .default(null)
          .describe(
            "Of a webhook: sent as the Authorization header. Of NATS: user:password, or a token. A secret; null = none.",
          ),
        allowsPrivate: z
          .boolean()
          .default(false)
          .describe("Whether a webhook may be at a loopback, link-local or private address."),
      }),
    )
    .max(100)
    .default([])
    .describe("Targets of event notifications. A bucket's configuration names one by the last part of an ARN."),
});

const mail = z
  .strictObject({
    host: z.string().min(1).max(255).describe("SMTP server."),
    port: z.int().min(1).max(65_535).default(587).describe("Port of the SMTP server."),
    security: z
      .enum(["starttls", "tls", "none"])
      .default("starttls")
      .describe("How the connection is protected; none only for a server on the same machine."),
    user: z.string().max(255).nullable().default(null).describe("User name, or null for no sign-in."),
    password: z.string().max(1024).nullable().default(null).describe("Password of the user; a secret."),
    from: z
      .string()
      .regex(/^[^\s@<>]+@[^\s@<>]+$/, "must be an e-mail address")
      .describe("Sender's address."),
  })
  .nullable()
  .default(null)
  .describe(
    "Server for outgoing mail (invitations, password resets); null writes each mail to a file in <data>.mail, beside the data directory.",
  );

const consoleSection = z.strictObject({
  publicUrl: z
    .string()
    .regex(/^https?:\/\/[^\s/?#@]+$/, "must be http:// or https:// and a host, without path")
    .nullable()
    .default(null)
    .describe("URL under which users reach the console, for links in mails and redirects; null = as the request came."),
});

const storage = z.strictObject({
  directories: z
    .array(z.string().min(1).max(4096))
    .max(64)
    .default([])
    .describe("Further data directories (one per disk), over which new partitions are spread beside --data."),
  ballastBytes: z
    .int()
    .min(0)
    .max(16 * 1024 * MiB)
    .default(256 * MiB)
    .describe("Space kept in reserve, so that deletes can commit on a full disk; at most 1 % of the volume; 0 = none."),
  partitions: z
    .union([automatic, z.int().min(1).max(256)])
    .default("auto")
    .describe("Partitions made when a data directory is formatted; auto = as many as bucket threads."),
});

const front = z.strictObject({
  implementation: z
    .enum(["auto", "uws", "node"])
    .default("auto")
    .describe("HTTP server: uWebSockets.js, node:http, or the first where its binary loads."),
  threads: z
    .union([automatic, z.int().min(1).max(64)])
    .default("auto")
    .describe("Front threads; auto = one up to 4 cores, then a quarter of the cores."),
});

const threads = z.strictObject({
  buckets: z
    .union([automatic, z.int().min(1).max(64)])
    .default("auto")
    .describe("Bucket threads; auto = cores less one, within 1 to 8."),
});

const log = z.strictObject({
  level: z.enum(logLevels).default("info").describe("Least severity that is logged (to stderr, JSON lines)."),
  access: z
    .string()
    .min(1)
    .max(4096)
    .default("off")
    .describe("Access log, a JSON line per request: off, stdout, or the path of a file."),
});

const metrics = z.strictObject({
  open: z.boolean().default(false).describe("Whether /metrics on the console port answers without a token."),
  bearerToken: z
    .string()
    .min(16)
    .max(1024)
    .nullable()
    .default(null)
    .describe("Token that /metrics asks for; null with open=false hides it; a secret."),
  usage: z
    .boolean()
    .default(false)
    .describe("Whether /metrics shows troupe_usage_bytes of every bucket: one series each, up to 4,096."),
});

const slabs = z.strictObject({
  bytes: z
    .int()
    .min(8 * MiB)
    .max(64 * 1024 * MiB)
    .default(64 * MiB)
    .describe("Memory shared by all threads for bodies on their way to disk."),
});

const signatures = z.strictObject({
  version2: z
    .boolean()
    .default(true)
    .describe("Whether signature version 2 (HMAC-SHA1) is taken: boto3, s3cmd and others presign with it by default."),
});

const tls = z.strictObject({
  certificates: z
    .array(
      z.strictObject({
        certFile: z.string().min(1).max(4096).describe("Certificate chain, PEM."),
        keyFile: z.string().min(1).max(4096).describe("Its private key, PEM."),
      }),
    )
    .max(1000)
    .default([])
    .describe(
      "Further certificates of the S3 port beside --tls-cert; a client gets the one whose DNS names hold the name it asks for (SNI). Without --tls-cert they have no effect.",
    ),
});

const website = z.strictObject({
  endpoints: z
    .array(domainName)
    .max(100)
    .default([])
    .describe(
      "Host names of the website endpoints: a bucket's website answers at <bucket>.<endpoint>; none = s3-website.<domain>, s3-website-<region>.<domain> and s3-website.<region>.<domain>.",
    ),
  customHosts: z
    .boolean()
    .default(false)
    .describe("Whether a host that is the name of a bucket with a website configuration is its website (by CNAME)."),
});

/** The whole file. `$schema` is for editors and has no effect. */
export const configSchema = z.strictObject({
  $schema: z.string().optional().describe("Where editors find the schema of this file; no effect."),
  domain: z
    .union([domainName, z.array(domainName).min(1).max(100)])
    .default("localhost")
    .describe("Domain, or several: the S3 endpoint answers at s3.<domain> and buckets at <bucket>.s3.<domain>."),
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 -")
    .default("us-east-1")
    .describe("Region that is announced; requests signed for any region are accepted."),
  trustedProxies: z
    .array(z.string().refine(isAddressRange, "must be an IP address or a range such as 10.0.0.0/8"))
    .max(1000)
    .default([])
    .describe("Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."),
  buckets: buckets.prefault({}),
  console: consoleSection.prefault({}),
  encryption: encryption.prefault({}),
  events: events.prefault({}),
  front: front.prefault({}),
  keyring: keyring.prefault({}),
  lifecycle: lifecycle.prefault({}),
  log: log.prefault({}),
  mail,
  metrics: metrics.prefault({}),
  signatures: signatures.prefault({}),
  slabs: slabs.prefault({}),
  storage: storage.prefault({}),
  threads: threads.prefault({}),
  tls: tls.prefault({}),
  website: website.prefault({}),
});

type Parsed = z.output<typeof configSchema>;

/** The configuration as the program uses it: complete, with `domain` always a list. */
export type Config = Omit<Parsed, "domain" | "$schema"> & { readonly domain: readonly string[] };

/** Relations between keys that hold after each key is right by itself; yields [path, message] per broken one. */
export function* brokenRelations(parsed: Parsed): Generator<readonly [readonly (string | number)[], string]> {
  yield* repeated(
    ["encryption", "keys"],
    parsed.encryption.keys.map((key) => key.id),
    ["id"],
  );
  yield* repeated(
    ["events", "targets"],
    parsed.events.targets.map((target) => target.name),
    ["name"],
  );
  for (const [index, { url, authorization }] of parsed.events.targets.entries()) {
    if (url.startsWith("kafka:") && authorization !== null)
      yield [["events", "targets", index, "authorization"], "is not for Kafka"];
  }
  yield* repeated(["storage", "directories"], parsed.storage.directories, []);
  yield* repeated(["website", "endpoints"], parsed.website.endpoints, []);
  if (Array.isArray(parsed.domain)) yield* repeated(["domain"], parsed.domain, []);
  if (parsed.mail !== null && parsed.mail.password !== null && parsed.mail.user === null) {
    yield [["mail", "user"], "is needed with a password"];
  }
}

function* repeated(
  path: readonly string[],
  values: readonly string[],
  below: readonly string[],
): Generator<readonly [readonly (string | number)[], string]> {
  for (const [index, value] of values.entries()) {
    const first = values.indexOf(value);
    if (first !== index) yield [[...path, index, ...below], `is the same as number ${first}: ${JSON.stringify(value)}`];
  }
}
