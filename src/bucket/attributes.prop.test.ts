/**
 * Random histories of attributes and locks against a model of lists: every version keeps what it was given and what was
 * changed since, in its record or in rows beside it; locks hold against every message that removes; nothing is left behind.
 */

import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { isLocked, type Retention } from "../s3/object-lock.ts";
import { readTail } from "../storage/attributes.ts";
import { versionKey } from "../storage/keys.ts";
import { etagOf, type ObjectRecord } from "../storage/record.ts";
import { recount } from "../storage/recount.ts";
import { recountAttributes } from "../storage/recount-attributes.ts";
import { recountTotals } from "../storage/recount-totals.ts";
import {
  aclOf,
  hourMs,
  type Key,
  keys,
  type Lasting,
  lockOf,
  retentionOf,
  type Step,
  step,
  taggingOf,
} from "./attributes-steps.testing.ts";
import { BucketStand, bodyOf, inlineBody, MiB, startMs, stored } from "./bucket-stand.testing.ts";
import { historiesOf } from "./histories.testing.ts";
import type { AttributesChange, ObjectMetadata } from "./messages.ts";
import { versionIdOf } from "./version-id.ts";

interface ModelVersion {
  readonly id: string;
  /** null: a delete marker. */
  readonly etag: string | null;
  readonly bodyBytes: number;
  readonly modifiedMs: number;
  readonly metadata: ObjectMetadata;
}

const daysOf = { short: 1, long: 2 } as const;

class Run {
  readonly stand = new BucketStand();
  readonly histories = new Map<Key, ModelVersion[]>();
  versioning: "Off" | "Enabled" | "Suspended" = "Off";
  hasLock = false;
  lasting: Lasting | null = null;
  readonly reached = new Set<string>();

  of(name: Key): ModelVersion[] {
    return this.histories.get(name) ?? [];
  }

  async apply(t: ExecutionContext, next: Step): Promise<void> {
    const { stand } = this;
    switch (next.do) {
      case "put":
      case "upload":
        return this.#put(t, next);
      case "change":
        return this.#change(t, next);
      case "delete":
      case "deleteMany":
        return this.#delete(t, next);
      case "versioning":
        return this.#setVersioning(t, next.to);
      case "lock":
        return this.#lock(t, next.lasting);
      case "wait":
        stand.nowMs += next.hours * hourMs;
        return;
      case "crash":
        return stand.crash();
    }
  }

  async #setVersioning(t: ExecutionContext, to: "Enabled" | "Suspended"): Promise<void> {
    const asked = this.stand.ask("bucket.setVersioning", { versioning: to });
    if (this.hasLock && to === "Suspended") return this.#refused(t, asked, "InvalidBucketState");
    await asked;
    this.versioning = to;
  }

  async #lock(t: ExecutionContext, lasting: Lasting | null): Promise<void> {
    const defaultRetention =
      lasting === null ? null : ({ mode: "GOVERNANCE", unit: "Days", count: daysOf[lasting] } as const);
    const asked = this.stand.ask("bucket.configure", { field: "objectLock", value: { defaultRetention } });
    if (this.versioning !== "Enabled") return this.#refused(t, asked, "InvalidBucketState");
    await asked;
    this.hasLock = true;
    this.lasting = lasting;
  }

  async #put(t: ExecutionContext, { do: how, key: name, bodyBytes, given }: Extract<Step, { do: "put" | "upload" }>) {
    const lock = given.locking === null ? null : lockOf(given.locking, this.stand.nowMs);
    const metadata: ObjectMetadata = {
      contentType: "a/b",
      ...(given.tagging === null ? {} : { tagging: taggingOf(given.tagging) }),
      ...(given.acl === null ? {} : { acl: aclOf(given.acl) }),
      ...(lock === null ? {} : { lock }),
    };
    const asked = how === "put" ? this.#putWhole(name, bodyBytes, metadata) : this.#upload(name, metadata);
    if (lock !== null && !this.hasLock) return this.#refused(t, asked, "InvalidRequest");
    const { etag, versionId, sizeBytes, modifiedMs } = await asked;
    const kept = versionId === null ? this.of(name).filter(({ id }) => id !== "null") : this.of(name);
    const added = {
      id: versionId ?? "null",
      etag,
      bodyBytes: sizeBytes,
      modifiedMs,
      metadata: this.#defaulted(metadata),
    };
    this.histories.set(name, [added, ...kept]);
  }

  #defaulted(metadata: ObjectMetadata): ObjectMetadata {
    if (this.lasting === null || (metadata.lock?.retention ?? null) !== null) return metadata;
    const retention = retentionOf("GOVERNANCE", 24 * daysOf[this.lasting], this.stand.nowMs);
    return { ...metadata, lock: { retention, legalHold: metadata.lock?.legalHold ?? null } };
  }

  #putWhole(name: Key, bodyBytes: number, metadata: ObjectMetadata) {
    const body = bodyBytes >= MiB ? bodyOf(["x"]) : inlineBody("b".repeat(bodyBytes));
    const source = stored(body);
    return this.#room(bodyBytes, metadata)
      ? this.stand.ask("object.put", { key: name, source, metadata, preconditions: {} })
      : this.stand.ask("object.put", { key: name, source: stored(bodyOf(["y"])), metadata, preconditions: {} });
  }

  /** What a front plans for: a body beside everything that is in the record, or in it without attributes. */
  #room(bodyBytes: number, metadata: ObjectMetadata): boolean {
    const bytes = (metadata.tagging?.length ?? 0) + (metadata.acl?.grants.length ?? 0) * 70;
    return bodyBytes >= MiB || bodyBytes + 150 + (bytes > 7900 ? 0 : bytes + 70) < 8000;
  }

  async #upload(name: Key, metadata: ObjectMetadata) {
    const options = { checksumAlgorithm: null, checksumType: null };
    const { uploadId } = await this.stand.ask("upload.create", { key: name, metadata, ...options });
    const at = { key: name, uploadId };
    const { etag } = await this.stand.ask("upload.putPart", { ...at, partNumber: 1, source: stored(bodyOf(["z"])) });
    // One is begun and given up beside it: its attributes must go as well.
    const other = await this.stand.ask("upload.create", { key: name, metadata, ...options });
    await this.stand.ask("upload.abort", { key: name, uploadId: other.uploadId });
    const parts = [{ partNumber: 1, etag, checksum: null }];
    return this.stand.ask("upload.complete", { ...at, parts, preconditions: {}, objectBytes: null });
  }

  async #change(t: ExecutionContext, next: Extract<Step, { do: "change" }>): Promise<void> {
    const { key: name, what, given, bypass } = next;
    const history = this.of(name);
    const target = next.version === "newest" ? history[0] : history[next.version];
    const { nowMs } = this.stand;
    const retention = retentionOf(given.mode, given.hours, nowMs);
    const change: AttributesChange = {
      tagging: { tagging: taggingOf(given.tagging) },
      acl: { acl: aclOf(given.acl) },
      retention: { retention },
      hold: { legalHold: true },
      untag: { tagging: null },
      unretain: { retention: null },
      release: { legalHold: false },
    }[what];
    const versionId = next.version === "newest" ? null : (target?.id ?? "0".repeat(26));
    const asked = this.stand.ask("object.setAttributes", { key: name, versionId, change, bypassGovernance: bypass });
    if (target === undefined) return this.#refused(t, asked, versionId === null ? "NoSuchKey" : "NoSuchVersion");
    if (target.etag === null) return this.#refused(t, asked, "MethodNotAllowed");
    const isOfLock = change.retention !== undefined || change.legalHold !== undefined;
    if (isOfLock && !this.hasLock) return this.#refused(t, asked, "InvalidRequest");
    const before = target.metadata.lock?.retention ?? null;
    if (change.retention !== undefined && !mayReplace(before, change.retention, nowMs, bypass)) {
      return this.#refused(t, asked, "AccessDenied");
    }
    t.is((await asked).versionId, this.versioning === "Off" ? null : target.id);
    history[history.indexOf(target)] = { ...target, metadata: applied(target.metadata, change) };
  }

  async #delete(t: ExecutionContext, next: Extract<Step, { do: "delete" | "deleteMany" }>): Promise<void> {
    const { key: name, bypass } = next;
    const history = this.of(name);
    const isPlain = next.version === "newest";
    const target = isPlain ? history.find(({ id }) => id === "null") : history[next.version];
    const versionId = isPlain ? null : (target?.id ?? "0".repeat(26));
    const request = { key: name, versionId, preconditions: {}, bypassGovernance: bypass, markerOwnerId: null };
    const asked =
      next.do === "delete"
        ? this.stand.ask("object.delete", request)
        : this.stand.ask("object.deleteMany", { objects: [request] }).then(({ outcomes: [outcome] }) => {
            if (outcome?.ok !== true) throw Object.assign(new Error("refused"), outcome);
            return outcome.value;
          });
    if (isPlain && this.versioning !== "Off") {
      const { versionId: id } = await asked;
      const kept = id === "null" ? history.filter((each) => each.id !== "null") : history;
      this.histories.set(name, [
        { id: id ?? "", etag: null, bodyBytes: 0, modifiedMs: this.stand.nowMs, metadata: {} },
        ...kept,
      ]);
      return;
    }
    if (target !== undefined && isLocked(target.metadata.lock, this.stand.nowMs, bypass)) {
      return this.#refused(t, asked, "AccessDenied");
    }
    await asked;
    this.histories.set(
      name,
      history.filter((each) => each !== target),
    );
  }

  async #refused(t: ExecutionContext, asked: Promise<unknown>, code: string): Promise<void> {
    const error = await t.throwsAsync(asked);
    t.is((error as unknown as { code: string }).code, code);
    this.reached.add(code);
  }

  check(t: ExecutionContext): void {
    const { stand } = this;
    const { trees } = stand.metadata;
    const found = historiesOf(trees, stand.bucket);
    for (const name of keys) {
      t.deepEqual(
        (found.get(name) ?? []).map((record) => this.#shown(name, record)),
        this.of(name),
      );
    }
    t.deepEqual(recountAttributes(trees), []);
    t.deepEqual(recount(trees), []);
    t.deepEqual(recountTotals(trees), []);
  }

  #shown(name: Key, record: ObjectRecord): ModelVersion {
    const { trees } = this.stand.metadata;
    const owner = () => versionKey(this.stand.bucket, name, record.stamp);
    const { metadata } = readTail(trees.attributes, record, owner);
    if (record.hasAttributeRows) this.reached.add(record.location?.kind === "inline" ? "rows beside a body" : "rows");
    if (record.hasLock !== (metadata.lock !== undefined))
      throw new Error("the head does not say whether there is a lock");
    if (record.location?.kind === "inline" && record.location.bytes.length !== record.sizeBytes)
      throw new Error("body");
    return {
      id: versionIdOf(record),
      etag: record.isDeleteMarker ? null : etagOf(record),
      bodyBytes: record.sizeBytes,
      modifiedMs: record.modifiedMs,
      metadata,
    };
  }
}

/** AWS: within a mode a retention may be prolonged; all else takes the bypass, and nothing helps in compliance mode. */
function mayReplace(before: Retention | null, after: Retention | null, nowMs: number, bypass: boolean): boolean {
  if (before === null || before.untilMs <= nowMs) return true;
  if (after?.mode === before.mode && after.untilMs >= before.untilMs) return true;
  return before.mode === "GOVERNANCE" && bypass;
}

function applied(metadata: ObjectMetadata, change: AttributesChange): ObjectMetadata {
  const next: { -readonly [N in keyof ObjectMetadata]: ObjectMetadata[N] } = { ...metadata };
  if (change.tagging === null) delete next.tagging;
  else if (change.tagging !== undefined) next.tagging = change.tagging;
  if (change.acl !== undefined) next.acl = change.acl;
  const retention = change.retention === undefined ? (metadata.lock?.retention ?? null) : change.retention;
  const legalHold = change.legalHold ?? metadata.lock?.legalHold ?? null;
  if (retention === null && legalHold === null) delete next.lock;
  else next.lock = { retention, legalHold };
  return next;
}

test("attributes and locks of every version are the model's, in records and in rows, and leave nothing", async (t) => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 10, maxLength: 40 }), async (isLocked, steps) => {
      const run = new Run();
      if (isLocked) {
        await run.apply(t, { do: "versioning", to: "Enabled" });
        await run.apply(t, { do: "lock", lasting: null });
      }
      for (const next of steps) {
        await run.apply(t, next);
        run.check(t);
      }
      for (const each of run.reached) reached.add(each);
      // When every lock has run out, or is let go, all of it can be removed.
      run.stand.nowMs = startMs + 24 * 365 * hourMs;
      for (const [name, history] of run.histories) {
        for (const { id, metadata } of history.filter((each) => each.metadata.lock?.legalHold === true)) {
          const change = { legalHold: false };
          t.truthy(metadata);
          await run.stand.ask("object.setAttributes", { key: name, versionId: id, change, bypassGovernance: false });
        }
      }
      while (!(await run.stand.ask("bucket.emptySome", {})).isEmpty)
        historiesOf(run.stand.metadata.trees, run.stand.bucket);
      const { trees } = run.stand.metadata;
      for (const tree of ["current", "versions", "attributes"] as const)
        t.deepEqual(trees[tree].keys({ start: Buffer.alloc(0), limit: 1 }), []);
    }),
    { numRuns: 100 },
  );
  t.deepEqual([...reached].sort(), [
    "AccessDenied",
    "InvalidBucketState",
    "InvalidRequest",
    "MethodNotAllowed",
    "NoSuchKey",
    "NoSuchVersion",
    "rows",
    "rows beside a body",
  ]);
});
