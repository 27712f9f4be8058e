/**
 * A small S3 client of the suites' own: keep-alive HTTP with SigV4. It shares no code with the server, so that it can
 * judge it. Source: AWS "Create a signed AWS API request".
 */

import { createHash, createHmac } from "node:crypto";
import { Agent, request as httpRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";

export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface S3Request {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Receives the body piece by piece; the answer's `body` is empty then. Return a promise to slow the stream down. */
  readonly onData?: (piece: Buffer) => Promise<void> | void;
  readonly timeoutMs?: number;
}

export interface S3ClientOptions {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region?: string;
  readonly connections?: number;
}

const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Uint8Array | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** RFC 3986 encoding as SigV4 wants it. */
export const encodeRfc3986 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A kept connection ended before any byte of an answer: the request may not have been seen. */
class StaleConnection extends Error {}

export class S3Client {
  readonly #options: S3ClientOptions;
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #signingKeys = new Map<string, Buffer>();

  constructor(options: S3ClientOptions) {
    this.#options = options;
    this.#url = new URL(options.endpoint);
    const agentOptions = { keepAlive: true, maxSockets: options.connections ?? 64 };
    this.#agent =
      this.#url.protocol === "https:"
        ? new TlsAgent({ ...agentOptions, rejectUnauthorized: false })
        : new Agent(agentOptions);
  }

  /**
   * Sends one signed request; rejects only when no answer came. `path` is "/bucket/key", undecoded. A read is sent again
   * when its connection was an idle one that the server was just closing. Source: RFC 9112 section 9.3.1.
   */
  async send(method: string, path: string, request: S3Request = {}): Promise<S3Answer> {
    try {
      return await this.#send(method, path, request);
    } catch (error) {
      if (!(error instanceof StaleConnection) || (method !== "GET" && method !== "HEAD")) throw error;
      return this.send(method, path, request);
    }
  }

  #send(method: string, path: string, request: S3Request): Promise<S3Answer> {
    const rawPath = path.split("/").map(encodeRfc3986).join("/");
    const rawQuery = Object.entries(request.query ?? {})
      .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
    const headers = this.#sign(method, rawPath, rawQuery, request);
    return new Promise((resolve, reject) => {
      const open = this.#url.protocol === "https:" ? tlsRequest : httpRequest;
      const outgoing = open({
        agent: this.#agent,
        host: this.#url.hostname,
        port: this.#url.port,
        method,
        path: rawQuery === "" ? rawPath : `${rawPath}?${rawQuery}`,
        headers,
        timeout: request.timeoutMs ?? 60_000,
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("timed out")));
      let isAnswered = false;
      outgoing.on("error", (error) => {
        const isStale = outgoing.reusedSocket && !isAnswered && "code" in error && error.code === "ECONNRESET";
        reject(isStale ? new StaleConnection(error.message) : error);
      });
      outgoing.on("response", (incoming) => {
        isAnswered = true;
        const pieces: Buffer[] = [];
        const receive = async (): Promise<void> => {
          for await (const piece of incoming) {
            if (request.onData) await request.onData(piece as Buffer);
            else pieces.push(piece as Buffer);
          }
        };
        receive().then(
          () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(pieces) }),
          reject,
        );
      });
      outgoing.end(request.body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #sign(method: string, rawPath: string, rawQuery: string, request: S3Request): Record<string, string> {
    const { accessKeyId, region = "us-east-1" } = this.#options;
    const timestamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
    const date = timestamp.slice(0, 8);
    const payload = sha256(request.body ?? "");
    const headers: Record<string, string> = {
      host: this.#url.host,
      "x-amz-date": timestamp,
      "x-amz-content-sha256": payload,
      ...Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    };
    const names = Object.keys(headers).sort();
    const signed = names.join(";");
    const canonicalHeaders = names.map((name) => `${name}:${(headers[name] ?? "").trim()}\n`).join("");
    const canonical = [method, rawPath, rawQuery, canonicalHeaders, signed, payload].join("\n");
    const scope = `${date}/${region}/s3/aws4_request`;
    const toSign = ["AWS4-HMAC-SHA256", timestamp, scope, sha256(canonical)].join("\n");
    const signature = createHmac("sha256", this.#signingKey(date, region)).update(toSign).digest("hex");
    headers["authorization"] =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
    if (request.body) headers["content-length"] = String(request.body.length);
    else if (method === "PUT" || method === "POST") headers["content-length"] = "0";
    return headers;
  }

  #signingKey(date: string, region: string): Buffer {
    const id = `${date}/${region}`;
    let key = this.#signingKeys.get(id);
    if (!key) {
      key = hmac(hmac(hmac(hmac(`AWS4${this.#options.secretAccessKey}`, date), region), "s3"), "aws4_request");
      this.#signingKeys.set(id, key);
    }
    return key;
  }
}
