/** Owns the requests that the command line makes: over HTTP or HTTPS, or by the socket of a node on this machine. */

import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { accountHeader } from "../admin/authenticate.ts";
import { csrfHeader } from "../admin/origin.ts";
import { limits } from "../base/limits.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import type { AdminCall } from "./values.ts";
import { productVersion } from "./version.ts";

/** How the caller proves who it is. */
export type ClientProof =
  | { readonly kind: "none" }
  | { readonly kind: "token"; readonly token: string }
  /** `cookie` is `name=value`. */
  | { readonly kind: "session"; readonly cookie: string; readonly csrf: string };

/** Where requests go. */
export type Target =
  /** `accountId`: the account that they are about; null = the operator's. */
  | { readonly kind: "socket"; readonly path: string; readonly accountId: string | null }
  /** `origin`: scheme, host and port. */
  | { readonly kind: "url"; readonly origin: string; readonly proof: ClientProof };

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** `name=value` of every cookie that is set. */
  readonly cookies: readonly string[];
  readonly text: string;
}

/**
 * Sends one request and reads its answer whole, at most `limits.cliAnswerBytesMax`. Redirects are not followed: they would
 * carry a secret to where nobody sent it.
 * @param idempotencyKey null = none
 * @throws CommandError unreachable, software (an answer that is none of this API)
 */
export function send(target: Target, call: AdminCall, idempotencyKey: string | null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void => reject(unreachable(target, error));
    const outgoing = open(target, call, idempotencyKey);
    outgoing.on("response", (answer) => collect(answer).then(resolve, refuse));
    outgoing.on("error", refuse);
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${limits.cliAnswerMs / 1000} s`)));
    outgoing.end(call.body ?? undefined);
  });
}

function open(target: Target, { method, target: path, body }: AdminCall, key: string | null): ClientRequest {
  const headers: Record<string, string> = {
    accept: "application/json",
    "user-agent": `troupe/${productVersion()}`,
    ...(body === null ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    ...(key === null ? {} : { "idempotency-key": key }),
    ...proofHeaders(target),
  };
  const options: RequestOptions = { method, path, headers, timeout: limits.cliAnswerMs, agent: false };
  if (target.kind === "socket") {
    return requestHttp({ ...options, socketPath: target.path, headers: { ...headers, host: "localhost" } });
  }
  const { origin } = target;
  const url = new URL(origin);
  const place = { ...options, hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port };
  return url.protocol === "https:" ? requestHttps(place) : requestHttp(place);
}

function proofHeaders(target: Target): Record<string, string> {
  if (target.kind === "socket") return target.accountId === null ? {} : { [accountHeader]: target.accountId };
  const { proof, origin } = target;
  if (proof.kind === "token") return { authorization: `Bearer ${proof.token}` };
  // A session is the console's: it takes what a page of the console would send.
  return proof.kind === "session" ? { cookie: proof.cookie, [csrfHeader]: proof.csrf, origin } : {};
}

async function collect(answer: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > limits.cliAnswerBytesMax)
      throw new Error(`the answer is longer than ${limits.cliAnswerBytesMax} bytes`);
    pieces.push(piece);
  }
  const cookies = (answer.headers["set-cookie"] ?? []).map((line) => line.split(";", 1)[0] ?? "");
  return {
    status: answer.statusCode ?? 0,
    contentType: (answer.headers["content-type"] ?? "").split(";", 1)[0]?.trim() ?? "",
    cookies,
    text: Buffer.concat(pieces).toString("utf8"),
  };
}

function unreachable(target: Target, error: unknown): CommandError {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  const where = target.kind === "socket" ? target.path : target.origin;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  const hint =
    target.kind !== "socket"
      ? ""
      : code === "EACCES"
        ? " Only the user that runs the node may use its socket."
        : code === "ENOENT" || code === "ECONNREFUSED"
          ? " No node runs with this data directory."
          : "";
  return new CommandError(exitCodes.unreachable, `${where} cannot be reached: ${reason}.${hint}`, { cause: error });
}
