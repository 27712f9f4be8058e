/** Preconditions. Source: AWS "Conditional requests", GetObject, CopyObject, PutObject, DeleteObject; RFC 9110 13.1. */

import { currentObject, type ObjectVersion, Refusal, type Request, type State, type Turn } from "./state.ts";
import type { Condition } from "./vocabulary.ts";

const bare = (etag: string): string => etag.trim().replace(/^"(.*)"$/, "$1");

const matches = (header: string, etag: string): boolean => header.trim() === "*" || bare(header) === etag;

/** Dates in headers have whole seconds; a version's own must be known that precisely before a request names it. */
const seconds = (ms: number): number => Math.floor(ms / 1000);

type Guard = "if-match" | "if-none-match" | "if-modified-since" | "if-unmodified-since";

/**
 * Which condition fails, in S3's order: If-Match that holds overrides If-Unmodified-Since, and If-None-Match overrides
 * If-Modified-Since.
 */
export function failedReadCondition(
  headers: Readonly<Record<string, string>>,
  object: ObjectVersion,
  what: "read" | "source",
  turn: Turn,
): Guard | null {
  const judge = (guard: Guard, holds: (value: string) => boolean): boolean | null => {
    const value = headers[what === "read" ? guard : `x-amz-copy-source-${guard}`];
    if (value === undefined) return null;
    const isTrue = holds(value);
    const condition = `${what} ${guard}` satisfies Condition;
    turn.reach(`${condition} ${isTrue ? "holds" : "fails"}`);
    return isTrue;
  };
  const modified = seconds(object.written.from);
  const match = judge("if-match", (value) => matches(value, object.etag));
  if (match === false) return "if-match";
  const unmodified = judge("if-unmodified-since", (value) => modified <= seconds(Date.parse(value)));
  if (match === null && unmodified === false) return "if-unmodified-since";
  const noneMatch = judge("if-none-match", (value) => !matches(value, object.etag));
  if (noneMatch === false) return "if-none-match";
  const modifiedSince = judge("if-modified-since", (value) => modified > seconds(Date.parse(value)));
  if (noneMatch === null && modifiedSince === false) return "if-modified-since";
  return null;
}

/**
 * If-Match and If-None-Match of a write, judged against the current version; a delete marker is no object.
 * @throws Refusal NotImplemented, NoSuchKey, PreconditionFailed
 */
export function judgeWrite(
  state: State,
  request: Request,
  operation: "PutObject" | "CopyObject" | "CompleteMultipartUpload",
  turn: Turn,
): void {
  const current = currentObject(state, request.key);
  const ifMatch = request.headers["if-match"];
  if (ifMatch !== undefined) {
    const holds = current !== null && matches(ifMatch, current.etag);
    turn.reach(`${operation} if-match ${holds ? "holds" : "fails"}`);
    if (current === null) throw new Refusal("NoSuchKey");
    if (!holds) throw new Refusal("PreconditionFailed");
  }
  if (request.headers["if-none-match"] !== undefined) {
    turn.reach(`${operation} if-none-match ${current === null ? "holds" : "fails"}`);
    if (current !== null) throw new Refusal("PreconditionFailed");
  }
}

/** S3 takes only `*` there. @throws Refusal NotImplemented */
export function judgeWriteSyntax({ headers }: Request): void {
  const value = headers["if-none-match"];
  if (value !== undefined && value !== "*") throw new Refusal("NotImplemented");
}

/**
 * Size and time of a delete: they hold where there is no object.
 * @throws Refusal PreconditionFailed
 */
export function judgeDeletedObject(state: State, { key, headers }: Request, turn: Turn): void {
  const current = currentObject(state, key);
  const judge = (
    name: "size" | "last-modified-time",
    isSame: (value: string, object: ObjectVersion) => boolean,
  ): void => {
    const value = headers[`x-amz-if-match-${name}`];
    if (value === undefined) return;
    const holds = current === null || isSame(value, current);
    turn.reach(`DeleteObject x-amz-if-match-${name} ${holds ? "holds" : "fails"}`);
    if (!holds) throw new Refusal("PreconditionFailed");
  };
  judge("last-modified-time", (value, { written }) => seconds(Date.parse(value)) === seconds(written.from));
  judge("size", (value, { bytes }) => Number(value) === bytes.length);
}

/** If-Match of a delete: judged against the current version. @throws Refusal NoSuchKey, PreconditionFailed */
export function judgeDelete(
  state: State,
  key: string,
  etag: string | undefined,
  condition: "DeleteObject if-match" | "DeleteObjects ETag",
  turn: Turn,
): void {
  if (etag === undefined) return;
  const current = currentObject(state, key);
  const holds = current !== null && matches(etag, current.etag);
  turn.reach(`${condition} ${holds ? "holds" : "fails"}`);
  if (current === null) throw new Refusal("NoSuchKey");
  if (!holds) throw new Refusal("PreconditionFailed");
}
