/**
 * One load process: keeps `connections` keep-alive connections busy with one kind of request for a while and prints
 * a JSON line. It runs apart from the harness, so that its CPU time is not the server's.
 */

import { connect, type Socket } from "node:net";
import { signedRequest, type Target } from "./request.ts";

export interface DriverTask {
  readonly target: Target;
  readonly operation: "PUT" | "GET" | "LIST" | "HEAD" | "RAW";
  readonly buckets: readonly string[];
  readonly keysPerBucket: number;
  readonly sizeBytes: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface DriverResult {
  readonly requests: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Every request the task sends, made before the clock starts. */
function prepare(task: DriverTask): Buffer[] {
  const body = Buffer.alloc(task.operation === "PUT" ? task.sizeBytes : 0, 0x61);
  const requests: Buffer[] = [];
  for (const bucket of task.buckets) {
    for (let key = 0; key < task.keysPerBucket; key++) {
      const path = `/${bucket}/size-${task.sizeBytes}/key-${String(key).padStart(6, "0")}`;
      if (body.length > 0) body.writeUInt32LE(key, 0);
      if (task.operation === "RAW") requests.push(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`));
      else if (task.operation === "LIST")
        requests.push(signedRequest(task.target, "GET", `/${bucket}`, "list-type=2&max-keys=1000", body));
      else requests.push(signedRequest(task.target, task.operation, path, "", Buffer.from(body)));
    }
  }
  return requests;
}

/** Reads one answer after the other; calls back with its status and whether more must come. */
class AnswerReader {
  #due = -1;
  #head = "";
  #status = 0;

  /** @returns the statuses of the answers that ended in this piece. */
  take(piece: Buffer, isHead: boolean): number[] {
    const ended: number[] = [];
    let at = 0;
    while (at < piece.length) {
      if (this.#due === -1) {
        const text = this.#head + piece.toString("latin1", at);
        const end = text.indexOf("\r\n\r\n");
        if (end === -1) {
          this.#head = text;
          return ended;
        }
        at += end + 4 - this.#head.length;
        this.#head = "";
        this.#status = Number(text.slice(9, 12));
        this.#due = isHead ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      }
      const used = Math.min(this.#due, piece.length - at);
      this.#due -= used;
      at += used;
      if (this.#due === 0) {
        this.#due = -1;
        ended.push(this.#status);
      }
    }
    return ended;
  }
}

async function drive(task: DriverTask): Promise<DriverResult> {
  const requests = prepare(task);
  const latencies: number[] = [];
  let errors = 0;
  let next = 0;
  const started = performance.now();
  const deadline = started + task.seconds * 1000;
  const work = (): Promise<void> =>
    new Promise((resolve) => {
      const socket: Socket = connect(task.target.port, task.target.host);
      socket.setNoDelay(true);
      const reader = new AnswerReader();
      let sentAt = 0;
      const send = (): void => {
        sentAt = performance.now();
        if (sentAt >= deadline) {
          socket.end();
          resolve();
          return;
        }
        socket.write(requests[next++ % requests.length] ?? Buffer.alloc(0));
      };
      socket.on("connect", send);
      socket.on("data", (piece) => {
        for (const status of reader.take(piece, task.operation === "HEAD")) {
          latencies.push(performance.now() - sentAt);
          if (status !== 200) errors += 1;
          send();
        }
      });
      socket.on("error", () => {
        errors += 1;
        resolve();
      });
      socket.on("close", () => resolve());
    });
  await Promise.all(Array.from({ length: task.connections }, work));
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    errors,
    seconds: (performance.now() - started) / 1000,
    p50Ms: latencies[latencies.length >> 1] ?? 0,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

process.on("message", (task: DriverTask) => {
  drive(task).then((result) => process.send?.(result));
});
