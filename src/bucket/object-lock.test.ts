/**
 * What every message does to a version by what protects it and by where it stands. The table is total: a lock, a message or a
 * place without its cell does not compile. Source: AWS S3 User Guide, "Locking objects with Object Lock".
 */

import test from "ava";
import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import type { ObjectLock, Retention } from "../s3/object-lock.ts";
import { recount } from "../storage/recount.ts";
import { recountAttributes } from "../storage/recount-attributes.ts";
import { recountTotals } from "../storage/recount-totals.ts";
import { BucketStand, bodyOf, inlineBody, startMs, stored } from "./bucket-stand.testing.ts";
import { historiesOf } from "./histories.testing.ts";
import { findLocked, lockedText } from "./locked-versions.ts";
import type { AttributesChange, ObjectMetadata } from "./messages.ts";
import { versionIdOf } from "./version-id.ts";

const hourMs = 3_600_000;
const untilMs = startMs + 10 * hourMs;

const locks = {
  none: undefined,
  governance: { retention: { mode: "GOVERNANCE", untilMs }, legalHold: null },
  compliance: { retention: { mode: "COMPLIANCE", untilMs }, legalHold: null },
  "expired compliance": { retention: { mode: "COMPLIANCE", untilMs: startMs + hourMs }, legalHold: null },
  hold: { retention: null, legalHold: true },
  "hold let go": { retention: null, legalHold: false },
  "governance and hold": { retention: { mode: "GOVERNANCE", untilMs }, legalHold: true },
} as const satisfies Record<string, ObjectLock | undefined>;
type Lock = keyof typeof locks;

/** Where the version stands: its key's newest, below another one, or the null version of before versioning was enabled. */
const places = ["newest", "older", "null"] as const;
type Place = (typeof places)[number];

/** "gone": the version is removed; "kept": the message succeeds and the version is still there. */
type Cell = "gone" | "kept" | "AccessDenied" | "InvalidBucketState" | "OperationAborted";
type Row = { readonly [L in Lock]: Cell };

/** [without bypass, with bypass] */
const always = (cell: Cell): Row => ({
  none: cell,
  governance: cell,
  compliance: cell,
  "expired compliance": cell,
  hold: cell,
  "hold let go": cell,
  "governance and hold": cell,
});
const removal: Row = {
  none: "gone",
  governance: "AccessDenied",
  compliance: "AccessDenied",
  "expired compliance": "gone",
  hold: "AccessDenied",
  "hold let go": "gone",
  "governance and hold": "AccessDenied",
};
const loosening: Row = {
  none: "kept",
  governance: "AccessDenied",
  compliance: "AccessDenied",
  "expired compliance": "kept",
  hold: "kept",
  "hold let go": "kept",
  "governance and hold": "AccessDenied",
};

const table = {
  "put over": always("kept"),
  "complete over": always("kept"),
  "delete without a version": always("kept"),
  "deleteMany without a version": always("kept"),
  "delete the version": removal,
  "delete the version, bypassing": { ...removal, governance: "gone" },
  "deleteMany the version": removal,
  "deleteMany the version, bypassing": { ...removal, governance: "gone" },
  "empty the bucket": removal,
  "empty the bucket, bypassing": { ...removal, governance: "gone" },
  "close the bucket": always("kept"),
  "suspend versioning": always("InvalidBucketState"),
  "prolong retention": always("kept"),
  "shorten retention": loosening,
  "shorten retention, bypassing": { ...loosening, governance: "kept", "governance and hold": "kept" },
  "change mode": loosening,
  "change mode, bypassing": { ...loosening, governance: "kept", "governance and hold": "kept" },
  "take retention away": loosening,
  "take retention away, bypassing": { ...loosening, governance: "kept", "governance and hold": "kept" },
  "hold it": always("kept"),
  "let go of it": always("kept"),
  "tag it": always("kept"),
  "change its ACL": always("kept"),
} as const satisfies Record<string, Row>;
type Operation = keyof typeof table;

interface At {
  readonly stand: BucketStand;
  readonly versionId: string;
  readonly lock: ObjectLock | undefined;
}

const put = (stand: BucketStand, metadata: ObjectMetadata = {}) =>
  stand.ask("object.put", { key: "k", source: stored(inlineBody("x")), metadata, preconditions: {} });

const remove = ({ stand, versionId }: At, bypassGovernance: boolean, named = true) =>
  stand.ask("object.delete", {
    key: "k",
    versionId: named ? versionId : null,
    preconditions: {},
    bypassGovernance,
    markerOwnerId: null,
  });

const removeMany = async ({ stand, versionId }: At, bypassGovernance: boolean, named = true) => {
  const object = {
    key: "k",
    versionId: named ? versionId : null,
    preconditions: {},
    bypassGovernance,
    markerOwnerId: null,
  };
  const { outcomes } = await stand.ask("object.deleteMany", { objects: [object] });
  const [outcome] = outcomes;
  if (outcome?.ok !== true) throw new S3Error(outcome?.code === "AccessDenied" ? "AccessDenied" : "InternalError");
};

const change = ({ stand, versionId }: At, asked: AttributesChange, bypassGovernance = false) =>
  stand.ask("object.setAttributes", { key: "k", versionId, change: asked, bypassGovernance });

const retentionBefore = ({ lock }: At): Retention => lock?.retention ?? { mode: "COMPLIANCE", untilMs };

const prolonged = (at: At): AttributesChange => {
  const { mode } = retentionBefore(at);
  return { retention: { mode, untilMs: untilMs + hourMs } };
};
const shortened = (at: At): AttributesChange => {
  const { mode } = retentionBefore(at);
  return { retention: { mode, untilMs: untilMs - hourMs } };
};
const otherMode = (at: At): AttributesChange => {
  const mode = retentionBefore(at).mode === "COMPLIANCE" ? "GOVERNANCE" : "COMPLIANCE";
  return { retention: { mode, untilMs: untilMs + hourMs } };
};

const empty = async ({ stand }: At, bypassGovernance: boolean) => {
  for (;;) {
    const { isEmpty, isLocked } = await stand.ask("bucket.emptySome", { bypassGovernance });
    if (isLocked === true) throw new S3Error("AccessDenied");
    if (isEmpty) return;
  }
};

const operations: { readonly [O in Operation]: (at: At) => Promise<unknown> } = {
  "put over": ({ stand }) => put(stand),
  "complete over": async ({ stand }) => {
    const options = { checksumAlgorithm: null, checksumType: null };
    const { uploadId } = await stand.ask("upload.create", { key: "k", metadata: {}, ...options });
    const part = { key: "k", uploadId, partNumber: 1, source: stored(bodyOf(["part"])) };
    const { etag } = await stand.ask("upload.putPart", part);
    const parts = [{ partNumber: 1, etag, checksum: null }];
    return stand.ask("upload.complete", { key: "k", uploadId, parts, preconditions: {}, objectBytes: null });
  },
  "delete without a version": (at) => remove(at, true, false),
  "deleteMany without a version": (at) => removeMany(at, true, false),
  "delete the version": (at) => remove(at, false),
  "delete the version, bypassing": (at) => remove(at, true),
  "deleteMany the version": (at) => removeMany(at, false),
  "deleteMany the version, bypassing": (at) => removeMany(at, true),
  "empty the bucket": (at) => empty(at, false),
  "empty the bucket, bypassing": (at) => empty(at, true),
  "close the bucket": ({ stand }) => stand.ask("bucket.close", {}),
  "suspend versioning": ({ stand }) => stand.ask("bucket.setVersioning", { versioning: "Suspended" }),
  "prolong retention": (at) => change(at, prolonged(at)),
  "shorten retention": (at) => change(at, shortened(at)),
  "shorten retention, bypassing": (at) => change(at, shortened(at), true),
  "change mode": (at) => change(at, otherMode(at)),
  "change mode, bypassing": (at) => change(at, otherMode(at), true),
  "take retention away": (at) => change(at, { retention: null }),
  "take retention away, bypassing": (at) => change(at, { retention: null }, true),
  "hold it": (at) => change(at, { legalHold: true }),
  "let go of it": (at) => change(at, { legalHold: false }),
  "tag it": (at) => change(at, { tagging: "a=b" }),
  "change its ACL": (at) => change(at, { acl: { ownerId: "o", grants: [] } }),
};

const objectLock = { field: "objectLock", value: { defaultRetention: null } } as const;

/** A locked version at a place of its key's history; two hours later. */
async function open(place: Place, lock: ObjectLock | undefined): Promise<At> {
  const stand = new BucketStand();
  if (place === "null") await put(stand);
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await stand.ask("bucket.configure", objectLock);
  const written = place === "null" ? null : await put(stand, lock === undefined ? {} : { lock });
  const versionId = written?.versionId ?? "null";
  if (place === "null" && lock !== undefined) {
    const { retention, legalHold } = lock;
    const both = { ...(retention === null ? {} : { retention }), ...(legalHold === null ? {} : { legalHold }) };
    await change({ stand, versionId, lock }, both);
  }
  if (place !== "newest") await put(stand);
  stand.nowMs += 2 * hourMs;
  return { stand, versionId, lock };
}

function isThere({ stand, versionId }: At): boolean {
  const history = historiesOf(stand.metadata.trees, stand.bucket).get("k") ?? [];
  return history.some((record) => versionIdOf(record) === versionId);
}

for (const operation of Object.keys(table) as Operation[]) {
  test(`object lock: ${operation}`, async (t) => {
    for (const [name, lock] of Object.entries(locks) as [Lock, ObjectLock | undefined][]) {
      for (const place of places) {
        const at = await open(place, lock);
        const error = await operations[operation](at).then(
          () => null,
          (fault: S3Error) => fault.code,
        );
        const found = isThere(at);
        t.is(error ?? (found ? "kept" : "gone"), table[operation][name], `${name}, ${place}`);
        t.is(found, table[operation][name] !== "gone", `${name}, ${place}`);
        const { trees } = at.stand.metadata;
        t.deepEqual([recount(trees), recountTotals(trees), recountAttributes(trees)], [[], [], []]);
      }
    }
  });
}

test("a write with a lock is refused in a bucket without object lock, in every versioning", async (t) => {
  const lock = locks.compliance;
  const stand = new BucketStand();
  const upload = () =>
    stand.ask("upload.create", { key: "k", metadata: { lock }, checksumAlgorithm: null, checksumType: null });
  for (const versioning of ["Off", "Enabled", "Suspended"] as const) {
    if (versioning !== "Off") await stand.ask("bucket.setVersioning", { versioning });
    await t.throwsAsync(put(stand, { lock }), { code: "InvalidRequest" });
    await t.throwsAsync(upload(), { code: "InvalidRequest" });
    if (versioning === "Enabled") continue;
    await t.throwsAsync(stand.ask("bucket.configure", objectLock), { code: "InvalidBucketState" });
  }
});

test("locks are judged by a time that never goes back", async (t) => {
  const at = await open("newest", locks["expired compliance"]);
  await put(at.stand);
  at.stand.nowMs = startMs;
  await remove(at, false);
  t.false(isThere(at));
  await t.throwsAsync(
    put(at.stand).then(({ versionId }) =>
      change({ ...at, versionId: versionId ?? "" }, { retention: { mode: "GOVERNANCE", untilMs: startMs + hourMs } }),
    ),
    { code: "InvalidArgument" },
  );
});

test("the default retention is of the write, and of an upload's completion", async (t) => {
  const stand = new BucketStand();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  const years = { defaultRetention: { mode: "COMPLIANCE", unit: "Years", count: 1 } } as const;
  await stand.ask("bucket.configure", { field: "objectLock", value: years });
  await put(stand);
  const options = { checksumAlgorithm: null, checksumType: null };
  const { uploadId } = await stand.ask("upload.create", { key: "k", metadata: {}, ...options });
  stand.nowMs += 24 * hourMs;
  const part = { key: "k", uploadId, partNumber: 1, source: stored(bodyOf(["part"])) };
  const { etag } = await stand.ask("upload.putPart", part);
  const parts = [{ partNumber: 1, etag, checksum: null }];
  await stand.ask("upload.complete", { key: "k", uploadId, parts, preconditions: {}, objectBytes: null });
  const found = await findLocked((request) => stand.ask("bucket.locked", request), true);
  t.deepEqual(found.listed.map(({ lock }) => lock.retention?.untilMs).sort(), [
    Date.UTC(2027, 0, 2, 3, 4, 5),
    Date.UTC(2027, 0, 3, 3, 4, 5),
  ]);
  t.regex(
    lockedText(found.listed[0] ?? { key: "", versionId: "", lock: locks.hold }),
    /^"k" version \w{26}: COMPLIANCE/,
  );
});

test("every locked version of a bucket is found, its list bounded and its count exact", async (t) => {
  const stand = new BucketStand();
  t.deepEqual(await findLocked((request) => stand.ask("bucket.locked", request), false), { listed: [], count: 0 });
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  await stand.ask("bucket.configure", objectLock);
  const count = limits.listSliceRows + 7;
  for (let index = 0; index < count; index++) {
    const lock = index % 3 === 0 ? locks.compliance : index % 3 === 1 ? locks.governance : undefined;
    const metadata = lock === undefined ? {} : { lock };
    const key = `k${String(index).padStart(5, "0")}`;
    const write = () => stand.ask("object.put", { key, source: stored(inlineBody("x")), metadata, preconditions: {} });
    await write();
    await write();
  }
  const find = (bypass: boolean) => findLocked((request) => stand.ask("bucket.locked", request), bypass);
  const byMode = { compliance: Math.ceil(count / 3), governance: Math.ceil((count - 1) / 3) };
  const all = await find(false);
  t.is(all.count, 2 * (byMode.compliance + byMode.governance));
  t.is(all.listed.length, limits.lockedListedMax);
  t.is((await find(true)).count, 2 * byMode.compliance);
  t.true(stand.yields > 0);
  stand.nowMs = untilMs;
  t.is((await find(false)).count, 0);
});

test("a default retention holds from its own commit on, whatever was asked while it was being committed", async (t) => {
  const stand = new BucketStand();
  await stand.ask("bucket.setVersioning", { versioning: "Enabled" });
  const commit = await stand.holdCommits();
  const defaultRetention = { mode: "COMPLIANCE", unit: "Days", count: 1 } as const;
  await stand.ask("bucket.configure", { field: "objectLock", value: { defaultRetention } });
  t.deepEqual(await stand.ask("bucket.locked", { after: null, bypassGovernance: false }), { locked: [], next: null });
  commit();
  await stand.put("k", inlineBody("x"));
  const { count } = await findLocked((request) => stand.ask("bucket.locked", request), false);
  t.is(count, 1);
});
