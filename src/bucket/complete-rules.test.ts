import test from "ava";
import { limits } from "../base/limits.ts";
import { checksumOf, compositeChecksum, crcCombine } from "../s3/checksum.ts";
import type { ChecksumAlgorithm, ChecksumType } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import { type CompletablePart, judgeParts } from "./complete-rules.ts";
import type { ChecksumClaim } from "./messages.ts";

const md5 = Buffer.alloc(16, 7);
const etag = md5.toString("hex");

const partOf = (
  partNumber: number,
  sizeBytes: number,
  algorithm: ChecksumAlgorithm | null = null,
): CompletablePart => ({
  partNumber,
  sizeBytes,
  md5,
  checksum: algorithm === null ? null : { algorithm, value: checksumOf(algorithm, Buffer.from([partNumber & 255])) },
});

interface Case {
  readonly parts: readonly CompletablePart[];
  readonly algorithm?: ChecksumAlgorithm;
  readonly type?: ChecksumType;
  readonly claim?: ChecksumClaim;
  readonly objectBytes?: number;
  readonly names?: (part: CompletablePart) => string | null;
}

function judge({ parts, algorithm, type, claim, objectBytes, names = () => null }: Case) {
  const stored = new Map(parts.map((part) => [part.partNumber, part]));
  return judgeParts(
    {
      uploadId: "u",
      parts: parts.map((part) => ({ partNumber: part.partNumber, etag, checksum: names(part) })),
      objectBytes: objectBytes ?? null,
      ...(claim === undefined ? {} : { claim }),
    },
    { algorithm: algorithm ?? null, type: type ?? null },
    (partNumber) => stored.get(partNumber),
  );
}

const code = (run: () => unknown): string => {
  try {
    run();
    return "ok";
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
};

test("5 TiB and not a byte more, of 10,000 parts; sizes are exact", (t) => {
  const size = Math.floor(limits.objectBytesMax / limits.partNumberMax);
  const parts = Array.from({ length: limits.partNumberMax }, (_, index) => partOf(index + 1, size));
  const missing = limits.objectBytesMax - size * limits.partNumberMax;
  const last = partOf(limits.partNumberMax, size + missing);
  const full = [...parts.slice(0, -1), last];
  t.is(judge({ parts: full, objectBytes: limits.objectBytesMax }).sizeBytes, limits.objectBytesMax);
  t.is(judge({ parts: full }).etag.slice(-6), "-10000");
  const over = [...parts.slice(0, -1), partOf(limits.partNumberMax, size + missing + 1)];
  t.is(
    code(() => judge({ parts: over })),
    "EntityTooLarge",
  );
  t.is(
    code(() => judge({ parts: full, objectBytes: limits.objectBytesMax - 1 })),
    "InvalidRequest",
  );
});

test("CRCs of parts of gigabytes combine to that of the whole", (t) => {
  const [a, b] = [partOf(1, limits.singlePutBytesMax, "CRC64NVME"), partOf(2, limits.singlePutBytesMax, "CRC64NVME")];
  const { checksum, checksumType } = judge({ parts: [a, b], algorithm: "CRC64NVME" });
  const expected = crcCombine("CRC64NVME", a.checksum?.value ?? "", b.checksum?.value ?? "", b.sizeBytes);
  t.deepEqual(
    { checksum, checksumType },
    { checksum: { algorithm: "CRC64NVME", value: expected }, checksumType: "FULL_OBJECT" },
  );
});

const sha = [partOf(1, limits.partBytesMin, "SHA256"), partOf(2, 1, "SHA256")];
const nameOf = ({ checksum }: CompletablePart): string => checksum?.value ?? "";
const whole = compositeChecksum("SHA256", sha.map(nameOf));
const claimed = (
  value: string | null,
  checksumType: ChecksumType | null = null,
  algorithm: ChecksumAlgorithm = "SHA256",
) => ({
  checksum: value === null ? null : { algorithm, value },
  checksumType,
});

for (const [title, claim, expected] of [
  ["the composite value", claimed(whole), "ok"],
  ["the composite value without its number of parts", claimed(whole.replace("-2", "")), "ok"],
  ["another number of parts", claimed(whole.replace("-2", "-3")), "BadDigest"],
  ["the checksum of the bytes", claimed(checksumOf("SHA256", Buffer.from([1, 2]))), "BadDigest"],
  ["another algorithm", claimed("AAAAAA==", null, "CRC32"), "InvalidRequest"],
  ["its type", claimed(null, "COMPOSITE"), "ok"],
  ["another type", claimed(null, "FULL_OBJECT"), "InvalidRequest"],
] as const) {
  test(`an upload with SHA256 claims ${title}: ${expected}`, (t) => {
    t.is(
      code(() => judge({ parts: sha, algorithm: "SHA256", type: "COMPOSITE", names: nameOf, claim })),
      expected,
    );
  });
}

test("a claim that no part can prove is refused", (t) => {
  const plain = [partOf(1, 10)];
  t.is(
    code(() => judge({ parts: plain, claim: claimed("AAAAAA==", null, "CRC32") })),
    "InvalidRequest",
  );
  t.is(
    code(() => judge({ parts: plain, names: () => "AAAAAA==" })),
    "InvalidPart",
  );
  t.is(
    code(() => judge({ parts: plain })),
    "ok",
  );
});
