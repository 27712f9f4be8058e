/** S3 errors as exceptions, as plain data between threads, and as XML bodies. */

import type { Outcome } from "../base/outcome.ts";
import { Refusal } from "../model/refusal.ts";
import { escapeXml, xmlDeclaration } from "../model/xml-write.ts";
import { type ErrorRow, type S3ErrorCode, s3Errors } from "./error-table.ts";

export { type ErrorRow, type S3ErrorCode, s3Errors };

/** Extra elements of an error's body, in order. `Message` replaces the row's text. */
export type ErrorDetail = Readonly<Record<string, string>>;

export interface S3ErrorOptions extends ErrorOptions {
  /** Headers of the answer beside the usual ones: a 304's ETag, a 405's Allow. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** Thrown by handlers and decoders; between threads it travels as an `Outcome`, never as an Error instance. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: S3ErrorCode;
  readonly detail: ErrorDetail;
  readonly headers: readonly (readonly [name: string, value: string])[];

  constructor(code: S3ErrorCode, detail: ErrorDetail = {}, options: S3ErrorOptions = {}) {
    super(detail["Message"] ?? s3Errors[code].message, options);
    this.code = code;
    this.detail = detail;
    this.headers = options.headers ?? [];
  }

  get status(): number {
    return s3Errors[this.code].status;
  }
}

const isS3ErrorCode = (code: string): code is S3ErrorCode => Object.hasOwn(s3Errors, code);

/** The S3 error that `error` is or stands for; null for anything else, which is a fault of this program (InternalError). */
export const asS3Error = (error: unknown): S3Error | null => {
  if (error instanceof S3Error) return error;
  return error instanceof Refusal ? new S3Error(error.code, error.detail, { cause: error }) : null;
};

/** An error as data. What is no S3 error becomes InternalError without detail: its text may hold what clients must not see. */
export const toOutcome = (error: unknown): Outcome<never> => {
  const known = asS3Error(error);
  return known === null
    ? { ok: false, code: "InternalError", detail: {} }
    : { ok: false, code: known.code, detail: known.detail };
};

/** The error of an outcome; InternalError when its code is unknown here. */
export const errorOf = ({ code, detail }: Exclude<Outcome<never>, { ok: true }>): S3Error =>
  isS3ErrorCode(code)
    ? new S3Error(code, detail)
    : new S3Error("InternalError", {}, { cause: new Error(`unknown error code ${code}`) });

/** The value of an outcome. @throws S3Error the outcome's error */
export const fromOutcome = <R>(outcome: Outcome<R>): R => {
  if (outcome.ok) return outcome.value;
  throw errorOf(outcome);
};

export interface ErrorContext {
  readonly requestId: string;
  readonly hostId: string;
  /** The path as on the wire, or null. */
  readonly resource: string | null;
}

export interface EncodedError {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** null for statuses that have no body (304). The front drops it for HEAD. */
  readonly body: string | null;
}

const elementName = /^[A-Za-z][A-Za-z0-9-]*$/;

/** `<Error>` as S3 writes it: without a namespace, code and message first, then detail, resource and ids. */
export const encodeErrorBody = (error: S3Error, context: ErrorContext): string => {
  let out = `${xmlDeclaration}<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>`;
  for (const [name, value] of Object.entries(error.detail)) {
    if (name !== "Message" && elementName.test(name)) out += `<${name}>${escapeXml(value)}</${name}>`;
  }
  if (context.resource !== null) out += `<Resource>${escapeXml(context.resource)}</Resource>`;
  return `${out}<RequestId>${escapeXml(context.requestId)}</RequestId><HostId>${escapeXml(context.hostId)}</HostId></Error>`;
};

/** Status, headers and body of an error's answer. The ids' headers are the pipeline's, as on every answer. */
export const encodeError = (error: S3Error, context: ErrorContext): EncodedError => {
  if (error.status === 304) return { status: 304, headers: error.headers, body: null };
  return {
    status: error.status,
    headers: [["content-type", "application/xml"], ...error.headers],
    body: encodeErrorBody(error, context),
  };
};
