/** The refusals of the admin API: one table, thrown as `AdminError`, answered as RFC 9457 problem details. */

import type { Outcome } from "../base/outcome.ts";
import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";

interface ErrorRow {
  readonly status: number;
  readonly title: string;
}

/** Code → status and title. The codes of the control actor are those of the IAM and S3 APIs. */
export const adminErrors = {
  AccessDenied: { status: 403, title: "You may not do this." },
  AlreadyDone: { status: 409, title: "This was done before, and its answer is not shown twice." },
  BucketAlreadyExists: { status: 409, title: "The bucket name is taken." },
  BucketLocked: { status: 409, title: "Object lock protects versions in the bucket." },
  BucketAlreadyOwnedByYou: { status: 409, title: "You own a bucket of that name." },
  BucketNotEmpty: { status: 409, title: "The bucket is not empty." },
  ConcurrentModification: { status: 409, title: "Somebody else changed this at the same time; try again." },
  CrossSiteRequest: { status: 403, title: "The request did not come from the console's own pages." },
  DeleteConflict: { status: 409, title: "This cannot be deleted." },
  EntityAlreadyExists: { status: 409, title: "The name is taken." },
  ExpiredToken: { status: 400, title: "The link has expired." },
  IdempotencyMismatch: { status: 422, title: "The idempotency key was used for another request." },
  InsecureTransport: { status: 403, title: "Signing in needs HTTPS." },
  InsufficientStorage: { status: 507, title: "There is too little space left." },
  InternalError: { status: 500, title: "Something went wrong inside; the request id names it in the log." },
  InvalidBucketName: { status: 400, title: "This cannot be a bucket name." },
  InvalidInput: { status: 400, title: "The request is not what this operation takes." },
  InvalidToken: { status: 400, title: "The link or code is not valid, or has been used." },
  LimitExceeded: { status: 409, title: "There are as many of these as there may be." },
  MalformedJson: { status: 400, title: "The body is not JSON in UTF-8." },
  MalformedPolicyDocument: { status: 400, title: "The policy document is not valid." },
  MethodNotAllowed: { status: 405, title: "The path does not take this method." },
  PublicAccessBlocked: { status: 403, title: "Public access is blocked for the bucket or its account." },
  NoSuchBucket: { status: 404, title: "There is no such bucket." },
  NoSuchEntity: { status: 404, title: "There is no such thing." },
  NoSuchJob: { status: 404, title: "There is no such job." },
  NoSuchPath: { status: 404, title: "The API has no such path." },
  NotSignedIn: { status: 401, title: "Sign in first." },
  OperationAborted: { status: 409, title: "The bucket is being deleted." },
  PayloadTooLarge: { status: 413, title: "The body is too large." },
  RequestTimeout: { status: 408, title: "The body did not arrive in time." },
  SecondFactorRequired: { status: 401, title: "The second factor is due." },
  ServiceUnavailable: { status: 503, title: "Try again in a moment." },
  SignInFailed: { status: 401, title: "The sign-in failed." },
  Throttled: { status: 429, title: "Too many tries; wait a little." },
  TooManyBuckets: { status: 409, title: "There are as many buckets as there may be." },
  TooManyJobs: { status: 409, title: "There are as many jobs under way as there may be." },
  UnsupportedMediaType: { status: 415, title: "The body must be application/json." },
} as const satisfies Record<string, ErrorRow>;

export type AdminErrorCode = keyof typeof adminErrors;

/** One fault of the input. */
export interface InputFault {
  /** JSON pointer into the body (RFC 6901); `?name` for the query, `{name}` for the path. */
  readonly pointer: string;
  readonly detail: string;
}

export interface AdminErrorOptions extends ErrorOptions {
  readonly faults?: readonly InputFault[];
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export class AdminError extends Error {
  override readonly name = "AdminError";
  readonly code: AdminErrorCode;
  readonly faults: readonly InputFault[];
  readonly headers: readonly (readonly [name: string, value: string])[];

  /** @param detail what is wrong this time, as a sentence for people; "" = nothing beyond the title */
  constructor(code: AdminErrorCode, detail = "", options: AdminErrorOptions = {}) {
    super(detail, options);
    this.code = code;
    this.faults = options.faults ?? [];
    this.headers = options.headers ?? [];
  }

  get status(): number {
    return adminErrors[this.code].status;
  }
}

/** The body of an error's answer. Source: RFC 9457. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: AdminErrorCode;
  readonly requestId: string;
  readonly errors?: readonly InputFault[];
}

/** Where people read about a code. */
const problemType = (code: AdminErrorCode): string => `/apidoc/index.html#problem-${code}`;

export function problemDocument(error: AdminError, requestId: string): ProblemDocument {
  const { code, message, faults } = error;
  return {
    type: problemType(code),
    title: adminErrors[code].title,
    status: error.status,
    ...(message === "" ? {} : { detail: message }),
    code,
    requestId,
    ...(faults.length === 0 ? {} : { errors: faults }),
  };
}

const isAdminErrorCode = (code: string): code is AdminErrorCode => Object.hasOwn(adminErrors, code);

/**
 * The value of an actor's answer.
 * @throws AdminError the refusal; InternalError when its code is unknown here
 */
export function answerOf<R>(outcome: Outcome<R>): R {
  if (outcome.ok) return outcome.value;
  const { code, detail } = outcome;
  if (!isAdminErrorCode(code)) throw new AdminError("InternalError", "", { cause: new Error(`unknown code ${code}`) });
  const waitMs = Number(detail["RetryAfterMs"] ?? Number.NaN);
  const headers = Number.isFinite(waitMs) ? [["retry-after", String(Math.ceil(waitMs / 1000))] as const] : [];
  throw new AdminError(code, detail["Message"] ?? "", { headers });
}

/** The refusal that an error is or stands for; null for a fault of this program. */
export function asAdminError(error: unknown): AdminError | null {
  if (error instanceof AdminError) return error;
  if (!(error instanceof S3Error) || !isAdminErrorCode(error.code)) return null;
  return new AdminError(error.code, error.detail["Message"] ?? "", { cause: error });
}

/** The media type that a request says its body has, lower case, without parameters. */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
