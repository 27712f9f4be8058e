/** A front in a thread of its own: the main thread's proxy to it, and the entry that runs inside. */

import { isMainThread, type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import { systemClock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import type { Outcome } from "./base/outcome.ts";
import type { BucketReply, BucketRequest } from "./bucket/messages.ts";
import type { BucketRecord } from "./control/records.ts";
import type { FrontNumbers, HeldNumbers } from "./front/gauges.ts";
import { ListenError } from "./front/listen-error.ts";
import type { RequestSums } from "./front/request-counters.ts";
import type { AskControl } from "./front/request-services.ts";
import type { FrontData, InsideAsk } from "./front-data.ts";
import { Front } from "./front-host.ts";

/** Main thread → front thread. Those with an id are answered once. */
type ToFront =
  | { readonly kind: "connect"; readonly thread: number; readonly port: MessagePort }
  | { readonly kind: "disconnect"; readonly thread: number }
  | { readonly kind: "listen"; readonly id: number; readonly port: number; readonly consoleUrl: string | null }
  | { readonly kind: "report" | "drain" | "close" | "abandon"; readonly id: number }
  | { readonly kind: "finishDeletion" | "deleteBucket"; readonly id: number; readonly bucket: BucketRecord }
  | ({ readonly id: number } & AskInside)
  | { readonly kind: "controlReply"; readonly id: number; readonly outcome: Outcome<unknown> };

/** Front thread → main thread. */
type FromFront =
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly message: string; readonly isListenError: boolean }
  | { readonly kind: "log"; readonly line: string }
  | { readonly kind: "control"; readonly id: number; readonly type: string; readonly message: unknown };

export interface FrontReport {
  readonly sums: RequestSums;
  readonly snapshot: FrontNumbers;
  readonly held: readonly HeldNumbers[];
}

const taskKind = "troupe front";

interface FrontThreadTask {
  readonly kind: typeof taskKind;
  readonly index: number;
  readonly data: FrontData;
}

/** What the front is asked, without the id that the proxy gives it. */
type Asked =
  | { readonly kind: "listen"; readonly port: number; readonly consoleUrl: string | null }
  | { readonly kind: "report" | "drain" | "close" | "abandon" }
  | { readonly kind: "finishDeletion" | "deleteBucket"; readonly bucket: BucketRecord }
  | AskInside;

interface AskInside {
  readonly kind: "askInside";
  readonly bucket: BucketRecord;
  readonly type: InsideAsk;
  readonly request: BucketRequest<InsideAsk>;
}

type Settle = { resolve(value: unknown): void; reject(error: Error): void };

/** The main thread's side. */
export class FrontThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Settle>();
  #nextId = 1;

  /**
   * @param onExit called when the thread ends without having been told to: the node cannot go on without a front
   * @param onLine takes the lines of its log when they go to the main thread
   */
  constructor(
    index: number,
    data: FrontData,
    askControl: AskControl,
    onExit: (error: unknown) => void,
    onLine: (line: string) => void,
  ) {
    const task: FrontThreadTask = { kind: taskKind, index, data };
    this.#worker = new Worker(new URL(import.meta.url), { workerData: task });
    let failure: unknown = null;
    this.#worker.on("error", (error) => {
      failure = error;
    });
    this.#worker.on("exit", () => {
      for (const { reject } of this.#pending.values())
        reject(new Error("a front thread has ended", { cause: failure }));
      if (failure !== null) onExit(failure);
    });
    this.#worker.on("message", (message: FromFront) => {
      if (message.kind === "control") this.#askControl(askControl, message);
      else if (message.kind === "log") onLine(message.line);
      else if (message.kind === "done") this.#settle(message.id)?.resolve(message.value);
      else this.#settle(message.id)?.reject(new (message.isListenError ? ListenError : Error)(message.message));
    });
  }

  connect(thread: number, port: MessagePort): void {
    const message: ToFront = { kind: "connect", thread, port };
    this.#worker.postMessage(message, [port]);
  }

  disconnect(thread: number): void {
    const message: ToFront = { kind: "disconnect", thread };
    this.#worker.postMessage(message);
  }

  async listen(port: number, consoleUrl: string | null): Promise<number> {
    return Number(await this.#request({ kind: "listen", port, consoleUrl }));
  }

  async report(): Promise<FrontReport> {
    return (await this.#request({ kind: "report" })) as FrontReport;
  }

  async drain(): Promise<void> {
    await this.#request({ kind: "drain" });
  }

  async close(): Promise<void> {
    await this.#request({ kind: "close" });
    await this.#worker.terminate();
  }

  /** Lets the thread be: it may hold an environment that must not be closed. */
  async abandon(): Promise<void> {
    await this.#request({ kind: "abandon" });
    this.#worker.unref();
  }

  async finishDeletion(bucket: BucketRecord): Promise<boolean> {
    return (await this.#request({ kind: "finishDeletion", bucket })) === true;
  }

  async deleteBucket(bucket: BucketRecord): Promise<void> {
    await this.#request({ kind: "deleteBucket", bucket });
  }

  async askInside<T extends InsideAsk>(
    bucket: BucketRecord,
    type: T,
    request: BucketRequest<T>,
  ): Promise<BucketReply<T>> {
    return (await this.#request({ kind: "askInside", bucket, type, request })) as BucketReply<T>;
  }

  #request(message: Asked): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = systemClock.after(limits.drainMs + limits.askMs, () =>
        this.#settle(id)?.reject(new Error("a front thread does not answer")),
      );
      this.#pending.set(id, {
        resolve: (value) => {
          timer.cancel();
          resolve(value);
        },
        reject: (error) => {
          timer.cancel();
          reject(error);
        },
      });
      this.#worker.postMessage({ ...message, id } as ToFront);
    });
  }

  #settle(id: number): Settle | undefined {
    const settle = this.#pending.get(id);
    this.#pending.delete(id);
    return settle;
  }

  #askControl(askControl: AskControl, { id, type, message }: Extract<FromFront, { kind: "control" }>): void {
    // The other end of this port is `run` below, whose asks are typed.
    const asked = askControl(type as "bucket.create", message as Parameters<typeof askControl<"bucket.create">>[1]);
    asked.then((outcome) => {
      const reply: ToFront = { kind: "controlReply", id, outcome };
      this.#worker.postMessage(reply);
    });
  }
}

/** Inside the thread. */
function run(port: MessagePort, { index, data }: FrontThreadTask): void {
  const asks = new Map<number, (outcome: Outcome<unknown>) => void>();
  let nextAsk = 1;
  const post = (message: FromFront): void => port.postMessage(message);
  const askControl = (type: string, message: unknown): Promise<Outcome<unknown>> => {
    const id = nextAsk++;
    return new Promise((resolve) => {
      const settle = (outcome: Outcome<unknown>): void => {
        timer.cancel();
        asks.delete(id);
        resolve(outcome);
      };
      const timer = systemClock.after(limits.askMs, () =>
        settle({ ok: false, code: "ServiceUnavailable", detail: {} }),
      );
      asks.set(id, settle);
      post({ kind: "control", id, type, message });
    });
  };
  const front = new Front(index, data, askControl as AskControl, (line) => post({ kind: "log", line }));
  const answer = (id: number, work: Promise<unknown>): void => {
    work.then(
      (value) => post({ kind: "done", id, value }),
      (error: unknown) => {
        const isListenError = error instanceof ListenError;
        post({ kind: "failed", id, message: isListenError ? error.message : String(error), isListenError });
      },
    );
  };
  port.on("message", (message: ToFront) => {
    if (message.kind === "connect") front.connect(message.thread, message.port);
    else if (message.kind === "disconnect") front.disconnect(message.thread);
    else if (message.kind === "controlReply") asks.get(message.id)?.(message.outcome);
    else if (message.kind === "listen") answer(message.id, front.listen(message.port, message.consoleUrl));
    else if (message.kind === "finishDeletion") answer(message.id, front.finishDeletion(message.bucket));
    else if (message.kind === "deleteBucket") answer(message.id, front.deleteBucket(message.bucket));
    else if (message.kind === "askInside")
      answer(message.id, front.askInside(message.bucket, message.type, message.request));
    else if (message.kind === "abandon") answer(message.id, front.abandon());
    else if (message.kind === "drain") answer(message.id, front.drain());
    else if (message.kind === "close") answer(message.id, front.close());
    else answer(message.id, reportOf(front));
  });
}

export async function reportOf(front: Front): Promise<FrontReport> {
  const held = await front.bucketsHeld();
  return { sums: front.takeSums(), snapshot: front.snapshot(), held };
}

/** This file is also loaded in threads that are not fronts: those of a program that starts nodes from a thread of its own. */
function isTask(data: unknown): data is FrontThreadTask {
  return typeof data === "object" && data !== null && "kind" in data && data.kind === taskKind;
}

if (!isMainThread && parentPort !== null && isTask(workerData)) run(parentPort, workerData);
