import { createHash } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { limits } from "../base/limits.ts";
import { checksumOf } from "../s3/checksum.ts";
import { checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { S3Error, type S3ErrorCode } from "../s3/errors.ts";
import { BodyDecoder, type BodyExpectation, type DecodedBody } from "./body-decoder.ts";
import { chunkSigning, encodeAwsChunked } from "./signing-client-fixture.ts";

const seed = "5".repeat(64);
const text = Buffer.from("Welcome to Amazon S3.");
const crc32 = checksumOf("CRC32", text);
const trailer = ["x-amz-checksum-crc32", crc32] as const;

const plain: BodyExpectation = {
  framing: { kind: "plain" },
  wireBytes: text.length,
  decodedBytes: text.length,
  bytesMax: 1000,
  sha256: null,
  md5: null,
  checksum: null,
};

function chunked(isSigned: boolean, trailers: readonly string[] = []): BodyExpectation {
  const signing = isSigned ? chunkSigning(seed) : null;
  return { ...plain, wireBytes: null, framing: { kind: "aws-chunked", signing, trailers } };
}

function decode(plan: BodyExpectation, ...wire: readonly (string | Uint8Array)[]): DecodedBody & { plain: Buffer } {
  const decoder = new BodyDecoder(plan);
  const pieces: Buffer[] = [];
  for (const piece of wire) decoder.push(Buffer.from(piece as string), (bytes) => pieces.push(Buffer.from(bytes)));
  return { ...decoder.finish(), plain: Buffer.concat(pieces) };
}

function refusal(
  t: ExecutionContext,
  code: S3ErrorCode,
  plan: BodyExpectation,
  ...wire: (string | Uint8Array)[]
): S3Error {
  const error = t.throws(() => decode(plan, ...wire), { instanceOf: S3Error });
  t.is(error?.code, code, error?.message);
  if (error === undefined) throw new Error("was not refused");
  return error;
}

test("a plain body in one piece and in many has the same digests", (t) => {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const md5 = new Uint8Array(createHash("md5").update(text).digest());
  for (const algorithm of checksumAlgorithms) {
    const plan = { ...plain, sha256, md5, checksum: { algorithm, expected: checksumOf(algorithm, text) } };
    const expected = { sizeBytes: 21, md5, checksum: { algorithm, value: checksumOf(algorithm, text) }, plain: text };
    t.deepEqual(decode(plan, text), expected);
    t.deepEqual(decode(plan, text.subarray(0, 5), "", text.subarray(5)), expected);
    t.deepEqual(decode({ ...plan, wireBytes: null, decodedBytes: null }, text), expected);
    t.deepEqual(decode({ ...plan, sha256: null }, text.subarray(0, 20), text.subarray(20)), expected);
  }
});

test("an empty body has the digests of no bytes", (t) => {
  const { md5, sizeBytes } = decode({ ...plain, wireBytes: 0, decodedBytes: 0 });
  t.is(Buffer.from(md5).toString("hex"), "d41d8cd98f00b204e9800998ecf8427e");
  t.is(sizeBytes, 0);
});

test("the MD5 has a buffer of its own, so that posting it copies 16 bytes", (t) => {
  t.is(decode(plain, text).md5.buffer.byteLength, 16);
  t.is(decode({ ...plain, decodedBytes: null }, text.subarray(0, 1), text.subarray(1)).md5.buffer.byteLength, 16);
});

test("bytes in shared memory decode like others", (t) => {
  const shared = new Uint8Array(new SharedArrayBuffer(100), 8, text.length);
  shared.set(text);
  const decoder = new BodyDecoder({ ...plain, checksum: { algorithm: "CRC32", expected: crc32 } });
  decoder.push(shared, () => {});
  t.is(decoder.finish().checksum?.value, crc32);
  const wire = encodeAwsChunked({ chunks: [text], seed });
  const sharedWire = new Uint8Array(new SharedArrayBuffer(wire.length));
  sharedWire.set(wire);
  const framed = new BodyDecoder(chunked(true));
  framed.push(sharedWire, () => {});
  t.is(framed.finish().sizeBytes, 21);
});

test("refuses bodies that are shorter or longer than announced", (t) => {
  const short = refusal(t, "IncompleteBody", plain, text.subarray(1));
  t.deepEqual(short.detail, { NumberBytesExpected: "21", NumberBytesProvided: "20" });
  refusal(t, "IncompleteBody", plain, text, "x");
  refusal(t, "IncompleteBody", { ...plain, wireBytes: null }, text, "x");
  refusal(t, "IncompleteBody", { ...plain, wireBytes: null }, text.subarray(1));
});

test("refuses a body past the bound: announced, plain of unknown size, and by chunk header", (t) => {
  refusal(t, "EntityTooLarge", { ...plain, bytesMax: 20 });
  refusal(t, "EntityTooLarge", { ...plain, bytesMax: 20, wireBytes: null, decodedBytes: null }, text);
  const early = refusal(t, "EntityTooLarge", { ...chunked(false), bytesMax: 20, decodedBytes: null }, "15\r\n");
  t.deepEqual(early.detail, { ProposedSize: "21", MaxSizeAllowed: "20" });
});

test("refuses a payload that is not what was signed, with both hashes", (t) => {
  const sha256 = createHash("sha256").update("other").digest("hex");
  const error = refusal(t, "XAmzContentSHA256Mismatch", { ...plain, sha256 }, text);
  t.deepEqual(error.detail, {
    ClientComputedContentSHA256: sha256,
    S3ComputedContentSHA256: createHash("sha256").update(text).digest("hex"),
  });
});

test("refuses a body that differs from its Content-MD5", (t) => {
  const error = refusal(t, "BadDigest", { ...plain, md5: new Uint8Array(16) }, text);
  t.is(error.detail["ExpectedDigest"], "AAAAAAAAAAAAAAAAAAAAAA==");
  t.is(error.detail["CalculatedDigest"], createHash("md5").update(text).digest("base64"));
});

for (const algorithm of checksumAlgorithms) {
  test(`refuses a wrong and a malformed ${algorithm}`, (t) => {
    const other = checksumOf(algorithm, Buffer.from("other"));
    const error = refusal(t, "BadDigest", { ...plain, checksum: { algorithm, expected: other } }, text);
    t.is(error.message, `The ${algorithm} you specified did not match the calculated checksum.`);
    const broken = { ...plain, checksum: { algorithm, expected: other.slice(1) } };
    t.regex(refusal(t, "InvalidRequest", broken, text).message, /header is invalid/);
  });
}

test("a failed body stays failed, also when the storage under it failed", (t) => {
  const decoder = new BodyDecoder(chunked(true));
  const bad = Buffer.from(`15;chunk-signature=${"0".repeat(64)}\r\n${text}\r\n`);
  const first = t.throws(() => decoder.push(bad, () => {}), { instanceOf: S3Error });
  t.is(
    t.throws(() => decoder.push(encodeAwsChunked({ chunks: [text], seed }), () => {})),
    first,
  );
  t.is(
    t.throws(() => decoder.finish()),
    first,
  );
  const full = new BodyDecoder(plain);
  const failure = new Error("disk full");
  const fail = () => {
    throw failure;
  };
  t.is(
    t.throws(() => full.push(text, fail)),
    failure,
  );
  t.is(
    t.throws(() => full.finish()),
    failure,
  );
});

test("decodes chunked bodies, signed and not, with and without trailers, in one piece", (t) => {
  for (const isSigned of [true, false]) {
    for (const trailers of [[], [trailer]]) {
      const wire = encodeAwsChunked({
        chunks: [text.subarray(0, 9), text.subarray(9)],
        seed: isSigned ? seed : null,
        trailers,
      });
      const plan = {
        ...chunked(
          isSigned,
          trailers.map(([name]) => name),
        ),
        wireBytes: wire.length,
      };
      const body = decode(plan, wire);
      t.deepEqual(body.plain, text);
      t.deepEqual(body.checksum, trailers.length === 0 ? null : { algorithm: "CRC32", value: crc32 });
    }
  }
});

test("decodes an empty chunked body", (t) => {
  for (const isSigned of [true, false]) {
    const wire = encodeAwsChunked({ chunks: [], seed: isSigned ? seed : null });
    t.is(decode({ ...chunked(isSigned), decodedBytes: 0 }, wire).sizeBytes, 0);
  }
});

test("a chunk that comes whole and is badly signed is not emitted at all", (t) => {
  const decoder = new BodyDecoder(chunked(true));
  const wire = Buffer.from(`15;chunk-signature=${"0".repeat(64)}\r\n${text}\r\n`);
  t.throws(() => decoder.push(wire, () => t.fail()), { instanceOf: S3Error });
});

const unsignedWire = encodeAwsChunked({ chunks: [text], seed: null, trailers: [trailer] }).toString("latin1");
const announced = chunked(false, [trailer[0]]);

test("accepts the trailer forms of minio-go", (t) => {
  const unsigned = unsignedWire.replace(`${crc32}\r\n\r\n`, `${crc32}\n\r\n\r\n`);
  t.is(decode(announced, unsigned).checksum?.value, crc32);
  const signed = encodeAwsChunked({ chunks: [text], seed, trailers: [trailer] }).toString("latin1");
  const spread = signed.replace(`${crc32}\r\n`, `${crc32}\n\r\n`);
  t.is(decode(chunked(true, [trailer[0]]), spread).checksum?.value, crc32);
});

test("accepts a trailer's name in any case and spaces around its value", (t) => {
  const wire = unsignedWire.replace("x-amz-checksum-crc32:", "X-Amz-Checksum-CRC32: ");
  t.is(decode(announced, wire).checksum?.value, crc32);
});

const brokenFramings: Readonly<Record<string, string>> = {
  nothing: "",
  "no last chunk": `15\r\n${text}\r\n`,
  "half a chunk": `15\r\n${text.subarray(9)}`,
  "no empty line at the end": `15\r\n${text}\r\n0\r\n`,
  "a cut last line": `15\r\n${text}\r\n0\r\n\r`,
  "no CRLF after a chunk": `15\r\n${text}0\r\n\r\n`,
  "LF for CRLF after a size": `15\n${text}\r\n0\r\n\r\n`,
  "LF for CRLF after a chunk": `15\r\n${text}\n0\r\n\r\n`,
  "a size of ffffffffffffffffff": `ffffffffffffffffff\r\n${text}\r\n0\r\n\r\n`,
  "a size of 17 zeros": `${"0".repeat(17)}\r\n\r\n`,
  "a negative size": `-15\r\n${text}\r\n0\r\n\r\n`,
  "a size with 0x": `0x15\r\n${text}\r\n0\r\n\r\n`,
  "a size after a space": ` 15\r\n${text}\r\n0\r\n\r\n`,
  "no size": `\r\n${text}\r\n0\r\n\r\n`,
  "a size that is no number": `xyz\r\n${text}\r\n0\r\n\r\n`,
  "a chunk signature where nothing is signed": `15;chunk-signature=${"0".repeat(64)}\r\n${text}\r\n0\r\n\r\n`,
  "a chunk extension": `15;a=b\r\n${text}\r\n0\r\n\r\n`,
  "a header line of 4 KiB": `${"1".repeat(4097)}\r\n`,
  "an endless header line": "1".repeat(10_000),
  "too few bytes": `14\r\n${text.subarray(1)}\r\n0\r\n\r\n`,
  "too many bytes": `15\r\n${text}\r\n1\r\nx\r\n0\r\n\r\n`,
};

for (const [name, wire] of Object.entries(brokenFramings)) {
  test(`refuses a chunked body with ${name}`, (t) => {
    refusal(t, "IncompleteBody", chunked(false), wire);
    refusal(t, "IncompleteBody", chunked(false), ...(wire.match(/.{1,3}/gs) ?? []));
  });
}

test("refuses a body of thousands of tiny chunks and accepts some", (t) => {
  const wire = (count: number) => `${"1\r\nx\r\n".repeat(count)}0\r\n\r\n`;
  const plan = { ...chunked(false), decodedBytes: null, bytesMax: 10_000 };
  t.is(decode(plan, wire(limits.awsSmallChunksMax - 1)).sizeBytes, limits.awsSmallChunksMax - 1);
  refusal(t, "InvalidRequest", plan, wire(limits.awsSmallChunksMax + 1));
});

test("refuses a chunk size of ffffffffffffffff", (t) => {
  refusal(t, "EntityTooLarge", chunked(false), `ffffffffffffffff\r\n${text}\r\n0\r\n\r\n`);
  refusal(t, "EntityTooLarge", chunked(false), `7fffffffffffffff\r\n${text}\r\n0\r\n\r\n`);
});

const brokenTrailers: Readonly<Record<string, string>> = {
  missing: `15\r\n${text}\r\n0\r\n\r\n`,
  "under another name": unsignedWire.replace("crc32:", "crc32c:"),
  "given twice": unsignedWire.replace(`:${crc32}\r\n`, `:${crc32}\r\nx-amz-checksum-crc32:${crc32}\r\n`),
  "without a colon": unsignedWire.replace("crc32:", "crc32"),
  "without a name": unsignedWire.replace("x-amz-checksum-crc32:", ":"),
  "with a signature where nothing is signed": unsignedWire.replace(
    `${crc32}\r\n`,
    `${crc32}\r\nx-amz-trailer-signature:${"0".repeat(64)}\r\n`,
  ),
  "followed by data": `${unsignedWire}more`.replace("more", "more:x\r\n\r\n"),
  "followed by many empty lines": unsignedWire + "\r\n".repeat(20),
};

for (const [name, wire] of Object.entries(brokenTrailers)) {
  test(`refuses a trailer ${name}`, (t) => {
    refusal(t, "MalformedTrailerError", announced, wire);
  });
}

test("refuses bytes after the end", (t) => {
  refusal(t, "IncompleteBody", announced, `${unsignedWire}x`);
  refusal(t, "MalformedTrailerError", chunked(false), `15\r\n${text}\r\n0\r\n\r\n15\r\n`);
});

test("refuses a trailer that was not announced", (t) => {
  refusal(t, "MalformedTrailerError", chunked(false), unsignedWire);
});

test("refuses a wrong and a malformed checksum in the trailer", (t) => {
  refusal(t, "BadDigest", announced, unsignedWire.replace(crc32, "AAAAAA=="));
  const error = refusal(t, "InvalidRequest", announced, unsignedWire.replace(crc32, "AAAA"));
  t.is(error.message, "Value for x-amz-checksum-crc32 trailing header is invalid.");
});

test("refuses a checksum in both header and trailer", (t) => {
  refusal(t, "InvalidRequest", { ...announced, checksum: { algorithm: "CRC32", expected: crc32 } }, unsignedWire);
  refusal(t, "InvalidRequest", { ...announced, checksum: { algorithm: "SHA1", expected: null } }, unsignedWire);
});

const signedWire = encodeAwsChunked({ chunks: [text.subarray(0, 9), text.subarray(9)], seed, trailers: [trailer] });
const signedText = signedWire.toString("latin1");
const otherCrc = checksumOf("CRC32", Buffer.from("Welcome to Amazon S4."));

const forgeries: Readonly<Record<string, string | Buffer>> = {
  "changed data": signedText.replace("Amazon", "Amazin"),
  "a chunk of another secret": encodeAwsChunked({ chunks: [text], seed, trailers: [trailer], secret: "wrong" }),
  "another seed": encodeAwsChunked({ chunks: [text], seed: "6".repeat(64), trailers: [trailer] }),
  "a chunk left out": signedText.replace(/^.*\r\nWelcome t\r\n/, ""),
  "an end brought forward": signedText.replace(/^9;[\s\S]*\r\n(?=0;)/, ""),
  "a changed trailer": signedText.replace(crc32, otherCrc),
  "a changed trailer signature": signedText.replace(/(x-amz-trailer-signature:)./, "$1z"),
  "no trailer signature": signedText.replace(/x-amz-trailer-signature:.*\r\n/, ""),
  "a trailer signature of another body": signedText.replace(/(x-amz-trailer-signature:).*/, `$1${"a".repeat(64)}`),
};

for (const [name, wire] of Object.entries(forgeries)) {
  test(`refuses a signed chunked body with ${name}`, (t) => {
    const plan = { ...chunked(true, [trailer[0]]), decodedBytes: null };
    refusal(t, "SignatureDoesNotMatch", plan, wire);
  });
}

test("refuses unsigned chunks where signatures are due", (t) => {
  refusal(t, "IncompleteBody", chunked(true), encodeAwsChunked({ chunks: [text], seed: null }));
  refusal(t, "IncompleteBody", chunked(true), `15;chunk-signature=\r\n${text}\r\n`);
  refusal(t, "IncompleteBody", chunked(true), `15;chunk-signature=${"0".repeat(64)};a\r\n${text}\r\n`);
});

test("a trailer signature over no trailers is optional but must be right", (t) => {
  const wire = encodeAwsChunked({ chunks: [text], seed })
    .toString("latin1")
    .slice(0, -2);
  t.is(decode(chunked(true), `${wire}\r\n`).sizeBytes, 21);
  refusal(t, "SignatureDoesNotMatch", chunked(true), `${wire}x-amz-trailer-signature:${"0".repeat(64)}\r\n\r\n`);
});
