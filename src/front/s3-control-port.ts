/** Requests to S3 Control on the S3 port: signature, body and principal first, then the port of that API. */

import { mayUseKeys } from "../account/principal.ts";
import type { Credential } from "../account/principals.ts";
import { TemporaryCredentialsError } from "../account/temporary-credentials.ts";
import { authenticate } from "../auth/sigv4.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { isS3Control, type S3ControlAnswer, type S3ControlRequest, s3ControlRefusal } from "../iam/s3-control.ts";
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import { asS3Error, S3Error } from "../s3/errors.ts";
import { type AddressRanges, clientPlace } from "./client-address.ts";
import type { PrincipalGate } from "./principal-gate.ts";
import { callerOf } from "./query-port.ts";
import { readWholeBody } from "./whole-body.ts";

export interface S3ControlPortOptions {
  readonly gate: PrincipalGate;
  readonly serve: (request: S3ControlRequest) => Promise<S3ControlAnswer>;
  readonly proxies: AddressRanges;
  readonly clock: Clock;
  readonly random: Random;
}

const requestIdBytes = 8;

export class S3ControlPort {
  readonly #options: S3ControlPortOptions;

  constructor(options: S3ControlPortOptions) {
    this.#options = options;
  }

  /** Answers a request to S3 Control; false when it is none. */
  answer(request: HttpRequest, response: HttpResponse): boolean {
    if (!isS3Control(request)) return false;
    const requestId = this.#options.random.bytes(requestIdBytes).toString("hex").toUpperCase();
    this.#serve(request, requestId).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, s3ControlRefusal(asS3Error(error) ?? new S3Error("InternalError"), requestId)),
    );
    return true;
  }

  async #serve(request: HttpRequest, requestId: string): Promise<S3ControlAnswer> {
    const { clock, gate, proxies, serve } = this.#options;
    const nowMs = clock.nowMs();
    let credential: Credential | undefined;
    const lookup = (accessKeyId: string, sessionToken: string | null) => {
      try {
        credential = gate.credential(request, accessKeyId, sessionToken);
      } catch (error) {
        if (!(error instanceof TemporaryCredentialsError)) throw error;
        throw new S3Error(error.code === "ExpiredToken" ? "ExpiredToken" : "InvalidToken");
      }
      return credential;
    };
    const { accessKeyId, payload, presigned, timestamp } = authenticate(request, lookup, nowMs);
    if (credential === undefined) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
    const { principal } = credential;
    const place = clientPlace(request, proxies);
    if (!mayUseKeys(principal.account) || !gate.isWelcome(principal.account, place.address)) {
      throw new S3Error("AccessDenied");
    }
    const body = await readWholeBody(request, payload, clock);
    const signed = { presigned, timestamp };
    const caller = callerOf({ principal, request, place, signed, nowMs, requestId });
    return serve({ requestId, request, body, caller });
  }
}

function send(response: HttpResponse, { status, headers, body }: S3ControlAnswer): void {
  if (body === "") response.send({ status, headers });
  else response.send({ status, headers }, body);
}
