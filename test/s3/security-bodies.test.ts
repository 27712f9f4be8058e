/** Every way to prove who asks, with every way to frame and sign a body: only what is whole and rightly signed is stored. */

import { createHash } from "node:crypto";
import { CreateMultipartUploadCommand, ListPartsCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { eachFront, outcome, type Stand } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { postForm, signedFields } from "../support/post-form.ts";
import { presign } from "../support/presign.ts";
import type { S3Answer } from "../support/s3-client.ts";
import { awsChunked, basicTime, type ChunkSigning } from "../support/signed-request.ts";

const test = eachFront();

const data = Buffer.from("a body that must not be stored unless it is proven");
const wrongSecret = "the wrong secret that is forty characters";
const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

const modes = {
  signed: sha256(data),
  unsigned: "UNSIGNED-PAYLOAD",
  chunks: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  chunksAndTrailer: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  unsignedTrailer: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
} as const;
type Mode = keyof typeof modes;
const proofs = ["header", "presigned", "form", "anonymous", "anonymousWhereAllMayWrite"] as const;
type Proof = (typeof proofs)[number];
const signatures = ["wrongSecret", "none", "truncated", "right"] as const;
type Signature = (typeof signatures)[number];

type Row = Readonly<Record<Mode, Readonly<Record<Signature, string>>>>;

const all = (expected: string): Readonly<Record<Signature, string>> => ({
  wrongSecret: expected,
  none: expected,
  truncated: expected,
  right: expected,
});

const byHeader = {
  wrongSecret: "403 SignatureDoesNotMatch",
  none: "403 AccessDenied",
  truncated: "403 SignatureDoesNotMatch",
  right: "200",
};
/** Unsigned, chunks that claim to be signed are refused for that. */
const chunksByHeader = { ...byHeader, none: "400 InvalidRequest" };
const byQuery = {
  wrongSecret: "403 SignatureDoesNotMatch",
  none: "400 AuthorizationQueryParametersError",
  truncated: "403 SignatureDoesNotMatch",
  right: "200",
};
const byForm = {
  wrongSecret: "403 SignatureDoesNotMatch",
  none: "403 AccessDenied",
  truncated: "403 SignatureDoesNotMatch",
  right: "204",
};

/**
 * PutObject and UploadPart, and PostObject in the row of forms. Without a signature there is nothing to be wrong: for
 * anonymous requests the column says how their chunks are signed.
 */
const expected: Readonly<Record<Proof, Row>> = {
  header: {
    signed: byHeader,
    unsigned: byHeader,
    chunks: chunksByHeader,
    chunksAndTrailer: chunksByHeader,
    unsignedTrailer: byHeader,
  },
  presigned: {
    signed: byQuery,
    unsigned: byQuery,
    chunks: all("4"),
    chunksAndTrailer: all("4"),
    unsignedTrailer: all("4"),
  },
  form: {
    signed: byForm,
    unsigned: byForm,
    chunks: all("4"),
    chunksAndTrailer: all("4"),
    unsignedTrailer: all("4"),
  },
  anonymous: {
    signed: all("403 AccessDenied"),
    unsigned: all("403 AccessDenied"),
    chunks: all("400 InvalidRequest"),
    chunksAndTrailer: all("400 InvalidRequest"),
    unsignedTrailer: all("403 AccessDenied"),
  },
  anonymousWhereAllMayWrite: {
    signed: all("200"),
    unsigned: all("200"),
    chunks: all("400 InvalidRequest"),
    chunksAndTrailer: all("400 InvalidRequest"),
    unsignedTrailer: all("200"),
  },
};

const trailers = [["x-amz-checksum-sha256", createHash("sha256").update(data).digest("base64")]] as const;

/** What frames a body beside its mode's name. */
function framing(mode: Mode): Record<string, string> {
  if (mode === "signed" || mode === "unsigned") return {};
  return {
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": String(data.length),
    ...(mode === "chunks" ? {} : { "x-amz-trailer": "x-amz-checksum-sha256" }),
  };
}

/** The body as its mode has it; `signing` null: chunks of a mode that signs them come without. */
function framed(mode: Mode, signing: ChunkSigning | null): Buffer {
  if (mode === "signed" || mode === "unsigned") return data;
  return awsChunked(data, {
    signing: mode === "unsignedTrailer" ? null : signing,
    trailers: mode === "chunks" ? [] : trailers,
  });
}

const withoutLast = (text: string): string => text.slice(0, -1);

/** A signing key and a seed out of thin air, for those who have none. */
const madeUp = (): ChunkSigning => ({
  key: Buffer.alloc(32),
  seed: sha256(""),
  timestamp: basicTime(Date.now()),
  scope: `${basicTime(Date.now()).slice(0, 8)}/us-east-1/s3/aws4_request`,
});

type Send = (stand: Stand, target: string, mode: Mode, signature: Signature) => Promise<string>;

const senders: Readonly<Record<Proof, Send>> = {
  header: async ({ signed }, target, mode, signature) => {
    const authorize: Record<Signature, (right: string) => string | null> = {
      wrongSecret: (right) => right,
      none: () => null,
      truncated: withoutLast,
      right: (right) => right,
    };
    return outcome(
      await signed({
        method: "PUT",
        target,
        payload: modes[mode],
        headers: framing(mode),
        frame: (signing) => framed(mode, signing),
        authorize: authorize[signature],
        ...(signature === "wrongSecret" ? { secretAccessKey: wrongSecret } : {}),
      }),
    );
  },
  presigned: async ({ endpoint, plain }, target, mode, signature) => {
    const secretAccessKey = signature === "wrongSecret" ? wrongSecret : testKeys.secretAccessKey;
    const [path = "", query = ""] = target.split("?");
    const whole = presign({ endpoint, ...testKeys, secretAccessKey, payload: modes[mode] }, "PUT", path, query);
    const url = {
      wrongSecret: whole,
      right: whole,
      truncated: withoutLast(whole),
      none: whole.replace(/&X-Amz-Signature=\w+/, ""),
    };
    return outcome(
      await plain({
        method: "PUT",
        target: url[signature],
        headers: framing(mode),
        body: framed(mode, madeUp()),
      }),
    );
  },
  form: async ({ endpoint, bucket }, target, mode, signature) => {
    const key = target.slice(bucket.length + 2);
    const conditions = [{ bucket }, { key }];
    const right = signedFields({ conditions, ...(signature === "wrongSecret" ? { secret: wrongSecret } : {}) });
    const { "x-amz-signature": sum = "", ...rest } = right;
    const fields = { wrongSecret: right, right, truncated: { ...rest, "x-amz-signature": withoutLast(sum) }, none: {} };
    const headers = { ...framing(mode), "x-amz-content-sha256": modes[mode] };
    const { status, code } = await postForm(endpoint, bucket, { key, ...fields[signature] }, { bytes: data }, headers);
    return code === undefined ? String(status) : `${status} ${code}`;
  },
  anonymous: sendAnonymously,
  anonymousWhereAllMayWrite: sendAnonymously,
};

async function sendAnonymously({ plain }: Stand, target: string, mode: Mode, signature: Signature): Promise<string> {
  const { key, ...signing } = madeUp();
  const body: Record<Signature, Buffer> = {
    wrongSecret: framed(mode, { ...signing, key: Buffer.alloc(32, 1) }),
    none: framed(mode, null),
    truncated: Buffer.from(
      framed(mode, { ...signing, key })
        .toString("latin1")
        .replace(/(chunk-signature=\w{63})\w/g, "$1"),
    ),
    right: framed(mode, { ...signing, key }),
  };
  const headers = { ...framing(mode), "x-amz-content-sha256": modes[mode] };
  return outcome(await plain({ method: "PUT", target, headers, body: body[signature] }));
}

/** "4" is any refusal: which of several faults is named first is not what this is about. */
const isOutcome = (found: string, wanted: string): boolean =>
  wanted === "4" ? /^4\d\d/.test(found) : found === wanted;

async function openToAll({ s3, bucket }: Stand): Promise<void> {
  const Statement = [{ Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/*` }];
  await s3.send(
    new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
  );
}

const stored = ({ status }: S3Answer): boolean => status === 200 || status === 403;

for (const proof of proofs) {
  const isOpen = proof === "anonymousWhereAllMayWrite";
  test(`every_signature_with_every_body_PutObject_${proof}`, async (t, stand) => {
    if (isOpen) await openToAll(stand);
    for (const mode of Object.keys(modes) as Mode[]) {
      for (const signature of signatures) {
        const target = `/${stand.bucket}/${mode}-${signature}`;
        const wanted = expected[proof][mode][signature];
        const found = await senders[proof](stand, target, mode, signature);
        t.true(isOutcome(found, wanted), `${mode} ${signature}: ${found}, not ${wanted}`);
        // What nobody owns is there, and is not the bucket owner's to read.
        const isThere = stored(await stand.signed({ method: "GET", target }));
        t.is(isThere, wanted.startsWith("2"), `${mode} ${signature}: stored`);
      }
    }
  });

  if (proof !== "form") {
    test(`every_signature_with_every_body_UploadPart_${proof}`, async (t, stand) => {
      if (isOpen) await openToAll(stand);
      const { s3, bucket: Bucket } = stand;
      const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k" }));
      let part = 0;
      const wantedParts: number[] = [];
      for (const mode of Object.keys(modes) as Mode[]) {
        for (const signature of signatures) {
          part += 1;
          const target = `/${Bucket}/k?partNumber=${part}&uploadId=${UploadId}`;
          const wanted = expected[proof][mode][signature];
          const found = await senders[proof](stand, target, mode, signature);
          t.true(isOutcome(found, wanted), `${mode} ${signature}: ${found}, not ${wanted}`);
          if (wanted.startsWith("2")) wantedParts.push(part);
        }
      }
      const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket, Key: "k", UploadId }));
      t.deepEqual(
        Parts.map(({ PartNumber }) => PartNumber),
        wantedParts,
      );
    });
  }
}

for (const operation of ["PutObject", "UploadPart"] as const) {
  test(`chunk_signatures_wrong_missing_or_truncated_store_nothing_${operation}`, async (t, stand) => {
    const { s3, bucket: Bucket, signed } = stand;
    const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k" }));
    const target = operation === "PutObject" ? `/${Bucket}/k` : `/${Bucket}/k?partNumber=1&uploadId=${UploadId}`;
    const edit = (bytes: Buffer, from: RegExp, to: string): Buffer =>
      Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
    const spoilers: Readonly<Record<string, (mode: Mode, signing: ChunkSigning) => Buffer>> = {
      "of another secret": (mode, signing) => framed(mode, { ...signing, key: Buffer.alloc(32) }),
      "of another seed": (mode, signing) => framed(mode, { ...signing, seed: sha256("") }),
      missing: (mode) => framed(mode, null),
      truncated: (mode, signing) => edit(framed(mode, signing), /(chunk-signature=\w{63})\w/, "$1"),
      empty: (mode, signing) => edit(framed(mode, signing), /chunk-signature=\w{64}/, "chunk-signature="),
      "of the last chunk missing": (mode, signing) => edit(framed(mode, signing), /\r\n0;chunk-signature=\w+/, "\r\n0"),
      "not those of the bytes": (mode, signing) => edit(framed(mode, signing), /must not/, "must now"),
    };
    for (const mode of ["chunks", "chunksAndTrailer"] as const) {
      for (const [what, spoil] of Object.entries(spoilers)) {
        const answer = await signed({
          method: "PUT",
          target,
          payload: modes[mode],
          headers: framing(mode),
          frame: (signing) => spoil(mode, signing),
        });
        t.true(answer.status === 400 || answer.status === 403, `${mode}, ${what}: ${outcome(answer)}`);
      }
    }
    const trailerless = await signed({
      method: "PUT",
      target,
      payload: modes.chunksAndTrailer,
      headers: framing("chunksAndTrailer"),
      frame: (signing) => edit(framed("chunksAndTrailer", signing), /x-amz-trailer-signature:\w+\r\n/, ""),
    });
    t.true(trailerless.status === 400 || trailerless.status === 403, outcome(trailerless));
    t.is(outcome(await signed({ method: "GET", target: `/${Bucket}/k` })), "404 NoSuchKey");
    t.is((await s3.send(new ListPartsCommand({ Bucket, Key: "k", UploadId }))).Parts, undefined);
  });
}

/** Headers that a URL's holder would add to get more than the signer gave. */
const headersNotSigned: Readonly<Record<string, string>> = {
  "x-amz-copy-source": "/bucket/k",
  "x-amz-copy-source-range": "bytes=0-1",
  "x-amz-acl": "public-read",
  "x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
  "x-amz-grant-full-control": 'id="somebody"',
  "x-amz-tagging": "a=b",
  "x-amz-object-lock-mode": "COMPLIANCE",
  "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z",
  "x-amz-object-lock-legal-hold": "ON",
  "x-amz-bypass-governance-retention": "true",
  "x-amz-server-side-encryption": "AES256",
  "x-amz-server-side-encryption-aws-kms-key-id": "key",
  "x-amz-server-side-encryption-customer-algorithm": "AES256",
  "x-amz-meta-a": "b",
  "x-amz-storage-class": "GLACIER",
  "x-amz-website-redirect-location": "https://example.com/",
  "x-amz-security-token": "token",
  "x-amz-request-payer": "requester",
};

test("PutObject_presigned_with_amz_headers_that_it_does_not_sign_403", async (t, {
  endpoint,
  plain,
  signed,
  bucket,
}) => {
  const target = presign({ endpoint, ...testKeys }, "PUT", `/${bucket}/k`);
  for (const [name, value] of Object.entries(headersNotSigned)) {
    const answer = await plain({ method: "PUT", target, body: "x", headers: { [name]: value } });
    t.is(answer.status, 403, `${name}: ${outcome(answer)}`);
    const spelt = await plain({ method: "PUT", target, body: "x", headers: { [name.toUpperCase()]: value } });
    t.is(spelt.status, 403, `${name} in upper case: ${outcome(spelt)}`);
  }
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "404 NoSuchKey");
  // The type is the uploader's, as on S3, unless it is signed.
  const typed = await plain({ method: "PUT", target, body: "x", headers: { "content-type": "text/plain" } });
  t.is(outcome(typed), "200");
});

test("PutObject_presigned_with_amz_words_added_to_its_query_403", async (t, { endpoint, plain, signed, bucket }) => {
  const target = presign({ endpoint, ...testKeys }, "PUT", `/${bucket}/k`);
  for (const [name, value] of Object.entries(headersNotSigned)) {
    const answer = await plain({ method: "PUT", target: `${target}&${name}=${encodeURIComponent(value)}`, body: "x" });
    t.true(answer.status === 403 || answer.status === 400, `${name}: ${outcome(answer)}`);
  }
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "404 NoSuchKey");
});
