/** Requests into declared inputs and declared outputs into answers; each row is compiled once, on its first use. */

import { compileDecoder, type RequestParts } from "./http-decode.ts";
import { compileEncoder, type EncodedAnswer } from "./http-encode.ts";
import type { AnyOperation } from "./operation.ts";

export type { EncodedAnswer, RequestParts };

type Row = Pick<AnyOperation, "name" | "http" | "input" | "output">;

interface Codec {
  decode(parts: RequestParts): Readonly<Record<string, unknown>>;
  encode(output: unknown): EncodedAnswer;
}

const codecs = new WeakMap<Row, Codec>();

const codecOf = (operation: Row): Codec => {
  let codec = codecs.get(operation);
  if (codec === undefined) {
    codec = { decode: compileDecoder(operation.input), encode: compileEncoder(operation.http, operation.output) };
    codecs.set(operation, codec);
  }
  return codec;
};

/**
 * The input of `operation` from the parts of its request.
 * @throws Refusal InvalidArgument (a header, query value or label that its shape does not hold; with ArgumentName and
 * ArgumentValue), MalformedXML, MissingRequestBodyError, MetadataTooLarge, MaxMessageLengthExceeded
 */
export const decodeInput = (operation: Row, parts: RequestParts): Readonly<Record<string, unknown>> =>
  codecOf(operation).decode(parts);

/** Status, headers and body of an answer. A HEAD's content length is in `contentLength`, its body is null. */
export const encodeOutput = (operation: Row, output: unknown): EncodedAnswer => codecOf(operation).encode(output);
