/** Answers and errors of the query protocol as XML. */

import { limits } from "../base/limits.ts";
import type { StructureShape } from "../model/shape.ts";
import { compileXmlContent, escapeXml } from "../model/xml-write.ts";
import type { QueryError } from "./errors.ts";

export type QueryService = "iam" | "sts";

/** The API versions that are served, and the namespaces of their answers. */
export const queryVersions: Readonly<Record<QueryService, string>> = { iam: "2010-05-08", sts: "2011-06-15" };

export interface QueryAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** null for a success. */
  readonly errorCode: string | null;
  /** The action's name; "" when the request did not get that far. */
  readonly action: string;
}

const namespaceOf = (service: QueryService): string =>
  `https://${service}.amazonaws.com/doc/${queryVersions[service]}/`;

const contentType = ["content-type", "text/xml"] as const;

/**
 * Compiles the writer of an action's answers.
 * @param output null when the action has no result element
 */
export function compileAnswer(
  service: QueryService,
  action: string,
  output: StructureShape | null,
): (value: unknown, requestId: string) => string {
  const open = `<${action}Response xmlns="${namespaceOf(service)}">`;
  const content = output === null ? null : compileXmlContent(output);
  const result = (value: unknown): string =>
    content === null ? "" : `<${action}Result>${content(value)}</${action}Result>`;
  return (value, requestId) =>
    `${open}${result(value)}<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata></${action}Response>`;
}

export function successAnswer(action: string, body: string, requestId: string): QueryAnswer {
  return { status: 200, headers: headersOf(requestId), body, errorCode: null, action };
}

/** `<ErrorResponse>`; a status from 500 on is the receiver's fault. */
export function errorAnswer(
  service: QueryService,
  action: string,
  { code, status, message }: QueryError,
  requestId: string,
): QueryAnswer {
  const type = status < 500 ? "Sender" : "Receiver";
  const text = escapeXml(message.slice(0, limits.queryMessageCharsMax));
  const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${text}</Message></Error>`;
  const body = `<ErrorResponse xmlns="${namespaceOf(service)}">${error}<RequestId>${escapeXml(requestId)}</RequestId></ErrorResponse>`;
  return { status, headers: headersOf(requestId), body, errorCode: code, action };
}

function headersOf(requestId: string): QueryAnswer["headers"] {
  return [contentType, ["x-amzn-requestid", requestId]];
}
