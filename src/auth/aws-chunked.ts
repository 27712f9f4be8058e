/**
 * Decodes aws-chunked bodies, in pieces of any size, and verifies the chain of chunk signatures and the trailer's.
 * Source: AWS "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and
 * "Signature calculations for trailing headers".
 */

import { createHash, type Hash, hash } from "node:crypto";
import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import type { BodyFraming, ChunkSigning } from "./body-plan.ts";
import { isSameSignature, SigningKey } from "./signing-key.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const signatureTrailer = "x-amz-trailer-signature";

/** `400;chunk-signature=<64 hex>`; at most 16 digits, so that a size is never cut to a smaller one. */
const signedHeader = /^([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})\r$/;
/** Without signing, a signature is refused rather than ignored: nobody may take an unchecked one for a proof. */
const unsignedHeader = /^([0-9a-fA-F]{1,16})\r$/;

type AwsChunkedFraming = Extract<BodyFraming, { kind: "aws-chunked" }>;

/**
 * One body. Wire form: `<hex size>[;chunk-signature=…] CRLF <data> CRLF` for each chunk, a chunk of size 0 without data,
 * trailer lines `name:value CRLF`, an empty line.
 * A chunk that comes whole is verified before it is emitted, one that comes in pieces after its last piece: what was
 * emitted counts only once `finish` has returned.
 */
export class AwsChunkedDecoder {
  readonly #framing: AwsChunkedFraming;
  readonly #announce: (chunkBytes: number) => void;
  readonly #chain: SignatureChain | null;
  readonly #trailers = new Map<string, string>();
  #state: "header" | "data" | "data-end" | "trailer" = "header";
  /** The start of a line whose end has not come yet, or the CR of a chunk's end. */
  #carry = "";
  #chunkLeft = 0;
  #smallChunks = 0;
  #trailerLines = 0;
  #isLastLineEmpty = false;

  /** @param announce is told each chunk's size before its data comes, and may throw to refuse it */
  constructor(framing: AwsChunkedFraming, announce: (chunkBytes: number) => void) {
    this.#framing = framing;
    this.#announce = announce;
    this.#chain = framing.signing === null ? null : new SignatureChain(framing.signing);
  }

  /**
   * @param emit gets views of `wire`, valid during the call
   * @throws S3Error IncompleteBody (broken framing), SignatureDoesNotMatch, EntityTooLarge, MalformedTrailerError
   */
  push(wire: Uint8Array, emit: (plain: Uint8Array) => void): void {
    const bytes = Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength);
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#state === "data") offset = this.#takeData(bytes, offset, emit);
      else offset = this.#takeLine(bytes, offset);
    }
  }

  /**
   * @returns the trailers that were announced, names in lower case, without the trailer's signature
   * @throws S3Error IncompleteBody, MalformedTrailerError, SignatureDoesNotMatch
   */
  finish(): ReadonlyMap<string, string> {
    if (this.#state !== "trailer" || this.#carry !== "" || !this.#isLastLineEmpty) {
      throw malformedBody("it ends before its last chunk and final empty line.");
    }
    const signature = this.#trailers.get(signatureTrailer);
    this.#trailers.delete(signatureTrailer);
    if (this.#trailers.size !== this.#framing.trailers.length) throw new S3Error("MalformedTrailerError");
    if (this.#chain !== null && (signature !== undefined || this.#trailers.size > 0)) {
      this.#chain.verifyTrailers(this.#trailers, signature ?? "");
    }
    return this.#trailers;
  }

  #takeData(bytes: Buffer, offset: number, emit: (plain: Uint8Array) => void): number {
    const end = Math.min(bytes.length, offset + this.#chunkLeft);
    const data = bytes.subarray(offset, end);
    this.#chunkLeft -= data.length;
    this.#chain?.update(data, this.#chunkLeft === 0);
    if (this.#chunkLeft === 0) this.#state = "data-end";
    emit(data);
    return end;
  }

  #takeLine(bytes: Buffer, offset: number): number {
    const windowEnd = Math.min(bytes.length, offset + limits.awsChunkHeaderBytesMax);
    const found = bytes.subarray(offset, windowEnd).indexOf(lineFeed);
    const end = found < 0 ? windowEnd : offset + found;
    this.#carry += bytes.toString("latin1", offset, end);
    if (this.#carry.length > limits.awsChunkHeaderBytesMax) throw malformedBody("a line of it is too long.");
    if (found < 0) return end;
    const line = this.#carry;
    this.#carry = "";
    if (this.#state === "header") this.#header(line);
    else if (this.#state === "trailer") this.#trailer(line);
    else this.#dataEnd(line);
    return end + 1;
  }

  #header(line: string): void {
    const match = (this.#chain === null ? unsignedHeader : signedHeader).exec(line);
    if (match === null) throw malformedBody("a chunk header is not well-formed.");
    const [, digits = "", signature = ""] = match;
    const size = Number.parseInt(digits, 16);
    if (size > limits.awsChunkBytesMax) {
      throw new S3Error("EntityTooLarge", {
        Message: "A chunk of the aws-chunked body is larger than allowed.",
        MaxSizeAllowed: String(limits.awsChunkBytesMax),
      });
    }
    if (size < limits.awsSmallChunkBytes && ++this.#smallChunks > limits.awsSmallChunksMax) throw tooManySmallChunks();
    this.#announce(size);
    this.#chain?.begin(signature, size);
    this.#chunkLeft = size;
    this.#state = size === 0 ? "trailer" : "data";
  }

  #dataEnd(line: string): void {
    if (line !== "\r") throw malformedBody("a chunk's data is not followed by CRLF.");
    this.#state = "header";
  }

  /** minio-go ends a trailer's value with LF alone, and writes an empty line before the trailer's signature or at the end. */
  #trailer(line: string): void {
    this.#trailerLines++;
    if (this.#trailerLines > limits.awsTrailerLinesMax) throw new S3Error("MalformedTrailerError");
    const text = line.charCodeAt(line.length - 1) === carriageReturn ? line.slice(0, -1) : line;
    this.#isLastLineEmpty = text === "";
    if (text === "") return;
    const colon = text.indexOf(":");
    const name = text.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const isExpected = name === signatureTrailer ? this.#chain !== null : this.#framing.trailers.includes(name);
    if (!isExpected || this.#trailers.has(name) || this.#trailers.has(signatureTrailer)) {
      throw new S3Error("MalformedTrailerError");
    }
    this.#trailers.set(name, text.slice(colon + 1).trim());
  }
}

/** Each chunk's signature covers its data and the signature before it; the first one follows the request's own. */
class SignatureChain {
  readonly #key: SigningKey;
  readonly #timeAndScope: string;
  #previous: string;
  #provided = "";
  #hash: Hash | null = null;

  constructor(signing: ChunkSigning) {
    this.#key = new SigningKey(signing.signingKey);
    this.#timeAndScope = `${signing.timestamp}\n${signing.scope}`;
    this.#previous = signing.seedSignature;
  }

  /** Takes the signature of a chunk that begins; of an empty one it is verified at once. */
  begin(provided: string, size: number): void {
    this.#provided = provided;
    if (size === 0) this.#verifyChunk(emptySha256);
  }

  /** @param isEnd whether the chunk is whole with these bytes: then its signature is verified */
  update(data: Buffer, isEnd: boolean): void {
    if (this.#hash === null && isEnd) {
      this.#verifyChunk(hash("sha256", data, "hex"));
      return;
    }
    this.#hash ??= createHash("sha256");
    this.#hash.update(data);
    if (!isEnd) return;
    const digest = this.#hash.digest("hex");
    this.#hash = null;
    this.#verifyChunk(digest);
  }

  verifyTrailers(trailers: ReadonlyMap<string, string>, provided: string): void {
    const lines = [...trailers].map(([name, value]) => `${name}:${value}\n`).sort();
    this.#verify(`AWS4-HMAC-SHA256-TRAILER\n${this.#timeAndScope}\n${this.#previous}\n`, lines.join(""), provided);
  }

  #verifyChunk(sha256: string): void {
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${this.#timeAndScope}\n${this.#previous}\n${emptySha256}\n${sha256}`;
    this.#compare(text, this.#provided);
  }

  #verify(prefix: string, covered: string, provided: string): void {
    this.#compare(prefix + hash("sha256", Buffer.from(covered, "latin1"), "hex"), provided);
  }

  #compare(stringToSign: string, provided: string): void {
    const expected = this.#key.sign(stringToSign);
    if (!isSameSignature(provided, expected)) {
      throw new S3Error("SignatureDoesNotMatch", { StringToSign: stringToSign, SignatureProvided: provided });
    }
    this.#previous = expected;
  }
}

/**
 * S3 wants 8 KiB in every chunk but the last. Clients that write as their data comes send less, so some are let pass;
 * a body of nothing else would cost a hundred times the work of its bytes.
 */
function tooManySmallChunks(): S3Error {
  return new S3Error("InvalidRequest", {
    Message: `Only the last chunk is allowed to have a size less than ${limits.awsSmallChunkBytes} bytes; too many have.`,
  });
}

/** @param fault ends the sentence "The aws-chunked body is not valid: …" */
function malformedBody(fault: string): S3Error {
  return new S3Error("IncompleteBody", { Message: `The aws-chunked body is not valid: ${fault}` });
}
