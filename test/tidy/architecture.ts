/** The folder table of the project: what each folder owns and, by its order, what it may import. The tidy test holds the code to it. */

/** A folder imports only from itself and from folders above it in this list. */
export const folders: readonly { readonly name: string; readonly owns: string }[] = [
  {
    name: "base",
    owns: "assertions, limits, units, ids, outcomes, clock, random, hybrid clock, log, bounded queue, msgpack, xxhash",
  },
  { name: "config", owns: "schema and strict loading of cluster.config.json" },
  { name: "keyring", owns: "the node's keys: sealing, opening, derived keys, the key ring's file" },
  { name: "mail", owns: "outgoing mail: SMTP, files, templates, the queue" },
  { name: "model", owns: "the declaration language: shapes, operations, routing, HTTP binding, XML from shapes" },
  { name: "s3", owns: "S3's vocabulary: errors, names, addresses, checksums" },
  { name: "policy", owns: "IAM policies: grammar, compilation, evaluation, explanation; pure, no I/O" },
  { name: "auth", owns: "SigV4 in all its forms, body framing and verification; pure, no I/O" },
  { name: "storage", owns: "metadata (LMDB), segments, chunk files, records, references, collector, on-disk format" },
  { name: "actor", owns: "envelopes, mailboxes, ask, ports, slabs, body lanes, pool, supervisor, admission" },
  { name: "control", owns: "ControlStore, its drivers and conformance suite, the control actor and its reader" },
  { name: "bucket", owns: "the bucket actor: turns, listing, multipart uploads; the object reader" },
  { name: "account", owns: "accounts, users, keys, passwords, the first account, the identities file" },
  { name: "events", owns: "delivery of event notifications: the dispatcher and its targets" },
  { name: "jobs", owns: "durable background jobs: the runner, and deleting a bucket with everything in it" },
  { name: "operations", owns: "every S3 operation: declaration and thin handler together" },
  { name: "iam", owns: "the AWS-compatible control APIs: IAM and STS by the query protocol, tags by S3 Control" },
  { name: "admin", owns: "the JSON admin API: one row per operation, its problems, proofs of callers, OpenAPI" },
  { name: "front", owns: "listeners, body streaming, the request pipeline, health, metrics, access log" },
  { name: "apidoc", owns: "the API guide, rendered from the tables" },
  { name: "cli", owns: "the command line" },
];

/** Files of the composition root: they may import everything, and nothing imports them. */
export const rootFiles = [
  "main.ts",
  "launch.ts",
  "serve.ts",
  "node.ts",
  "node-parts.ts",
  "node-console.ts",
  "node-diagnostics.ts",
  "node-admin.ts",
  "opened.ts",
  "node-guide.ts",
  "library.ts",
  "embedded-node.ts",
  "thread.ts",
  "front-host.ts",
  "front-data.ts",
  "front-events.ts",
  "front-encryption.ts",
  "front-handler.ts",
  "front-thread.ts",
  "unsafe.ts",
];

/** Native and I/O dependencies, each imported by exactly one file. */
export const soleImporters: Readonly<Record<string, string>> = {
  lmdb: "storage/lmdb.ts",
  "@napi-rs/blake-hash": "storage/blake3.ts",
  "xxhash-wasm": "base/xxhash.ts",
  "@node-rs/crc32": "s3/crc.ts",
  piscina: "actor/pool.ts",
  "uWebSockets.js": "front/uws.ts",
  "@fastify/busboy": "front/form-data.ts",
  "fs-native-extensions": "storage/directory-lock.ts",
  msgpackr: "base/msgpack.ts",
  pino: "base/log.ts",
  "prom-client": "front/metrics.ts",
  "@rgrove/parse-xml": "model/xml-read.ts",
  commander: "cli/commander.ts",
  "@node-rs/argon2": "account/argon2.ts",
  otpauth: "account/totp.ts",
  uqr: "account/qr-code.ts",
  nodemailer: "mail/smtp.ts",
  "@nats-io/transport-node": "events/nats.ts",
  kafkajs: "events/kafka.ts",
};

/** Packages that any file may import. */
export const freePackages: readonly string[] = ["zod"];

export const sizes = {
  fileLinesMax: 400,
  /** Tables and shapes: rows of data, not code. */
  exempt: [/^operations\/.*\.ts$/, /^s3\/errors\.ts$/],
  exemptLinesMax: 900,
} as const;

/** Words that are allowed only in some places: time, chance and files are ports. */
export const guardedWords: readonly {
  readonly pattern: RegExp;
  readonly allowed: readonly RegExp[];
  readonly instead: string;
}[] = [
  { pattern: /\bDate\.now\(/, allowed: [/^base\//, /^storage\//], instead: "Clock" },
  { pattern: /\bMath\.random\(/, allowed: [/^base\//], instead: "Random" },
  { pattern: /\bset(Timeout|Interval)\(/, allowed: [/^base\//, /^storage\//], instead: "Clock" },
  {
    pattern: /from "node:fs(\/promises)?"/,
    allowed: [
      /^base\//,
      /^storage\//,
      /^config\//,
      /^keyring\/key-ring-file\.ts$/,
      /^mail\/(file-mail|kept-mail)\.ts$/,
      /^cli\//,
      /^account\/secret-file\.ts$/,
      /^front\/(uws|node-http|http-server|static-files|tls)\.ts$/,
      /^(main|launch|node)\.ts$/,
    ],
    instead: "the storage ports",
  },
  { pattern: /: any\b|\bas any\b|<any>|@ts-ignore|@ts-nocheck/, allowed: [], instead: "a type" },
  { pattern: /catch\s*(\(\w+\)\s*)?\{\s*\}/, allowed: [], instead: "a catch that names what it expects" },
];
