/**
 * Reads multipart/form-data up to its file, and the file as a body. Fields are bounded in number and bytes; the file is
 * never held, and passes on its back-pressure.
 * Source: RFC 7578; AWS "POST Object": fields behind the file are ignored.
 */

import type { Readable } from "node:stream";
import { Busboy } from "@fastify/busboy";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { BodySink, Headers, RequestBody } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";

export interface FormData {
  /** Names as sent, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** null when the form has none. */
  readonly file: FormFile | null;
  /** Resolves when the form is over; rejects with what `readForm` throws. */
  readonly ended: Promise<void>;
}

export interface FormFile {
  /** Without directories; "" when it has none. */
  readonly name: string;
  readonly body: RequestBody;
}

const isForm = /^multipart\/form-data\s*(?:;|$)/i;

/** Whether a request carries a form. */
export function hasForm(headers: Headers): boolean {
  return isForm.test(headers.get("content-type") ?? "");
}

const malformed = (cause?: unknown): S3Error => new S3Error("MalformedPOSTRequest", {}, { cause });

/**
 * Resolves once the file begins, or the form ends without one.
 * @throws S3Error MalformedPOSTRequest, MaxPostPreDataLengthExceededError, IncompleteBody (the client has gone),
 * RequestTimeout (the fields do not come within `limits.postFieldsMs`)
 */
export async function readForm(body: RequestBody, headers: Headers, clock: Clock): Promise<FormData> {
  const parser = openParser(headers.get("content-type") ?? "");
  return new Promise((resolve, reject) => {
    const fields: [string, string][] = [];
    let fieldBytes = 0;
    let fileSink: FileBody | null = null;
    let end = (): void => {};
    let cut = (_error: S3Error): void => {};
    const ended = new Promise<void>((done, failed) => {
      end = done;
      cut = failed;
    });
    // Whoever waits for the end asks for it; nobody does when the fields were refused.
    ended.catch(() => {});
    const timer = clock.after(limits.postFieldsMs, () => fail(new S3Error("RequestTimeout")));
    const fail = (error: S3Error): void => {
      timer.cancel();
      fileSink?.abort();
      reject(error);
      cut(error);
    };
    parser.on("field", (name: string, value: string, isNameCut: boolean, isValueCut: boolean) => {
      fieldBytes += Buffer.byteLength(name) + Buffer.byteLength(value);
      if (isNameCut || isValueCut || fieldBytes > limits.postFieldsBytesMax) {
        return fail(new S3Error("MaxPostPreDataLengthExceededError"));
      }
      if (fileSink === null) fields.push([name, value]);
    });
    parser.on("fieldsLimit", () => fail(new S3Error("MaxPostPreDataLengthExceededError")));
    parser.on("partsLimit", () => fail(new S3Error("MaxPostPreDataLengthExceededError")));
    parser.on("filesLimit", () => fail(new S3Error("IncorrectNumberOfFilesInPostRequest")));
    parser.on("file", (_name: string, stream: Readable, name: string | undefined) => {
      timer.cancel();
      fileSink = new FileBody(stream);
      resolve({ fields, file: { name: name ?? "", body: fileSink }, ended });
    });
    parser.on("error", (error: unknown) => fail(malformed(error)));
    parser.on("finish", () => {
      timer.cancel();
      resolve({ fields, file: null, ended });
      end();
    });
    parser.on("drain", () => body.resume());
    body.consume({
      // The parser keeps pieces past the callback.
      data: (chunk) => {
        if (!parser.write(Buffer.from(chunk))) body.pause();
      },
      end: () => void parser.end(),
      aborted: () => fail(new S3Error("IncompleteBody")),
    });
  });
}

function openParser(contentType: string): Busboy {
  try {
    return new Busboy({
      headers: { "content-type": contentType },
      limits: {
        fieldNameSize: limits.postFieldNameBytesMax,
        fieldSize: limits.postFieldsBytesMax,
        fields: limits.postFieldsMax,
        files: 1,
        parts: limits.postFieldsMax + 1,
        headerPairs: limits.postPartHeadersMax,
      },
      // Whatever else a browser sends as a file is a field to S3.
      isPartAFile: (name) => name?.toLowerCase() === "file",
    });
  } catch (error) {
    throw malformed(error);
  }
}

/** A file's bytes as they come out of the form; their number is not known before. */
class FileBody implements RequestBody {
  readonly contentLength = null;
  readonly #stream: Readable;
  #sink: BodySink | null = null;
  #isOver = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    // Errors of the parser are told by the parser.
    stream.on("error", () => this.abort());
  }

  consume(sink: BodySink): void {
    this.#sink = sink;
    if (this.#isOver) {
      sink.aborted();
      return;
    }
    this.#stream.on("data", (chunk: Buffer) => {
      if (!this.#isOver) sink.data(chunk);
    });
    this.#stream.on("end", () => {
      if (this.#isOver) return;
      this.#isOver = true;
      sink.end();
    });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.resume();
    this.#sink?.aborted();
  }
}
