/** The reading half of the HTTP binding: labels, query, headers and body of a request into a declared input. */

import { AssertionError, assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Headers } from "./http.ts";
import type { Member } from "./member.ts";
import { Refusal, type RefusalCode } from "./refusal.ts";
import { isScalar, parseScalar, type ScalarShape } from "./scalar.ts";
import type { StructureShape } from "./shape.ts";
import { compileXmlReader } from "./xml-read.ts";
import { isBodyMember } from "./xml-write.ts";

/** A request, taken apart by address and query parsing. */
export interface RequestParts {
  readonly bucket: string | null;
  readonly key: string | null;
  /** Decoded names and values; of a repeated name, the first. */
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Headers;
  /** The whole body for operations with `readsBody: "xml"`. */
  readonly body?: Uint8Array | null;
}

type Input = Record<string, unknown>;
type Step = (input: Input, parts: RequestParts) => void;

const refuseArgument = (shape: ScalarShape, argument: string, value: string, fault: string): Refusal =>
  new Refusal(shape.kind === "enum" ? shape.refusal : "InvalidArgument", {
    Message: `Provided ${argument} ${fault}`,
    ArgumentName: argument,
    ArgumentValue: value,
  });

const parseArgument = (shape: ScalarShape, argument: string, text: string): unknown => {
  const value = parseScalar(shape, text, "http-date");
  if (typeof value === "object") throw refuseArgument(shape, argument, text, value.fault);
  return value;
};

/** Parses one header or query value; a list is split at commas. */
const argumentParser = (name: string, { shape }: Member): ((text: string) => unknown) => {
  if (isScalar(shape)) return (text) => parseArgument(shape, name, text);
  if (shape.kind !== "list" || !isScalar(shape.member))
    throw new AssertionError(`${name}: not a scalar or a list of them`);
  const item = shape.member;
  return (text) => text.split(",").map((part) => parseArgument(item, name, part.trim()));
};

const labelStep = (name: string): Step => {
  if (name === "Bucket") {
    return (input, { bucket }) => {
      input[name] = bucket;
    };
  }
  return (input, { key }) => {
    input[name] = key;
  };
};

/** Puts a query or header value where it belongs. */
type TakeArgument = (input: Input, text: string) => void;

/** A condition's date that cannot be read is ignored, as RFC 9110 13.1.3 asks. */
const argumentTaker = (name: string, argument: string, member: Member): TakeArgument => {
  const { shape } = member;
  if (/(?:un)?modified-since$/i.test(argument) && isScalar(shape)) {
    return (input, text) => {
      const value = parseScalar(shape, text, "http-date");
      if (typeof value !== "object") input[name] = value;
    };
  }
  const parse = argumentParser(argument, member);
  return (input, text) => {
    input[name] = parse(text);
  };
};

const requiredStep = (argument: string, isThere: (parts: RequestParts) => boolean): Step => {
  return (_input, parts) => {
    if (isThere(parts)) return;
    throw new Refusal("InvalidArgument", { Message: `Missing required ${argument}`, ArgumentName: argument });
  };
};

/** All headers under a prefix, without it. S3 counts the bytes of names and values. Source: AWS "Working with object metadata". */
const prefixStep = (name: string, prefix: string): Step => {
  return (input, { headers }) => {
    const pairs: (readonly [string, string])[] = [];
    let bytes = 0;
    for (const [header, value] of headers.entries()) {
      if (!header.startsWith(prefix) || header.length === prefix.length) continue;
      bytes += header.length - prefix.length + Buffer.byteLength(value);
      pairs.push([header.slice(prefix.length), value]);
    }
    if (bytes > limits.metadataBytesMax) {
      throw new Refusal("MetadataTooLarge", {
        Size: String(bytes),
        MaxSizeAllowed: String(limits.metadataBytesMax),
      });
    }
    if (pairs.length > 0) input[name] = pairs;
  };
};

/** A reader whose documents have a code of their own for being malformed. */
const refusingAs = (
  code: RefusalCode | undefined,
  read: (bytes: Uint8Array) => unknown,
): ((bytes: Uint8Array) => unknown) => {
  if (code === undefined) return read;
  return (bytes) => {
    try {
      return read(bytes);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "MalformedXML") throw error;
      throw new Refusal(code, error.detail, { cause: error });
    }
  };
};

const payloadStep = (name: string, { shape, traits }: Member): Step | null => {
  if (shape.kind === "stream") return null;
  if (shape.kind === "string") {
    return (input, { body }) => {
      if (body !== undefined && body !== null && body.length > 0) input[name] = Buffer.from(body).toString("utf8");
      else if (traits.required) throw new Refusal("MissingRequestBodyError");
    };
  }
  if (shape.kind !== "structure") throw new AssertionError(`${name}: a payload is a stream, a string or a structure`);
  const read = refusingAs(traits.malformedAs, compileXmlReader(traits.xmlName ?? shape.xmlName ?? shape.name, shape));
  return (input, { body }) => {
    if (body !== undefined && body !== null && body.length > 0) input[name] = read(body);
    else if (traits.required) throw new Refusal("MissingRequestBodyError");
  };
};

/** What a decoder is made of. A request has few of an operation's many arguments: those it has are looked up by name. */
interface Steps {
  readonly always: Step[];
  readonly byHeader: Map<string, TakeArgument>;
  readonly byQuery: Map<string, TakeArgument>;
}

const addSteps = ({ always, byHeader, byQuery }: Steps, name: string, member: Member): void => {
  const { httpLabel, httpQuery, httpHeader, httpPrefixHeaders, httpPayload, required } = member.traits;
  if (httpLabel === true) always.push(labelStep(name));
  if (httpQuery !== undefined) {
    assert(!byQuery.has(httpQuery), `${httpQuery} is one member`);
    byQuery.set(httpQuery, argumentTaker(name, httpQuery, member));
    if (required) always.push(requiredStep(httpQuery, ({ query }) => query.has(httpQuery)));
  }
  if (httpHeader !== undefined) {
    const lower = httpHeader.toLowerCase();
    assert(!byHeader.has(lower), `${lower} is one member`);
    byHeader.set(lower, argumentTaker(name, httpHeader, member));
    if (required) always.push(requiredStep(httpHeader, ({ headers }) => headers.has(lower)));
  }
  if (httpPrefixHeaders !== undefined) always.push(prefixStep(name, httpPrefixHeaders.toLowerCase()));
  if (httpPayload === true) {
    const step = payloadStep(name, member);
    if (step !== null) always.push(step);
  }
};

/** Compiles the decoder of one input structure. @throws AssertionError when a member cannot be carried where it is declared. */
export const compileDecoder = (shape: StructureShape): ((parts: RequestParts) => Readonly<Input>) => {
  const steps: Steps = { always: [], byHeader: new Map(), byQuery: new Map() };
  for (const [name, member] of Object.entries(shape.members)) addSteps(steps, name, member);
  const { always, byHeader, byQuery } = steps;
  if (Object.values(shape.members).some(isBodyMember)) always.push(wholeBodyStep(shape));
  return (parts) => {
    const input: Input = {};
    for (const step of always) step(input, parts);
    if (parts.query.size > 0) {
      for (const [word, text] of parts.query) byQuery.get(word)?.(input, text);
    }
    for (const line of parts.headers.entries()) byHeader.get(line[0])?.(input, line[1]);
    return input;
  };
};

/** Inputs whose body members are not gathered in a payload (none of S3's served operations): the structure is the body. */
const wholeBodyStep = (shape: StructureShape): Step => {
  const read = compileXmlReader(shape.xmlName ?? shape.name, shape);
  return (input, { body }) => {
    if (body !== undefined && body !== null && body.length > 0) Object.assign(input, read(body));
  };
};
