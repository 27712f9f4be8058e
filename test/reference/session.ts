/**
 * One sequence on one bucket: every request goes to the model and to the node. A request that a crash cut off leaves two
 * states that may be true; later answers decide.
 */

import type { Command, Crash } from "./commands.ts";
import type { Coverage } from "./coverage.ts";
import { documentRules } from "./documents.ts";
import { keyFor } from "./feature-requests.ts";
import { tooLongKey } from "./inputs.ts";
import { interpret } from "./interpret.ts";
import { placeAfter, positionAfter } from "./listings.ts";
import { compare } from "./match.ts";
import { answer } from "./model.ts";
import { countsAcls } from "./owners.ts";
import type { Before, Sequence } from "./sequences.ts";
import type { SharedNode } from "./shared-node.ts";
import { currentObject, newBucket, type Request, rename, type State, type Subresource, type Turn } from "./state.ts";
import type { ErrorCode, Operation, Point } from "./vocabulary.ts";
import type { Element, Observed } from "./wire.ts";

/** States that may be true at once; more than a few crashes cannot leave. */
const candidatesMax = 256;

export class Mismatch extends Error {}

export class Session {
  readonly #node: SharedNode;
  readonly #bucket: string;
  readonly #keys: readonly string[];
  readonly #coverage: Pick<Coverage, "reach" | "outcome">;
  readonly #tokens = { positions: new Map<string, string>(), places: new Map<string, number>() };
  #candidates: readonly State[];
  #nextPage: Request | null = null;
  #staysOff = false;
  #origin: string | null = null;
  readonly trace: string[] = [];

  constructor(
    node: SharedNode,
    bucket: string,
    keys: readonly string[],
    coverage: Pick<Coverage, "reach" | "outcome">,
  ) {
    this.#node = node;
    this.#bucket = bucket;
    this.#keys = keys;
    this.#coverage = coverage;
    this.#candidates = [{ ...newBucket(), exists: false }];
  }

  get #state(): State {
    const [state] = this.#candidates;
    if (state === undefined) throw new Error("no state is left");
    return state;
  }

  /** @throws Mismatch */
  async run(command: Command | Crash): Promise<void> {
    if (command.kind === "Crash") return this.#crash(command);
    if (command.kind === "Browse") this.#origin = command.origin;
    const request = this.#interpret(command);
    if (request === null) return;
    await this.perform(request);
    if (command.kind === "Setting" && command.verb === "put") {
      await this.perform({ ...nothing, operation: documentRules[command.name].get });
      if (opening.has(command.name)) await this.#visit();
    }
    if (command.kind === "Setting" && command.verb === "put") await this.#contradict(command.name);
    if (command.kind === "Foreign" && request.operation === "PutBucketPolicy") await this.#visit();
    const copies = command.kind === "CopyAttributed" && request.operation === "CopyObject";
    const writes = command.kind === "Foreign" && request.operation === "PutObject";
    if (copies || writes) await this.#lookAt(request.key);
    const pages = command.kind === "Listing" ? command.follow : 0;
    for (let page = 0; page < pages && this.#nextPage !== null; page++) await this.perform(this.#nextPage);
  }

  #interpret(command: Command): Request | null {
    if (this.#staysOff && command.kind === "PutBucketVersioning" && command.status !== "Off") return null;
    return interpret(command, { state: this.#state, keys: this.#keys, nextPage: this.#nextPage });
  }

  async #crash({ afterMs, during }: Crash): Promise<void> {
    const request = this.#interpret(during);
    const running = request === null ? Promise.resolve() : this.perform(request);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    this.#coverage.reach("event crash");
    await Promise.all([this.#node.crash(), running]);
    await this.observe();
  }

  /**
   * Sends one request and lets its answer decide which of the states can be true.
   * @returns false when a crash cut it off
   * @throws Mismatch
   */
  async perform(asked: Request): Promise<boolean> {
    const request =
      // What has no key that could be one is refused before it is known what bucket's rules would be asked.
      this.#origin === null || withoutOrigin.has(asked.operation) || asked.key === tooLongKey
        ? asked
        : { ...asked, headers: { ...asked.headers, origin: this.#origin } };
    const from = Date.now();
    const observed = await this.#node.send(this.#bucket, request);
    const now = { from, to: Date.now() };
    this.trace.push(`${describeRequest(request)} → ${observed === null ? "killed" : observed.status}`);
    if (observed === null) {
      this.#fork(request, now);
      return false;
    }
    const before = this.#candidates;
    const isKnown = (id: string): boolean => before.some((state) => state.issued.has(id));
    const kept: State[] = [];
    let differences: readonly string[] = [];
    for (const [at, state] of before.entries()) {
      const points: Point[] = [];
      const outcomes: (readonly [Operation, ErrorCode | "done"])[] = [];
      const turn: Turn = {
        now,
        reach: (point) => void points.push(point),
        outcome: (operation, outcome) => void outcomes.push([operation, outcome]),
      };
      const result = answer(state, request, turn, this.#tokens);
      const comparison = compare(result.answer, observed, isHead(request), isKnown);
      if (comparison.differences.length > 0) {
        if (at === 0) differences = comparison.differences;
        continue;
      }
      if (kept.length === 0) {
        for (const point of points) this.#coverage.reach(point);
        for (const [operation, outcome] of outcomes) this.#coverage.outcome(operation, outcome);
      }
      kept.push(rename(result.state, comparison.told));
    }
    if (kept.length === 0) {
      const several = before.length > 1 ? ` (none of ${before.length} states fits)` : "";
      throw new Mismatch(`${describeRequest(request)}${several}\n    ${differences.join("\n    ")}`);
    }
    this.#candidates = kept;
    this.#remember(request, before[0] ?? this.#state, observed);
    return true;
  }

  /** The request happened or did not; of a list of deletes each prefix may have. */
  #fork(request: Request, now: Turn["now"]): void {
    const turn: Turn = { now, reach: () => undefined, outcome: () => undefined };
    const prefixes =
      request.operation === "DeleteObjects"
        ? (request.objects ?? []).map((_object, at, all) => ({ ...request, objects: all.slice(0, at + 1) }))
        : [request];
    const forked = this.#candidates.flatMap((state) => [
      state,
      ...prefixes.map((one) => answer(state, one, turn, this.#tokens).state).filter((next) => next !== state),
    ]);
    if (forked.length > candidatesMax) throw new Error(`${forked.length} states may be true`);
    this.#candidates = forked;
  }

  /** Keeps the request for the next page of a listing, if there is one. */
  #remember(request: Request, state: State, observed: Observed): void {
    if (!request.operation.startsWith("List") || request.operation === "ListParts") return;
    const text = (name: string): string | undefined =>
      observed.xml?.children.find((child) => child.name === name)?.text;
    const isTruncated = text("IsTruncated") === "true";
    const query = isTruncated ? this.#nextQuery(request, state, text, observed.xml) : null;
    this.#nextPage = query === null ? null : { ...request, query: { ...request.query, ...query } };
  }

  #nextQuery(
    request: Request,
    state: State,
    text: (name: string) => string | undefined,
    xml: Element | null,
  ): Record<string, string> {
    const isEncoded = request.query["encoding-type"] === "url";
    const name = (value: string | undefined): string => (isEncoded ? decodeURIComponent(value ?? "") : (value ?? ""));
    switch (request.operation) {
      case "ListObjectsV2": {
        const token = text("NextContinuationToken") ?? "";
        this.#tokens.positions.set(token, positionAfter(state, request, this.#tokens));
        return { "continuation-token": token };
      }
      case "ListObjects":
        return { marker: name(text("NextMarker") ?? lastKey(xml)) };
      case "ListObjectVersions": {
        const id = text("NextVersionIdMarker");
        if (id && !state.issuedVersions.has(id)) this.#tokens.places.set(id, placeAfter(state, request, this.#tokens));
        return { "key-marker": name(text("NextKeyMarker")), ...(id ? { "version-id-marker": id } : {}) };
      }
      default: {
        const id = text("NextUploadIdMarker");
        return { "key-marker": name(text("NextKeyMarker")), ...(id ? { "upload-id-marker": id } : {}) };
      }
    }
  }

  /** Compares everything there is: all versions, their bytes, tags and ACLs, all uploads and their parts. @throws Mismatch */
  async observe(): Promise<void> {
    const before = this.#candidates.length;
    const url = { "encoding-type": "url" };
    for (const operation of ["ListObjectVersions", "ListMultipartUploads"] as const) {
      // What follows names the ids that these tell.
      let isAnswered = false;
      while (!isAnswered) isAnswered = await this.perform({ ...nothing, operation, query: url });
    }
    for (const { id, key } of this.#state.uploads) {
      await this.perform({ ...nothing, operation: "ListParts", key, query: { uploadId: id } });
    }
    for (const [key, history] of this.#state.keys) {
      for (const version of history) {
        const query = this.#state.versioning === "Off" ? {} : { versionId: version.id };
        const headers = {
          "x-amz-checksum-mode": "ENABLED",
          ...(version.isMarker ? {} : keyFor(version)),
        };
        await this.perform({ ...nothing, operation: "GetObject", key, query, headers });
        if (version.isMarker) continue;
        if (version.owner !== "owner") {
          await this.perform({ ...nothing, operation: "GetObject", key, query, headers, who: version.owner });
        }
        await this.perform({ ...nothing, operation: "GetObjectTagging", key, query });
        await this.perform({ ...nothing, operation: "GetObjectAcl", key, query });
      }
    }
    if (before > 1)
      this.#coverage.reach(
        this.#candidates.length === before ? "event in flight: undecided" : "event in flight: decided",
      );
  }

  /** Removes everything, which is also compared. @throws Mismatch */
  async clear(): Promise<void> {
    if (this.#state.exists) await this.perform({ ...nothing, operation: "DeleteBucketPolicy" });
    for (const { id, key } of this.#state.uploads) {
      await this.perform({ ...nothing, operation: "AbortMultipartUpload", key, query: { uploadId: id } });
    }
    for (const [key, history] of this.#state.keys) {
      for (const version of history) {
        const query = this.#state.versioning === "Off" ? {} : { versionId: version.id };
        const headers = { "x-amz-bypass-governance-retention": "true" };
        if (!version.isMarker && (version.retention !== null || version.legalHold === true)) {
          await this.perform({ ...nothing, operation: "DeleteObject", key, query, headers, who: "limited" });
        }
        if (!version.isMarker && version.legalHold === true) {
          const body = Buffer.from("<LegalHold><Status>OFF</Status></LegalHold>");
          await this.perform({ ...nothing, operation: "PutObjectLegalHold", key, query, body, choice: "OFF" });
        }
        await this.perform({ ...nothing, operation: "DeleteObject", key, query, headers });
      }
    }
    if (this.#state.exists) await this.perform({ ...nothing, operation: "DeleteBucket" });
    await this.perform({ ...nothing, operation: "HeadBucket" });
  }

  /** What others may do, after a change of what lets them. */
  async #visit(): Promise<void> {
    for (const who of ["stranger", "anonymous"] as const) {
      await this.perform({ ...nothing, operation: "ListObjectsV2", who, query: { "encoding-type": "url" } });
      for (const key of this.#keys) {
        const current = currentObject(this.#state, key);
        const isPlain = current === null || /^(unencrypted|SSE-S3)$/.test(current.encryption.kind);
        if (isPlain) await this.perform({ ...nothing, operation: "HeadObject", who, key });
      }
    }
    for (const key of this.#keys) {
      const current = currentObject(this.#state, key);
      if (current === null) continue;
      const isOpen = this.#state.settings.get("policy") === "public write";
      if (isOpen || current.owner !== "owner") await this.#visitAcl(key, current.acl);
    }
    const { settings } = this.#state;
    const [key = ""] = this.#keys;
    const headers = { "x-amz-acl": "private" };
    if (settings.get("policy") === "to the stranger" && settings.get("encryption") !== "SSE-KMS") {
      await this.perform({ ...nothing, operation: "PutObject", who: "stranger", key, headers });
    }
    if (settings.get("policy") !== "no deletes") return;
    for (const who of ["owner", "limited"] as const) {
      await this.perform({ ...nothing, operation: "DeleteObject", who, key });
      await this.perform({ ...nothing, operation: "PutObject", who, key, headers });
    }
  }

  /** What is refused because of what was set. */
  async #contradict(name: Subresource): Promise<void> {
    const { settings, versioning } = this.#state;
    const isGranting = name === "acl" && (settings.get("acl") ?? "private") !== "private";
    if (isGranting && countsAcls(this.#state)) await this.#put("ownershipControls", "BucketOwnerEnforced");
    if (name === "publicAccessBlock" && settings.get(name) === "all") {
      const headers = { "x-amz-acl": "public-read" };
      await this.perform({ ...nothing, operation: "PutBucketAcl", headers });
      await this.#put("policy", "public read");
    }
    if (name === "replication" && settings.has(name) && versioning === "Enabled") {
      await this.perform({ ...nothing, operation: "PutBucketVersioning", query: { status: "Suspended" } });
    }
  }

  /** An ACL is shown, and set to what it is. */
  async #visitAcl(key: string, acl: string): Promise<void> {
    for (const who of ["owner", "stranger", "anonymous"] as const) {
      await this.perform({ ...nothing, operation: "HeadObject", who, key });
      await this.perform({ ...nothing, operation: "GetObjectAcl", who, key });
      await this.perform({ ...nothing, operation: "PutObjectAcl", who, key, headers: { "x-amz-acl": acl } });
    }
  }

  /** What the current object has beside its bytes. */
  async #lookAt(key: string): Promise<void> {
    const current = currentObject(this.#state, key);
    if (current === null) return;
    await this.perform({ ...nothing, operation: "HeadObject", key, headers: keyFor(current) });
    await this.perform({ ...nothing, operation: "GetObjectAcl", key });
  }

  async #put(name: "ownershipControls" | "policy", choice: string): Promise<void> {
    const { put, documents } = documentRules[name];
    const body = Buffer.from(documents[choice]?.xml ?? "");
    await this.perform({ ...nothing, operation: put, body, choice });
  }

  /** The bucket, in its first versioning state. */
  async begin({ versioning, before, hasLock, policy, ownership }: Omit<Sequence, "keys" | "commands">): Promise<void> {
    this.#staysOff = versioning === "Off";
    const headers: Record<string, string> = hasLock ? { "x-amz-bucket-object-lock-enabled": "true" } : {};
    await this.perform({ ...nothing, operation: "CreateBucket", headers });
    if (ownership !== null) await this.#put("ownershipControls", ownership);
    if (policy !== null) await this.#put("policy", policy);
    if (hasLock) return;
    if (versioning === "Off" || versioning === "Mixed") return;
    const set = (status: string): Promise<boolean> =>
      this.perform({ ...nothing, operation: "PutBucketVersioning", query: { status } });
    const make = async (choose: (one: Before) => Before["above"]): Promise<void> => {
      for (const [at, key] of this.#keys.entries()) {
        const one = before[at];
        const wanted = one === undefined ? "nothing" : choose(one);
        if (wanted === "object") await this.perform({ ...nothing, operation: "PutObject", key });
        if (wanted === "marker") await this.perform({ ...nothing, operation: "DeleteObject", key });
      }
    };
    if (before.length > 0) {
      await set("Suspended");
      await make(({ nullVersion }) => nullVersion);
      await set("Enabled");
      await make(({ above }) => above);
    }
    await set(versioning);
  }
}

/** Those after which other rules hold, and preflights, which have an origin of their own. */
const withoutOrigin: ReadonlySet<Operation> = new Set([
  "PutBucketCors",
  "DeleteBucketCors",
  "CreateBucket",
  "DeleteBucket",
  "Preflight",
]);

const opening: ReadonlySet<string> = new Set(["policy", "publicAccessBlock", "ownershipControls", "acl"]);

const nothing: Request = { operation: "HeadBucket", key: "", query: {}, headers: {}, body: Buffer.alloc(0) };

const isHead = ({ operation }: Request): boolean => operation.startsWith("Head");

const lastKey = (xml: Element | null): string | undefined =>
  xml?.children
    .filter(({ name }) => name === "Contents")
    .at(-1)
    ?.children.find(({ name }) => name === "Key")?.text;

const short = (text: string): string => text.replace(/(.)\1{60,}/g, "$1$1$1…");

export function describeRequest({ operation, key, query, headers, body, parts, objects, who }: Request): string {
  const shown = [
    who === undefined || who === "owner" ? null : `by ${who}`,
    key === "" ? null : short(JSON.stringify(key)),
    Object.keys(query).length === 0 ? null : JSON.stringify(query),
    Object.keys(headers).length === 0 ? null : short(JSON.stringify(headers)),
    body.length === 0 ? null : `${body.length} bytes`,
    parts === undefined ? null : JSON.stringify(parts),
    objects === undefined ? null : JSON.stringify(objects),
  ];
  return [operation, ...shown.filter((part) => part !== null)].join(" ");
}
