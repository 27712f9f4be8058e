/** Reads the body of an admin request whole: bounded in bytes and time, JSON only. */

import { createHash } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { HttpRequest } from "../model/http.ts";
import { AdminError, mediaTypeOf } from "./problem.ts";

const hasBody = (request: HttpRequest): boolean => request.body.contentLength !== 0;

/**
 * @param takesBody false: a request with a body is refused, empty bodies are fine
 * @throws AdminError UnsupportedMediaType, PayloadTooLarge, InvalidInput, RequestTimeout; MalformedJson when the client goes away
 */
export async function readAdminBody(request: HttpRequest, takesBody: boolean, clock: Clock): Promise<Uint8Array> {
  const { contentLength } = request.body;
  if ((contentLength ?? 0) > limits.adminBodyBytesMax) throw tooLarge();
  if (!hasBody(request)) return new Uint8Array(0);
  if (takesBody && mediaTypeOf(request.headers) !== "application/json") throw new AdminError("UnsupportedMediaType");
  const bytes = await collect(request, clock);
  if (!takesBody && bytes.length > 0) throw new AdminError("InvalidInput", "This operation takes no body.");
  return bytes;
}

function collect(request: HttpRequest, clock: Clock): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const timer = clock.after(limits.bodyIdleMs, () => reject(new AdminError("RequestTimeout")));
    request.body.consume({
      data: (chunk) => {
        bytes += chunk.length;
        if (bytes > limits.adminBodyBytesMax) reject(tooLarge());
        else pieces.push(Buffer.from(chunk));
      },
      end: () => {
        timer.cancel();
        resolve(Buffer.concat(pieces));
      },
      aborted: () => {
        timer.cancel();
        reject(new AdminError("MalformedJson", "The body was cut short."));
      },
    });
  });
}

const tooLarge = (): AdminError =>
  new AdminError("PayloadTooLarge", `At most ${limits.adminBodyBytesMax} bytes are taken.`);

/** Hex digest of a body, for signatures and idempotency. */
export function bodySha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
