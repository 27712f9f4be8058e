/** The writing half of the HTTP binding: a declared output into status, headers and body. */

import { AssertionError, assert } from "../base/assert.ts";
import type { ResponseBody } from "./http.ts";
import type { Member } from "./member.ts";
import type { HttpTrait } from "./operation.ts";
import { isScalar, scalarFormatter } from "./scalar.ts";
import type { StructureShape } from "./shape.ts";
import { compileXmlWriter, isBodyMember } from "./xml-write.ts";

type Header = readonly [name: string, value: string];
type Output = Readonly<Record<string, unknown>>;

export interface EncodedAnswer {
  readonly status: number;
  /** Lower-case names. Content-Length is not among them: the front writes it from the body, or from `contentLength`. */
  readonly headers: readonly Header[];
  readonly body: string | Uint8Array | ResponseBody | null;
  /** What a HEAD announces; null = the body's own length. */
  readonly contentLength: number | null;
}

type HeaderStep = (headers: Header[], value: unknown) => void;
type BodyStep = (headers: Header[], output: Output) => EncodedAnswer["body"];

// What no answer's head takes: values may come from documents, whose text can hold what no header could have brought.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const unsafe = /[\u0000-\u0008\u000a-\u001f\u007f]/;

const safe = (name: string, value: string): string => {
  assert(!unsafe.test(value), `header ${name} holds no control character`);
  return value;
};

const headerStep = (name: string, header: string, { shape }: Member): HeaderStep => {
  const lower = header.toLowerCase();
  if (isScalar(shape)) {
    const format = scalarFormatter(shape, "http-date");
    return (headers, value) => headers.push([lower, safe(lower, format(value))]);
  }
  if (shape.kind !== "list" || !isScalar(shape.member))
    throw new AssertionError(`${name}: not a scalar or a list of them`);
  const format = scalarFormatter(shape.member, "http-date");
  return (headers, value) => {
    if (Array.isArray(value)) headers.push([lower, safe(lower, value.map(format).join(", "))]);
  };
};

/** What is not ASCII goes as an encoded word, as at AWS. Source: RFC 2047 section 2; S3 user guide, "User-defined object metadata". */
const encodedWord = (value: string): string =>
  /^[\0-\x7f]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;

const prefixStep = (prefix: string): HeaderStep => {
  return (headers, pairs) => {
    for (const [rest, value] of pairs as readonly Header[])
      headers.push([prefix + rest, encodedWord(safe(rest, value))]);
  };
};

const isContentLength = (member: Member): boolean => member.traits.httpHeader?.toLowerCase() === "content-length";

const payloadStep = (name: string, { shape, traits }: Member): BodyStep => {
  if (shape.kind === "stream") {
    return (_headers, output) => (output[name] as Uint8Array | ResponseBody | undefined) ?? null;
  }
  if (shape.kind === "string") {
    // The one text that is an answer by itself is a policy.
    return (headers, output) => {
      headers.push(["content-type", "application/json"]);
      return (output[name] as string | undefined) ?? null;
    };
  }
  if (shape.kind !== "structure") throw new AssertionError(`${name}: a payload is a stream, a string or a structure`);
  const write = compileXmlWriter(traits.xmlName ?? shape.xmlName ?? shape.name, shape);
  return (headers, output) => {
    const value = output[name];
    if (value === undefined) return null;
    headers.push(["content-type", "application/xml"]);
    return write(value);
  };
};

const bodyStep = (shape: StructureShape): BodyStep => {
  const payload = Object.entries(shape.members).find(([, member]) => member.traits.httpPayload === true);
  if (payload !== undefined) return payloadStep(...payload);
  if (!Object.values(shape.members).some(isBodyMember)) return () => null;
  const write = compileXmlWriter(shape.xmlName ?? shape.name, shape);
  return (headers, output) => {
    headers.push(["content-type", "application/xml"]);
    return write(output);
  };
};

/** By member name. An output has few of an operation's many headers, so what it has is walked, not what it could have. */
const headerSteps = (shape: StructureShape): ReadonlyMap<string, HeaderStep> => {
  const steps = new Map<string, HeaderStep>();
  for (const [name, member] of Object.entries(shape.members)) {
    const { httpHeader, httpPrefixHeaders } = member.traits;
    if (httpHeader !== undefined && !isContentLength(member)) steps.set(name, headerStep(name, httpHeader, member));
    if (httpPrefixHeaders !== undefined) steps.set(name, prefixStep(httpPrefixHeaders));
  }
  return steps;
};

/** Compiles the encoder of one output structure. @throws AssertionError when a member cannot be carried where it is declared. */
export const compileEncoder = (http: HttpTrait, shape: StructureShape): ((output: unknown) => EncodedAnswer) => {
  const steps = headerSteps(shape);
  const writeBody = bodyStep(shape);
  const lengthMember = Object.entries(shape.members).find(([, member]) => isContentLength(member))?.[0];
  const { statusWith } = http;
  const usual = http.wireStatus ?? http.status;
  return (value) => {
    const output = value as Output;
    const headers: Header[] = [];
    for (const name in output) {
      const member = output[name];
      if (member !== undefined) steps.get(name)?.(headers, member);
    }
    const body = writeBody(headers, output);
    const status = statusWith !== undefined && output[statusWith.member] !== undefined ? statusWith.status : usual;
    const announced = lengthMember === undefined ? undefined : output[lengthMember];
    return { status, headers, body, contentLength: typeof announced === "number" ? announced : null };
  };
};
