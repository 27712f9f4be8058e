/** Fills a bucket fast, over HTTP: many keep-alive connections with tiny PUTs, and DeleteObjects for delete markers. */

import { connect } from "node:net";
import { AnswerReader, errorName } from "./answers.ts";
import { call } from "./bucket.ts";
import { BenchError } from "./failure.ts";
import { objectPath, sha256, signedHead, type Target } from "./request.ts";

const markersPerRequest = 1000;
const markerRequestsAtOnce = 4;

/** One keep-alive connection: a request at a time. */
export class Connection {
  readonly #socket;
  readonly #reader = new AnswerReader();
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  constructor({ host, port }: Target) {
    this.#socket = connect(port, host);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (piece) => this.#take(piece));
    this.#socket.on("error", (error) => this.#waiting?.reject(error));
    this.#socket.on("close", () => this.#waiting?.reject(new BenchError("the server closed a connection")));
  }

  /** Resolves when a successful answer has come to its end. Rejects for every other answer. */
  send(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #take(piece: Buffer): void {
    for (const answer of this.#reader.take(piece, false)) {
      const waiting = this.#waiting;
      this.#waiting = null;
      if (answer.status === 200) waiting?.resolve();
      else waiting?.reject(new BenchError(`an answer was ${errorName(answer)}`));
    }
  }
}

export interface PutManyOptions {
  readonly connections: number;
  /** Is called now and then with how many are done. */
  readonly tell: (done: number) => void;
  /** Of the object of an index; names in lower case. */
  readonly headers?: (index: number) => Readonly<Record<string, string>>;
}

/**
 * Puts objects of one byte.
 * @param keyOf the key of an index from 0 on
 */
export async function putMany(
  target: Target,
  bucket: string,
  count: number,
  keyOf: (index: number) => string,
  { connections, tell, headers = () => ({}) }: PutManyOptions,
): Promise<void> {
  let next = 0;
  const body = Buffer.from("x");
  const payloadHash = sha256(body);
  const work = async (): Promise<void> => {
    const connection = new Connection(target);
    try {
      for (let index = next++; index < count; index = next++) {
        const path = objectPath(bucket, keyOf(index));
        const options = { method: "PUT", path, bodyBytes: body.length, payloadHash, headers: headers(index) };
        await connection.send(Buffer.concat([signedHead(target, options), body]));
        if (index % 10_000 === 0) tell(index);
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
}

/** Deletes keys that need not be there: in a versioned bucket each becomes a delete marker. */
export async function markMany(
  target: Target,
  bucket: string,
  count: number,
  keyOf: (index: number) => string,
  tell: (done: number) => void,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let from = next; from < count; from = next) {
      next += markersPerRequest;
      const length = Math.min(markersPerRequest, count - from);
      const items = Array.from({ length }, (_, index) => `<Object><Key>${keyOf(from + index)}</Key></Object>`);
      const body = `<Delete><Quiet>true</Quiet>${items.join("")}</Delete>`;
      const answer = await call(target, { method: "POST", bucket, query: { delete: "" }, body });
      if (answer.status !== 200 || answer.text.includes("<Error>"))
        throw new BenchError(`DeleteObjects was answered ${answer.status} ${answer.text.slice(0, 200)}`);
      tell(from);
    }
  };
  await Promise.all(Array.from({ length: markerRequestsAtOnce }, work));
}
