/**
 * What a client of the matrix works with: one node behind one transport, test files of awkward sizes and names, commands
 * that run with the node's keys and certificate, and a wire-level reader that judges what the client stored.
 */

import { execFile } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { createReadStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { S3Client } from "../../support/s3-client.ts";

const MiB = 1024 * 1024;

export const wrongSecret = "a/secret/that/nobody/has/forty/characters";

/** A local file and the key under which clients store it. */
export interface TestFile {
  readonly key: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Sizes around what clients and the server treat apart, each with a key that is easily encoded wrongly. */
const plan: readonly (readonly [key: string, bytes: number])[] = [
  ["folder/empty", 0],
  ["with space.bin", 1],
  ["percent%20literal, plus+sign.bin", 5 * MiB - 1],
  ["a=b&c;d.bin", 8 * MiB - 1],
  ["ünïcödé-日本/ключ.bin", 8 * MiB],
  ["quote's (and) more!.bin", 8 * MiB + 1],
];

/** Large enough for every client that cuts files up by default at 8, 15 or 16 MiB. */
export const multipartBytes = 17 * MiB + 11;

/** Keys of the bucket that every client lists: more than two pages of 1,000. */
export const manyKeys = 2005;

/** Bytes that repeat nowhere, the same for the same seed. */
function someBytes(length: number, seed: string): Buffer {
  const bytes = Buffer.alloc(length);
  const key = createHash("sha256").update(seed).digest();
  for (let at = 0, block = 0; at < length; block++) {
    const chunk = createHmac("sha512", key).update(String(block)).digest();
    // A block of 64 random bytes and its number, repeated to 4 KiB: quick to make, different everywhere.
    for (let repeat = 0; repeat < 64 && at < length; repeat++, at += chunk.length) {
      chunk.writeUInt32LE(repeat, 0);
      chunk.copy(bytes, at);
    }
  }
  return bytes;
}

/** Writes the test files below a directory, under their keys as names. */
export function makeFiles(directory: string): { readonly files: readonly TestFile[]; readonly multipart: TestFile } {
  const make = (key: string, bytes: number): TestFile => {
    const path = join(directory, key);
    mkdirSync(join(path, ".."), { recursive: true });
    const content = someBytes(bytes, key);
    writeFileSync(path, content);
    return { key, path, bytes, sha256: createHash("sha256").update(content).digest("hex") };
  };
  return { files: plan.map(([key, bytes]) => make(key, bytes)), multipart: make("multipart.bin", multipartBytes) };
}

/** sha256 of a file in hex; rejects when it is not there. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Becomes the standard input, which is empty without. */
  readonly inputFile?: string;
}

/** A command that ended with another code than 0. */
export class CommandFailed extends Error {
  readonly code: number | string | undefined;
  readonly printed: Printed;

  constructor(words: readonly string[], code: number | string | undefined, printed: Printed) {
    const tail = `${printed.stdout.slice(-1500)}\n${printed.stderr.slice(-3000)}`.trim();
    super(`${words.join(" ").slice(0, 400)}: ended with ${code}\n${tail}`);
    this.code = code;
    this.printed = printed;
  }
}

const commandMsMax = 240_000;

/** Runs a command to its end. Rejects with CommandFailed. */
export function runCommand(words: readonly string[], options: RunOptions = {}): Promise<Printed> {
  const [command = "", ...rest] = words;
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      rest,
      {
        env: { ...process.env, ...options.environment },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        maxBuffer: 1 << 28,
        timeout: commandMsMax,
        killSignal: "SIGKILL",
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr });
        else reject(new CommandFailed(words, error.code ?? error.signal ?? error.message, { stdout, stderr }));
      },
    );
    child.stdin?.on("error", () => child.stdin?.destroy());
    if (options.inputFile === undefined || child.stdin === null) child.stdin?.end();
    else createReadStream(options.inputFile).pipe(child.stdin);
  });
}

export interface Transport {
  readonly front: "uws" | "node";
  readonly scheme: "http" | "https";
  readonly serverNode: string;
}

export interface WorldOptions {
  readonly transport: Transport;
  readonly endpoint: string;
  readonly certificate: string;
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly bucket: string;
  readonly manyBucket: string;
  /** Fresh, for this client and transport. */
  readonly directory: string;
  readonly filesDirectory: string;
  readonly files: readonly TestFile[];
  readonly multipart: TestFile;
  /** Where the client was installed. */
  readonly home: string;
  /** Node binary for clients that are themselves in JavaScript. */
  readonly clientNode: string;
}

export class World {
  readonly options: WorldOptions;
  readonly wire: S3Client;
  readonly exercised: string[] = [];

  constructor(options: WorldOptions) {
    this.options = options;
    this.wire = new S3Client({ endpoint: options.endpoint, ...options.keys, connections: 8 });
  }

  get isTls(): boolean {
    return this.options.transport.scheme === "https";
  }

  /** "127.0.0.1:port" */
  get host(): string {
    return new URL(this.options.endpoint).host;
  }

  /** A path below this client's own directory; its folder exists. */
  scratch(...names: string[]): string {
    const path = join(this.options.directory, ...names);
    mkdirSync(join(path, ".."), { recursive: true });
    return path;
  }

  /** What a user would set: the keys, the region, and where the certificate is. */
  environment(): Record<string, string> {
    const { keys, certificate, directory } = this.options;
    return {
      HOME: directory,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      ...(this.isTls
        ? { AWS_CA_BUNDLE: certificate, SSL_CERT_FILE: certificate, NODE_EXTRA_CA_CERTS: certificate }
        : {}),
    };
  }

  run(words: readonly string[], options: RunOptions = {}): Promise<Printed> {
    return runCommand(words, { ...options, environment: { ...this.environment(), ...options.environment } });
  }

  /** For clients that only know the system's certificates: theirs are replaced, in a mount namespace of its own. */
  runTrusting(words: readonly string[], options: RunOptions = {}): Promise<Printed> {
    if (!this.isTls) return this.run(words, options);
    const script = 'mount --bind "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"';
    return this.run(["unshare", "-m", "sh", "-c", script, this.options.certificate, ...words], options);
  }

  /** The command must end by itself with an error whose output matches. */
  async mustFail(running: Promise<Printed>, pattern: RegExp): Promise<void> {
    let printed: Printed;
    try {
      printed = await running;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      if (!pattern.test(error.printed.stdout + error.printed.stderr) || typeof error.code !== "number")
        throw new Error(`not a clean error: ${error.message}`);
      return;
    }
    throw new Error(`should have been refused: ${printed.stdout.slice(0, 500)} ${printed.stderr.slice(0, 500)}`);
  }

  /** Notes what the client has done, for the table. */
  did(what: string): void {
    if (!this.exercised.includes(what)) this.exercised.push(what);
  }

  /** Reads the object on the wire and compares it with the file. */
  async stored(file: TestFile, key = file.key, bucket = this.options.bucket): Promise<void> {
    const hash = createHash("sha256");
    const path = `/${bucket}/${key}`;
    const answer = await this.wire.send("GET", path, { onData: (piece) => void hash.update(piece) });
    if (answer.status !== 200) throw new Error(`${path} was not stored: ${answer.status}`);
    const found = hash.digest("hex");
    if (found !== file.sha256) throw new Error(`${path} (${file.bytes} bytes) was stored with other bytes`);
    const encoding = answer.headers["content-encoding"];
    if (encoding !== undefined) throw new Error(`${path} was stored with Content-Encoding ${String(encoding)}`);
  }

  async absent(key: string, bucket = this.options.bucket): Promise<void> {
    const { status } = await this.wire.send("HEAD", `/${bucket}/${key}`);
    if (status !== 404) throw new Error(`${key} is still there: ${status}`);
  }

  async isMultipart(key: string, bucket = this.options.bucket): Promise<void> {
    const { headers } = await this.wire.send("HEAD", `/${bucket}/${key}`);
    if (!/-\d+"$/.test(String(headers["etag"]))) throw new Error(`${key} was not stored by a multipart upload`);
  }

  /** The local file has the bytes of the test file. */
  async received(path: string, file: TestFile): Promise<void> {
    if ((await hashOf(path)) !== file.sha256) throw new Error(`${file.key} (${file.bytes} bytes) came back different`);
  }

  /** Every key of a bucket, sorted by the wire's reader. */
  async keys(prefix = "", bucket = this.options.bucket): Promise<string[]> {
    const { body } = await this.wire.send("GET", `/${bucket}`, { query: { "list-type": "2", prefix } });
    return [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => unescapeXml(match[1] ?? ""));
  }
}

const unescapeXml = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
