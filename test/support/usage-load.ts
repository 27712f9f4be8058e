/** A worker of the usage suite: random requests on keys of its own, each written down in the bucket's ledger. */

import { createHash } from "node:crypto";
import { testKeys } from "./node-process.ts";
import { type S3Answer, S3Client, type S3Request } from "./s3-client.ts";
import { etagOf, type Kind, type Ledger, newBody } from "./usage-ledger.ts";

const sizes = [0, 1, 4096, 9000, 70_000, 300_000] as const;

export interface Send extends S3Request {
  readonly method: string;
  readonly path: string;
  /** The most that the answer's body may have, should it not come. */
  readonly bytesMax?: number;
}

/** A request whose outcome is not known, and how it is read back. */
type Unknown =
  | { readonly what: "put"; readonly key: string; readonly body: Buffer }
  | { readonly what: "keys"; readonly keys: readonly string[] }
  | { readonly what: "part"; readonly key: string; readonly uploadId: string; readonly body: Buffer }
  | { readonly what: "upload"; readonly key: string; readonly uploadId: string };

class Unanswered extends Error {}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const inner = (xml: string, name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";

export class UsageWorker {
  readonly #ledger: Ledger;
  readonly #keys: readonly string[];
  #client: S3Client | null = null;
  #unknown: Unknown | null = null;
  readonly unexpected: string[] = [];
  acknowledged = 0;

  constructor(ledger: Ledger, name: string) {
    this.#ledger = ledger;
    this.#keys = Array.from({ length: 5 }, (_, index) => `${name}/${index}`);
  }

  connect(endpoint: string): void {
    this.#client?.close();
    this.#client = new S3Client({ endpoint, ...testKeys, connections: 1 });
  }

  close(): void {
    this.#client?.close();
  }

  /** Sends requests until `isOver`, or until one is not answered. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        await (this.#ledger.isVersioned ? this.#versionedStep() : this.#plainStep());
        this.#unknown = null;
        this.acknowledged += 1;
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        return;
      }
    }
  }

  /** Reads back what the request that was not answered has done. */
  async settle(): Promise<void> {
    const unknown = this.#unknown;
    this.#unknown = null;
    if (unknown === null) return;
    if (unknown.what === "part" || unknown.what === "upload") return this.#settleUpload(unknown);
    const keys = unknown.what === "put" ? [unknown.key] : unknown.keys;
    for (const key of keys) {
      const isThere = this.#ledger.isVersioned ? await this.#readVersions(key) : await this.#readObject(key);
      if (unknown.what === "put" && isThere(etagOf(unknown.body))) this.#ledger.ingressBytes += unknown.body.length;
    }
  }

  async #plainStep(): Promise<void> {
    const { objects } = this.#ledger;
    const key = pick(this.#keys);
    const path = this.#path(key);
    const dice = Math.random();
    if (dice < 0.3) return this.#put(key);
    if (dice < 0.4) {
      this.#unknown = { what: "keys", keys: [key] };
      await this.#send("delete", [204], { method: "DELETE", path });
      objects.delete(key);
    } else if (dice < 0.6) {
      await this.#send("read", objects.has(key) ? [200] : [404], {
        method: Math.random() < 0.3 ? "HEAD" : "GET",
        path,
        bytesMax: objects.get(key) ?? 2000,
      });
    } else if (dice < 0.65) {
      await this.#list();
    } else if (dice < 0.75) {
      const source = pick(this.#keys);
      const sizeBytes = objects.get(source);
      if (sizeBytes === undefined || source === key) return;
      this.#unknown = { what: "keys", keys: [key] };
      const headers = { "x-amz-copy-source": this.#path(source) };
      await this.#send("write", [200], { method: "PUT", path, headers, bytesMax: 2000 });
      objects.set(key, sizeBytes);
    } else if (dice < 0.85) {
      const keys = [key, pick(this.#keys)];
      this.#unknown = { what: "keys", keys };
      await this.#deleteMany(keys);
      for (const each of keys) objects.delete(each);
    } else {
      await this.#multipart(key);
    }
  }

  async #versionedStep(): Promise<void> {
    const { versions } = this.#ledger;
    const key = pick(this.#keys);
    const history = versions.get(key) ?? [];
    const path = this.#path(key);
    const dice = Math.random();
    if (dice < 0.4) return this.#put(key);
    if (dice < 0.55) {
      this.#unknown = { what: "keys", keys: [key] };
      const { headers } = await this.#send("delete", [204], { method: "DELETE", path });
      versions.set(key, [{ id: String(headers["x-amz-version-id"]), sizeBytes: null }, ...history]);
    } else if (dice < 0.75) {
      const [head] = history;
      const status = head === undefined || head.sizeBytes === null ? 404 : 200;
      await this.#send("read", [status], { method: "GET", path, bytesMax: head?.sizeBytes ?? 2000 });
    } else if (dice < 0.8) {
      await this.#list();
    } else if (history.length > 0) {
      const { id } = pick(history);
      this.#unknown = { what: "keys", keys: [key] };
      await this.#send("delete", [204], { method: "DELETE", path, query: { versionId: id } });
      const rest = history.filter((version) => version.id !== id);
      versions.set(key, rest);
    }
  }

  async #put(key: string): Promise<void> {
    const body = newBody(pick(sizes));
    this.#unknown = { what: "put", key, body };
    const { headers } = await this.#send("write", [200], { method: "PUT", path: this.#path(key), body });
    this.#ledger.ingressBytes += body.length;
    if (this.#ledger.isVersioned) {
      const version = { id: String(headers["x-amz-version-id"]), sizeBytes: body.length };
      this.#ledger.versions.set(key, [version, ...(this.#ledger.versions.get(key) ?? [])]);
    } else {
      this.#ledger.objects.set(key, body.length);
    }
  }

  async #list(): Promise<void> {
    const prefix = this.#keys[0]?.split("/")[0] ?? "";
    const query = { "list-type": "2", prefix: `${prefix}/` };
    await this.#send("list", [200], { method: "GET", path: `/${this.#ledger.bucket}`, query, bytesMax: 20_000 });
  }

  async #deleteMany(keys: readonly string[]): Promise<void> {
    const items = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("");
    const body = Buffer.from(`<Delete>${items}</Delete>`);
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    const path = `/${this.#ledger.bucket}`;
    await this.#send("delete", [200], { method: "POST", path, query: { delete: "" }, headers, body, bytesMax: 2000 });
  }

  /** An upload of one part, which may be sent twice; then it is completed, aborted or left open. */
  async #multipart(key: string): Promise<void> {
    const { uploads, objects } = this.#ledger;
    const path = this.#path(key);
    const created = await this.#send("write", [200], { method: "POST", path, query: { uploads: "" }, bytesMax: 2000 });
    const uploadId = inner(created.body.toString(), "UploadId");
    const name = `${key} ${uploadId}`;
    uploads.set(name, new Map());
    let etag = "";
    let sizeBytes = 0;
    for (let attempt = 0; attempt < (Math.random() < 0.5 ? 1 : 2); attempt++) {
      const body = newBody(pick(sizes) + 1);
      this.#unknown = { what: "part", key, uploadId, body };
      await this.#send("write", [200], { method: "PUT", path, query: { partNumber: "1", uploadId }, body });
      this.#ledger.ingressBytes += body.length;
      uploads.get(name)?.set(1, body.length);
      etag = etagOf(body);
      sizeBytes = body.length;
    }
    const dice = Math.random();
    this.#unknown = { what: "upload", key, uploadId };
    if (dice < 0.5) {
      const part = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`;
      const body = Buffer.from(`<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`);
      await this.#send("write", [200], { method: "POST", path, query: { uploadId }, body, bytesMax: 2000 });
      objects.set(key, sizeBytes);
      uploads.delete(name);
    } else if (dice < 0.8) {
      await this.#send("delete", [204], { method: "DELETE", path, query: { uploadId } });
      uploads.delete(name);
    }
  }

  async #settleUpload(unknown: Extract<Unknown, { what: "part" | "upload" }>): Promise<void> {
    const { uploads } = this.#ledger;
    const { key, uploadId } = unknown;
    const name = `${key} ${uploadId}`;
    const query = { uploadId };
    const answer = await this.#send("list", [200, 404], { method: "GET", path: this.#path(key), query });
    if (answer.status === 404) {
      uploads.delete(name);
      await this.#readObject(key);
      return;
    }
    const xml = answer.body.toString();
    const parts = [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => part);
    const isApplied = (part: string): boolean =>
      unknown.what === "part" && inner(part, "ETag").replaceAll("&quot;", '"') === etagOf(unknown.body);
    if (unknown.what === "part" && parts.some(isApplied)) this.#ledger.ingressBytes += unknown.body.length;
    uploads.set(name, new Map(parts.map((part) => [Number(inner(part, "PartNumber")), Number(inner(part, "Size"))])));
  }

  /** @returns whether an object of this ETag is there */
  async #readObject(key: string): Promise<(etag: string) => boolean> {
    const answer = await this.#send("read", [200, 404], { method: "HEAD", path: this.#path(key) });
    if (answer.status === 404) this.#ledger.objects.delete(key);
    else this.#ledger.objects.set(key, Number(answer.headers["content-length"]));
    return (etag) => answer.headers["etag"] === etag;
  }

  /** @returns whether a version of this ETag is there that was not known */
  async #readVersions(key: string): Promise<(etag: string) => boolean> {
    const known = new Set((this.#ledger.versions.get(key) ?? []).map(({ id }) => id));
    const query = { versions: "", prefix: key };
    const { body } = await this.#send("list", [200], { method: "GET", path: `/${this.#ledger.bucket}`, query });
    const found = [...body.toString().matchAll(/<(Version|DeleteMarker)>(.*?)<\/\1>/gs)].map(([, kind, xml = ""]) => ({
      id: inner(xml, "VersionId"),
      etag: inner(xml, "ETag").replaceAll("&quot;", '"'),
      sizeBytes: kind === "DeleteMarker" ? null : Number(inner(xml, "Size")),
    }));
    this.#ledger.versions.set(
      key,
      found.map(({ id, sizeBytes }) => ({ id, sizeBytes })),
    );
    return (etag) => found.some((version) => version.etag === etag && !known.has(version.id));
  }

  #path(key: string): string {
    return `/${this.#ledger.bucket}/${key}`;
  }

  async #send(kind: Kind, statuses: readonly number[], send: Send): Promise<S3Answer> {
    const call = { kind, endedAt: null as number | null, receivedBytes: 0, bytesMax: send.bytesMax ?? 2000 };
    if (this.#client === null) throw new Error("not connected");
    this.#ledger.calls.push(call);
    try {
      const answer = await this.#client.send(send.method, send.path, send);
      call.receivedBytes = answer.body.length;
      call.endedAt = performance.now();
      if (!statuses.includes(answer.status)) {
        this.unexpected.push(`${send.method} ${send.path}: ${answer.status} ${answer.body.toString()}`);
      }
      return answer;
    } catch (error) {
      throw new Unanswered("a request was not answered", { cause: error });
    }
  }
}
