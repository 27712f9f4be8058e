/** Reads a request body whole into memory, bounded and verified: for XML documents, never for objects. */

import { BodyDecoder } from "../auth/body-decoder.ts";
import type { SignedPayload } from "../auth/sigv4.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";

/**
 * @returns the plain bytes, unframed and held to the signature's sha256
 * @throws S3Error MaxMessageLengthExceeded past `bytesMax`, IncompleteBody when the client goes away,
 * RequestTimeout past `limits.bodyIdleMs`, and those of the body's framing and digests
 */
export function readWholeBody(
  request: HttpRequest,
  payload: SignedPayload,
  clock: Clock,
  bytesMax: number = limits.xmlBodyBytesMax,
): Promise<Uint8Array> {
  const { body } = request;
  if ((body.contentLength ?? 0) > bytesMax * 2) return Promise.reject(tooLong(bytesMax));
  const decoder = new BodyDecoder({
    framing: payload.framing,
    wireBytes: body.contentLength,
    decodedBytes: null,
    bytesMax,
    sha256: payload.sha256,
    md5: null,
    checksum: null,
  });
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const timer = clock.after(limits.bodyIdleMs, () => fail(new S3Error("RequestTimeout")));
    let isSettled = false;
    const fail = (error: unknown): void => {
      isSettled = true;
      timer.cancel();
      reject(error instanceof S3Error && error.code === "EntityTooLarge" ? tooLong(bytesMax) : error);
    };
    const attempt = (work: () => void): void => {
      if (isSettled) return;
      try {
        work();
      } catch (error) {
        fail(error);
      }
    };
    body.consume({
      data: (chunk) => attempt(() => decoder.push(chunk, (plain) => pieces.push(Buffer.from(plain)))),
      end: () =>
        attempt(() => {
          decoder.finish();
          isSettled = true;
          timer.cancel();
          resolve(Buffer.concat(pieces));
        }),
      aborted: () => attempt(() => fail(new S3Error("IncompleteBody"))),
    });
  });
}

const tooLong = (bytesMax: number): S3Error =>
  new S3Error("MaxMessageLengthExceeded", { MaxMessageLengthBytes: String(bytesMax) });
