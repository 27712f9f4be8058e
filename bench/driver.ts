/**
 * A load process: keeps its connections busy with requests that were signed before, and says what came of it. It runs
 * apart from the bench, so that its CPU time is not the server's, and tells how busy it was itself.
 * Messages: a task prepares a round ("ready"), "run" runs it (a result), for as long as the channel lasts.
 */

import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Answer, AnswerReader, errorName } from "./answers.ts";
import { type DriverTask, fillScript, mixScript, sharedScript, type WireRequest } from "./scripts.ts";
import { Histogram, type PackedHistogram } from "./statistics.ts";

export interface DriverResult {
  /** Requests that succeeded. */
  readonly requests: number;
  /** Requests that did not, by what came: `503 SlowDown`, `connection closed`. */
  readonly errors: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Of the successes, in ms. */
  readonly latencies: PackedHistogram;
  /** Share of the round in which this process's thread was not waiting: 0 to 1. */
  readonly busyShare: number;
  /** Connections opened in the round: more than there are when the server closes them. */
  readonly reconnects: number;
}

/** From the bench. */
export type DriverOrder = { readonly type: "prepare"; readonly task: DriverTask } | { readonly type: "run" };
/** To the bench. */
export type DriverAnswer =
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly result: DriverResult }
  | { readonly type: "failed"; readonly reason: string };

const answerMsMax = 60_000;
/** A connection gives up after so many failures in a row; between them it waits. */
const failuresInRowMax = 50;
const failurePauseMs = 20;
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/** What the connections of a round share. */
class Round {
  readonly latencies = new Histogram();
  readonly errors: Record<string, number> = {};
  reconnects = 0;
  #next = 0;
  #ended = 0;
  deadline = Number.POSITIVE_INFINITY;
  readonly #task: DriverTask;
  readonly #shared: readonly WireRequest[];

  constructor(task: DriverTask, shared: readonly WireRequest[]) {
    this.#task = task;
    this.#shared = shared;
  }

  /** @returns the next of the shared requests, or null when the round is over */
  next(): WireRequest | null {
    if (this.isOver) return null;
    const index = this.#next++;
    const isOnce = this.#task.seconds === null || this.#task.operation === "DELETE";
    if (isOnce && index >= this.#shared.length) return null;
    return this.#shared[index % this.#shared.length] ?? null;
  }

  get isOver(): boolean {
    return performance.now() >= this.deadline && this.#ended >= this.#task.requestsMin;
  }

  succeeded(ms: number): void {
    this.latencies.record(ms);
    this.#ended += 1;
  }

  failed(name: string): void {
    this.errors[name] = (this.errors[name] ?? 0) + 1;
    this.#ended += 1;
  }
}

/** One keep-alive connection, one request under way at a time. */
class Connection {
  readonly #task: DriverTask;
  #socket: Socket | null = null;
  #reader = new AnswerReader();
  #sent: WireRequest | null = null;
  #sentAt = 0;
  #failuresInRow = 0;
  #round: Round | null = null;
  #script: (() => WireRequest | null) | null = null;
  #done: (() => void) | null = null;

  constructor(task: DriverTask) {
    this.#task = task;
  }

  /** Opens the connection. @throws Error of node:net when it cannot be opened */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { host, port, tls } = this.#task.target;
      this.#reader = new AnswerReader();
      const read = (piece: Buffer): void => this.#read(piece);
      const options = { host, port, noDelay: true };
      const socket =
        tls === undefined
          ? connectPlain({
              ...options,
              onread: {
                buffer: readBuffer,
                callback: (length) => {
                  read(readBuffer.subarray(0, length));
                  return true;
                },
              },
            })
          : connectTls({ ...options, servername: host, rejectUnauthorized: !tls.isUnverified }).on("data", read);
      this.#socket = socket;
      socket.once(tls === undefined ? "connect" : "secureConnect", resolve);
      socket.setTimeout(answerMsMax, () => socket.destroy(new Error("no answer within 60 s")));
      socket.on("error", (error: NodeJS.ErrnoException) => {
        reject(error);
        if (socket === this.#socket) this.#lost(error.code ?? error.message);
      });
      socket.on("close", () => {
        if (socket === this.#socket) this.#closed();
      });
    });
  }

  /** Sends what `script` gives, one after the other. @returns when it gives null, or nothing works any more */
  work(round: Round, script: () => WireRequest | null): Promise<void> {
    this.#round = round;
    this.#script = script;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#send();
    });
  }

  end(): void {
    this.#finish();
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }

  #send(): void {
    const request = this.#script?.() ?? null;
    if (request === null) return this.#finish();
    if (this.#socket === null) return this.#reopen(request);
    this.#sent = request;
    this.#sentAt = performance.now();
    if (request.body === null) this.#socket.write(request.head);
    else {
      this.#socket.cork();
      this.#socket.write(request.head);
      this.#socket.write(request.body);
      this.#socket.uncork();
    }
  }

  /** The server had closed the connection; the clock of the request runs from before the new one. */
  #reopen(request: WireRequest): void {
    const startedAt = performance.now();
    if (this.#round) this.#round.reconnects += 1;
    this.open().then(
      () => {
        const script = this.#script;
        this.#script = () => request;
        this.#send();
        this.#script = script;
        this.#sentAt = startedAt;
      },
      () => undefined, // Counted by the socket's own error event.
    );
  }

  #read(piece: Buffer): void {
    try {
      for (const answer of this.#reader.take(piece, this.#sent?.isHead ?? false)) this.#answered(answer);
    } catch (error) {
      this.#socket?.destroy(error as Error);
    }
  }

  #answered(answer: Answer): void {
    if (this.#sent === null) return;
    this.#sent = null;
    if (answer.status >= 200 && answer.status < 300) {
      this.#round?.succeeded(performance.now() - this.#sentAt);
      this.#failuresInRow = 0;
    } else this.#round?.failed(errorName(answer));
    if (answer.isLast) {
      const socket = this.#socket;
      this.#socket = null;
      socket?.end();
    }
    this.#send();
  }

  #closed(): void {
    const last = this.#reader.close();
    if (last !== null) this.#answered(last);
    else if (this.#sent !== null) this.#lost("connection closed");
    else this.#socket = null;
  }

  #lost(name: string): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
    this.#sent = null;
    if (this.#done === null) return;
    this.#round?.failed(name);
    this.#failuresInRow += 1;
    if (this.#failuresInRow >= failuresInRowMax) return this.#finish();
    setTimeout(() => this.#send(), failurePauseMs);
  }

  #finish(): void {
    this.#done?.();
    this.#done = null;
  }
}

interface Prepared {
  run(): Promise<DriverResult>;
}

async function openAll(task: DriverTask): Promise<Connection[]> {
  const connections = Array.from({ length: task.connections }, () => new Connection(task));
  await Promise.all(connections.map((connection) => connection.open()));
  return connections;
}

async function prepare(task: DriverTask): Promise<Prepared> {
  if (task.operation === "DELETE") {
    const fill = { ...task, operation: "FILL", seconds: null } as const;
    const filled = await (await prepareOnce(fill, fillScript(task))).run();
    if (filled.requests === 0) throw new Error(`nothing to delete could be written: ${JSON.stringify(filled.errors)}`);
  }
  return prepareOnce(task, sharedScript(task));
}

async function prepareOnce(task: DriverTask, shared: readonly WireRequest[]): Promise<Prepared> {
  const own = Array.from({ length: task.operation === "MIX" ? task.connections : 0 }, (_, at) => mixScript(task, at));
  const connections = await openAll(task);
  const run = async (): Promise<DriverResult> => {
    const round = new Round(task, shared);
    const utilization = performance.eventLoopUtilization();
    const started = performance.now();
    if (task.seconds !== null) round.deadline = started + task.seconds * 1000;
    const scripts = connections.map((_, at) => {
      const script = own[at];
      let next = 0;
      return script === undefined
        ? () => round.next()
        : () => (round.isOver ? null : (script[next++ % script.length] ?? null));
    });
    await Promise.all(
      connections.map((connection, at) => connection.work(round, scripts[at] ?? (() => null))),
    );
    const seconds = (performance.now() - started) / 1000;
    const busyShare = performance.eventLoopUtilization(utilization).utilization;
    for (const connection of connections) connection.end();
    const { errors, reconnects, latencies } = round;
    return { requests: latencies.count, errors, seconds, latencies: latencies.pack(), busyShare, reconnects };
  };
  return { run };
}

let prepared: Prepared | null = null;
const tell = (answer: DriverAnswer): void => void process.send?.(answer);

async function obey(order: DriverOrder): Promise<void> {
  if (order.type === "prepare") {
    prepared = await prepare(order.task);
    tell({ type: "ready" });
  } else if (prepared !== null) tell({ type: "result", result: await prepared.run() });
}

// The bench decides when a run ends: Ctrl-C reaches the whole group of processes.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("message", (order: DriverOrder) => {
  obey(order).catch((error: Error) => tell({ type: "failed", reason: error.message }));
});
