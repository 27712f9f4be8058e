/**
 * Files that are the same for everybody: pages, style sheets, browser code. Owns their validators, encodings and conditions;
 * never maps a path of a request to one on the disk.
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { limits } from "../base/limits.ts";
import type { HttpRequest, HttpResponse, ResponseHead } from "../model/http.ts";

type HeaderLine = ResponseHead["headers"][number];

const compress = promisify(gzip);

/** What one path answers. */
export interface StaticSource {
  /** With its charset. Text is sent compressed to those who take it. */
  readonly contentType: string;
  /** Called once, by the first request. */
  readonly read: () => Promise<Uint8Array> | Uint8Array;
}

/** A file of this installation, read at the first request. */
export function fileSource(file: URL, contentType: string): StaticSource {
  return { contentType, read: () => readFile(file) };
}

export function textSource(text: string, contentType: string): StaticSource {
  return { contentType, read: () => Buffer.from(text) };
}

/** A content that is held in memory, and what is sent of it. */
export class StaticFile {
  readonly sizeBytes: number;
  readonly #contentType: string;
  readonly #body: Uint8Array;
  readonly #tag: string;
  #compressed: Promise<Uint8Array> | null = null;

  constructor(contentType: string, body: Uint8Array) {
    this.sizeBytes = body.length;
    this.#contentType = contentType;
    this.#body = body;
    this.#tag = createHash("sha256").update(body).digest("hex").slice(0, 32);
  }

  /**
   * Answers GET and HEAD, with 304 to those who have it.
   * Source: RFC 9110 sections 8.8.3 (a validator for each encoding) and 13.1.2.
   */
  async send(request: HttpRequest, response: HttpResponse, headers: readonly HeaderLine[]): Promise<void> {
    const isCompressed = takesGzip(request) && isText(this.#contentType) && this.sizeBytes >= limits.staticGzipBytesMin;
    const etag = isCompressed ? `"${this.#tag}-gzip"` : `"${this.#tag}"`;
    const lines: HeaderLine[] = [
      ["cache-control", "no-cache"],
      ["etag", etag],
      ["vary", "Accept-Encoding"],
      ...headers,
    ];
    if (matches(request.headers.get("if-none-match"), etag)) {
      response.send({ status: 304, headers: lines });
      return;
    }
    lines.push(["content-type", this.#contentType]);
    if (isCompressed) lines.push(["content-encoding", "gzip"]);
    if (isCompressed) this.#compressed ??= compress(this.#body);
    const body = isCompressed && this.#compressed !== null ? await this.#compressed : this.#body;
    if (request.method === "HEAD") response.send({ status: 200, headers: lines }, undefined, body.length);
    else response.send({ status: 200, headers: lines }, body);
  }
}

export class StaticFiles {
  readonly #sources: ReadonlyMap<string, StaticSource>;
  readonly #headers: readonly HeaderLine[];
  readonly #loaded = new Map<string, Promise<StaticFile>>();
  #heldBytes = 0;

  /**
   * @param sources by raw path
   * @param headers of every answer
   */
  constructor(sources: Readonly<Record<string, StaticSource>>, headers: readonly HeaderLine[]) {
    this.#sources = new Map(Object.entries(sources));
    this.#headers = headers;
  }

  /**
   * Answers a request for one of the files; null when its path is none of theirs.
   * @throws Error when the file cannot be read, or all files together are larger than `limits.staticBytesMax`
   */
  answer(request: HttpRequest, response: HttpResponse): Promise<void> | null {
    const source = this.#sources.get(request.rawPath);
    if (source === undefined) return null;
    if (refuseMethod(request, response)) return Promise.resolve();
    return this.#load(request.rawPath, source).then((file) => file.send(request, response, this.#headers));
  }

  #load(path: string, source: StaticSource): Promise<StaticFile> {
    const known = this.#loaded.get(path);
    if (known !== undefined) return known;
    const loading = this.#read(source);
    this.#loaded.set(path, loading);
    // A file that could not be read is tried again by the next request.
    loading.catch(() => this.#loaded.delete(path));
    return loading;
  }

  async #read({ contentType, read }: StaticSource): Promise<StaticFile> {
    const file = new StaticFile(contentType, await read());
    if (this.#heldBytes + file.sizeBytes > limits.staticBytesMax) throw new Error("the static files are too large");
    this.#heldBytes += file.sizeBytes;
    return file;
  }
}

/** Answers 405 to what is neither GET nor HEAD. */
export function refuseMethod({ method }: HttpRequest, response: HttpResponse): boolean {
  if (method === "GET" || method === "HEAD") return false;
  response.send({ status: 405, headers: [["allow", "GET, HEAD"]] });
  return true;
}

const isText = (contentType: string): boolean => /^text\/|^application\/json/.test(contentType);

/** Source: RFC 9110 section 12.5.3; a weight of 0 means "not acceptable". */
function takesGzip({ headers }: HttpRequest): boolean {
  const codings = (headers.get("accept-encoding") ?? "").toLowerCase().split(",");
  return codings.some((coding) => /^\s*(x-)?gzip\s*(;\s*q=(1(\.0*)?|0\.\d*[1-9]\d*))?\s*$/.test(coding));
}

/** Weak comparison. Source: RFC 9110 section 13.1.2. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((item) => item.trim() === "*" || item.trim().replace(/^W\//, "") === etag);
}
