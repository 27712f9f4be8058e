/** Multipart uploads: the table of their states, the rules of Complete, ten thousand parts, and their listings. */

import test from "ava";
import { limits } from "../base/limits.ts";
import { checksumOf, compositeChecksum } from "../s3/checksum.ts";
import type { ChecksumAlgorithm, ChecksumType } from "../s3/checksum-algorithms.ts";
import type { ObjectEncryption } from "../s3/encryption.ts";
import { S3Error } from "../s3/errors.ts";
import type { StoredBody } from "../storage/body.ts";
import { recount } from "../storage/recount.ts";
import { BucketStand, bodyOf, inlineBody, MiB, stored } from "./bucket-stand.testing.ts";
import { keepCompleted } from "./completed-uploads.ts";
import type { UploadCompleted } from "./messages.ts";
import { parseUploadId } from "./upload-id.ts";

interface NamedPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly checksum: string | null;
}

const key = "dir/big";

function create(stand: BucketStand, algorithm: ChecksumAlgorithm | null = null, type: ChecksumType | null = null) {
  const request = { key, metadata: { contentType: "a/b" }, checksumAlgorithm: algorithm, checksumType: type };
  return stand.ask("upload.create", request).then(({ uploadId }) => uploadId);
}

async function putPart(stand: BucketStand, uploadId: string, partNumber: number, body: StoredBody): Promise<NamedPart> {
  const { etag, checksum } = await stand.ask("upload.putPart", { key, uploadId, partNumber, source: stored(body) });
  return { partNumber, etag, checksum: checksum?.value ?? null };
}

function complete(
  stand: BucketStand,
  uploadId: string,
  parts: readonly NamedPart[],
  objectBytes: number | null = null,
): Promise<UploadCompleted> {
  return stand.ask("upload.complete", { key, uploadId, parts, preconditions: {}, objectBytes });
}

async function refusal(promise: Promise<unknown>): Promise<S3Error | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
}

const codeOf = async (promise: Promise<unknown>) => (await refusal(promise))?.code ?? "ok";
const fivePlus = (name: string) => bodyOf([name, `${name}'`], 2 * MiB);

type State = "none" | "open" | "completed" | "aborted";
type Event = "putPart" | "complete" | "abort" | "listParts";

/** What SPEC.md says of each state. */
const expected: Record<State, Record<Event, string>> = {
  none: { putPart: "NoSuchUpload", complete: "NoSuchUpload", abort: "NoSuchUpload", listParts: "NoSuchUpload" },
  open: { putPart: "ok", complete: "ok", abort: "ok", listParts: "ok" },
  completed: { putPart: "NoSuchUpload", complete: "ok", abort: "NoSuchUpload", listParts: "NoSuchUpload" },
  aborted: { putPart: "NoSuchUpload", complete: "NoSuchUpload", abort: "NoSuchUpload", listParts: "NoSuchUpload" },
};

async function reach(stand: BucketStand, state: State): Promise<{ uploadId: string; parts: NamedPart[] }> {
  const uploadId = state === "none" ? "0".repeat(44) : await create(stand);
  const parts = state === "none" ? [] : [await putPart(stand, uploadId, 1, bodyOf(["p"]))];
  if (state === "completed") await complete(stand, uploadId, parts);
  if (state === "aborted") await stand.ask("upload.abort", { key, uploadId });
  return { uploadId, parts };
}

for (const state of Object.keys(expected) as State[]) {
  test(`upload: every message in state ${state}`, async (t) => {
    for (const event of Object.keys(expected[state]) as Event[]) {
      const stand = new BucketStand();
      const { uploadId, parts } = await reach(stand, state);
      if (event === "putPart") stand.crash();
      const messages: Record<Event, () => Promise<unknown>> = {
        putPart: () => putPart(stand, uploadId, 1, bodyOf(["q"])),
        complete: () => complete(stand, uploadId, parts),
        abort: () => stand.ask("upload.abort", { key, uploadId }),
        listParts: () => stand.ask("upload.listParts", { key, uploadId, afterPartNumber: 0, partsMax: 10 }),
      };
      t.is(await codeOf(messages[event]()), expected[state][event], event);
      t.deepEqual(recount(stand.metadata.trees), []);
    }
  });
}

test("an id of another key, or no id at all, is no upload", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand);
  t.is(await codeOf(stand.ask("upload.abort", { key: "other", uploadId })), "NoSuchUpload");
  for (const text of ["", "x", uploadId.toUpperCase(), `${uploadId}00`, "é".repeat(22)]) {
    t.is(await codeOf(stand.ask("upload.abort", { key, uploadId: text })), "NoSuchUpload", text);
  }
});

test("a completed object is its parts; the answer repeats, also after a crash and an overwrite", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand);
  const parts = [
    await putPart(stand, uploadId, 2, fivePlus("a")),
    await putPart(stand, uploadId, 7, bodyOf(["b"], 10)),
  ];
  await putPart(stand, uploadId, 9, bodyOf(["unused"]));
  const written = await complete(stand, uploadId, parts, 6 * MiB + 10);
  t.is(written.sizeBytes, 6 * MiB + 10);
  t.regex(written.etag, /^[0-9a-f]{32}-2$/);
  t.deepEqual(await stand.ask("bucket.usage", {}), {
    storedBytes: 6 * MiB + 10,
    objects: 1,
    versions: 0,
    openUploadBytes: 0,
  });
  await stand.put(key, inlineBody("newer"));
  stand.crash();
  t.deepEqual(await complete(stand, uploadId, parts), written);
  t.deepEqual(recount(stand.metadata.trees), []);
});

test("the answer that repeats tells the encryption, but no key and no context", async (t) => {
  const context = "c".repeat(4000);
  const named = { kind: "aws:kms", keyId: "first", isBucketKey: true } as const;
  const told: readonly (readonly [ObjectEncryption | undefined, unknown])[] = [
    [undefined, null],
    [{ kind: "customer", salt: Buffer.alloc(16), check: Buffer.alloc(16) }, null],
    [{ kind: "AES256", dataKeyId: Buffer.alloc(8) }, { kind: "AES256" }],
    [
      { ...named, context, dataKeyId: null, wrapped: Buffer.alloc(60) },
      { ...named, context: null },
    ],
  ];
  for (const [encryption, expected] of told) {
    const stand = new BucketStand();
    const metadata = encryption === undefined ? {} : { encryption };
    const asked = { key, metadata, checksumAlgorithm: null, checksumType: null };
    const { uploadId } = await stand.ask("upload.create", asked);
    const parts = [await putPart(stand, uploadId, 1, bodyOf(["a"], 10))];
    const { encryption: first } = await complete(stand, uploadId, parts);
    t.deepEqual(first, expected as typeof first);
    stand.crash();
    t.deepEqual((await complete(stand, uploadId, parts)).encryption, first);
  }
});

test("an answer that an earlier release has kept says nothing of the encryption", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand);
  const parts = [await putPart(stand, uploadId, 1, bodyOf(["a"], 10))];
  const { encryption: _encryption, ...answer } = await complete(stand, uploadId, parts);
  const completed = { key, completedMs: stand.nowMs, answer: answer as UploadCompleted };
  const id = parseUploadId(uploadId) ?? Buffer.alloc(0);
  await stand.metadata.transact((trees) =>
    keepCompleted(trees, stand.bucket, { uploadId: id, seq: 1000, completed, keptCount: 1 }),
  );
  t.deepEqual(await complete(stand, uploadId, parts), { ...answer, encryption: null });
});

test("quotes around a part's ETag do not matter, its bytes do", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand);
  const part = await putPart(stand, uploadId, 1, bodyOf(["a"]));
  const wrong = await refusal(complete(stand, uploadId, [{ ...part, etag: "0".repeat(32) }]));
  t.is(wrong?.code, "InvalidPart");
  t.like(wrong?.detail, { UploadId: uploadId, PartNumber: "1" });
  t.is(await codeOf(complete(stand, uploadId, [part, { ...part, partNumber: 2 }])), "InvalidPart");
  t.is(await codeOf(complete(stand, uploadId, [{ ...part, etag: `"${part.etag}"` }])), "ok");
});

test("parts come in ascending order, at least one, each large enough but the last", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand);
  const one = await putPart(stand, uploadId, 1, bodyOf(["a"], limits.partBytesMin - 4 * MiB - 1));
  const two = await putPart(stand, uploadId, 2, bodyOf(["b"]));
  t.is(await codeOf(complete(stand, uploadId, [])), "InvalidRequest");
  t.is(await codeOf(complete(stand, uploadId, [two, one])), "InvalidPartOrder");
  t.is(await codeOf(complete(stand, uploadId, [one, one])), "InvalidPartOrder");
  const small = await refusal(complete(stand, uploadId, [one, two]));
  t.is(small?.code, "EntityTooSmall");
  t.deepEqual(small?.detail, {
    PartNumber: "1",
    ETag: one.etag,
    ProposedSize: String(limits.partBytesMin - 4 * MiB - 1),
    MinSizeAllowed: String(limits.partBytesMin),
  });
  const large = await putPart(stand, uploadId, 1, bodyOf(["a", "a"], limits.partBytesMin - 4 * MiB));
  t.is(await codeOf(complete(stand, uploadId, [large, two], 1)), "InvalidRequest");
  t.is(await codeOf(complete(stand, uploadId, [large, two], limits.partBytesMin + 4 * MiB)), "ok");
});

test("conditions of a Complete are judged in its turn", async (t) => {
  const stand = new BucketStand();
  await stand.put(key, inlineBody("there"));
  const uploadId = await create(stand);
  const parts = [await putPart(stand, uploadId, 1, bodyOf(["a"]))];
  const request = { key, uploadId, parts, objectBytes: null };
  t.is(
    await codeOf(stand.ask("upload.complete", { ...request, preconditions: { ifNoneMatch: "*" } })),
    "PreconditionFailed",
  );
  t.is(await codeOf(stand.ask("upload.complete", { ...request, preconditions: { ifMatch: "*" } })), "ok");
});

test("COMPOSITE: the checksum of the parts' checksums, which the client must name", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand, "CRC32");
  const values = ["one", "two"].map((text) => checksumOf("CRC32", Buffer.from(text)));
  const bodies = values.map((value, index) => ({
    ...fivePlus(`p${index}`),
    checksum: { algorithm: "CRC32" as const, value },
  }));
  const parts = await Promise.all(bodies.map((body, index) => putPart(stand, uploadId, index + 1, body)));
  t.is(
    await codeOf(
      complete(
        stand,
        uploadId,
        parts.map((part) => ({ ...part, checksum: null })),
      ),
    ),
    "InvalidRequest",
  );
  t.is(
    await codeOf(
      complete(
        stand,
        uploadId,
        parts.map((part) => ({ ...part, checksum: "AAAAAA==" })),
      ),
    ),
    "InvalidPart",
  );
  const { checksum } = await complete(stand, uploadId, parts);
  t.deepEqual(checksum, { algorithm: "CRC32", value: compositeChecksum("CRC32", values) });
});

test("FULL_OBJECT: the checksum of the bytes as if put whole, without the client naming the parts' own", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand, "CRC64NVME", null);
  const bytes = [Buffer.alloc(5 * MiB, 1), Buffer.alloc(3, 2)];
  const parts: NamedPart[] = [];
  for (const [index, piece] of bytes.entries()) {
    const checksum = { algorithm: "CRC64NVME" as const, value: checksumOf("CRC64NVME", piece) };
    const names = piece.length > 4 * MiB ? ["f", "g"] : ["h"];
    const body = { ...bodyOf(names, piece.length > 4 * MiB ? MiB : piece.length), checksum };
    parts.push({ ...(await putPart(stand, uploadId, index + 1, body)), checksum: null });
  }
  const { checksum } = await complete(stand, uploadId, parts);
  t.deepEqual(checksum, { algorithm: "CRC64NVME", value: checksumOf("CRC64NVME", Buffer.concat(bytes)) });
});

test("a part without the checksum its upload was created for", async (t) => {
  const stand = new BucketStand();
  const composite = await create(stand, "SHA256");
  t.is(await codeOf(putPart(stand, composite, 1, bodyOf(["a"]))), "InvalidRequest");
  t.is(stand.dropped.length, 1);
  const other = { algorithm: "CRC32" as const, value: "AAAAAA==" };
  t.is(await codeOf(putPart(stand, composite, 1, { ...bodyOf(["a"]), checksum: other })), "InvalidRequest");
  const full = await create(stand, "CRC32", "FULL_OBJECT");
  const part = await putPart(stand, full, 1, bodyOf(["a"]));
  t.is((await complete(stand, full, [part])).checksum, null);
});

test("ten thousand parts become an object in one turn, which collects to nothing", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand);
  const parts: NamedPart[] = [];
  for (let from = 1; from <= limits.partNumberMax; from += 500) {
    const numbers = Array.from({ length: 500 }, (_, index) => from + index);
    // One chunk each; a claim of five MiB in a chunk is enough for the rules.
    const put = (partNumber: number) =>
      putPart(stand, uploadId, partNumber, bodyOf([`p${partNumber}`], limits.partBytesMin));
    parts.push(...(await Promise.all(numbers.map(put))));
  }
  const written = await complete(stand, uploadId, parts);
  t.is(written.sizeBytes, limits.partNumberMax * limits.partBytesMin);
  t.true(written.etag.endsWith("-10000"));
  const { trees } = stand.metadata;
  t.is(trees.gc.keys({ start: Buffer.alloc(0), limit: 10 }).length, 1);
  t.is(trees.manifests.keys({ start: Buffer.alloc(0), limit: 500 }).length, Math.ceil(limits.partNumberMax / 88));
});

test("an empty part: alone, and as the last one", async (t) => {
  const stand = new BucketStand();
  const alone = await create(stand);
  const only = await putPart(stand, alone, 1, bodyOf([]));
  t.is((await complete(stand, alone, [only])).sizeBytes, 0);
  const last = await create(stand);
  const parts = [await putPart(stand, last, 1, fivePlus("a")), await putPart(stand, last, 2, inlineBody(""))];
  t.is((await complete(stand, last, parts)).sizeBytes, 6 * MiB);
  t.deepEqual(recount(stand.metadata.trees), []);
});

test("answers of completed uploads are kept, not for ever and not without number", async (t) => {
  const stand = new BucketStand();
  const finish = async () => {
    const uploadId = await create(stand);
    const parts = [await putPart(stand, uploadId, 1, bodyOf(["p"], 1))];
    await complete(stand, uploadId, parts);
    return { uploadId, parts };
  };
  const first = await finish();
  const second = await finish();
  for (let index = 2; index < limits.completedUploadsMax; index += 1) await finish();
  t.is(await codeOf(complete(stand, first.uploadId, first.parts)), "ok");
  stand.crash();
  await finish();
  t.is(await codeOf(complete(stand, first.uploadId, first.parts)), "NoSuchUpload");
  t.is(await codeOf(complete(stand, second.uploadId, second.parts)), "ok");
  stand.nowMs += limits.completedUploadMs + 1;
  await finish();
  t.is(await codeOf(complete(stand, second.uploadId, second.parts)), "NoSuchUpload");
});

test("parts are listed by number, in pages", async (t) => {
  const stand = new BucketStand();
  const uploadId = await create(stand);
  for (const partNumber of [10_000, 3, 1, 2]) await putPart(stand, uploadId, partNumber, bodyOf([`p${partNumber}`]));
  const page = (afterPartNumber: number, partsMax: number) =>
    stand.ask("upload.listParts", { key, uploadId, afterPartNumber, partsMax });
  const numbers = async (after: number, max: number) => {
    const { parts, isTruncated } = await page(after, max);
    return [parts.map(({ partNumber }) => partNumber), isTruncated];
  };
  t.deepEqual(await numbers(0, 2), [[1, 2], true]);
  t.deepEqual(await numbers(2, 2), [[3, 10_000], false]);
  t.deepEqual(await numbers(10_000, 2), [[], false]);
  t.deepEqual(await numbers(70_000, 2), [[], false]);
  t.deepEqual(await numbers(0, 0), [[], false]);
});

test("uploads are listed by key, then by initiation, with markers and common prefixes", async (t) => {
  const stand = new BucketStand();
  const ids: Record<string, string[]> = { a: [], "b/1": [], "b/2": [], é: [] };
  for (const name of ["b/2", "a", "b/1", "b/1", "é", "a", "b/1"]) {
    stand.nowMs += 1;
    const request = { key: name, metadata: {}, checksumAlgorithm: null, checksumType: null };
    ids[name]?.push((await stand.ask("upload.create", request)).uploadId);
  }
  const list = async (over: object) => {
    const request = { prefix: "", delimiter: "", afterKey: "", afterUploadId: "", uploadsMax: 100, ...over };
    const { uploads, commonPrefixes, isTruncated } = await stand.ask("upload.list", request);
    return [
      uploads.map(({ key: name, uploadId }) => `${name} ${ids[name]?.indexOf(uploadId)}`),
      commonPrefixes,
      isTruncated,
    ];
  };
  t.deepEqual(await list({}), [["a 0", "a 1", "b/1 0", "b/1 1", "b/1 2", "b/2 0", "é 0"], [], false]);
  t.deepEqual(await list({ delimiter: "/" }), [["a 0", "a 1", "é 0"], ["b/"], false]);
  t.deepEqual(await list({ prefix: "b/", uploadsMax: 2 }), [["b/1 0", "b/1 1"], [], true]);
  t.deepEqual(await list({ prefix: "b/", afterKey: "b/1", afterUploadId: ids["b/1"]?.[1] }), [
    ["b/1 2", "b/2 0"],
    [],
    false,
  ]);
  t.deepEqual(await list({ afterKey: "b/1" }), [["b/2 0", "é 0"], [], false]);
  t.deepEqual(await list({ afterKey: "b/", delimiter: "/" }), [["é 0"], [], false]);
  t.deepEqual(await list({ uploadsMax: 0 }), [[], [], false]);
});
