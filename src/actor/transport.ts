/** Carries batches between a front and a thread, in order: over a MessagePort, or inside one thread. Knows nothing of what is in them. */

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { assert } from "../base/assert.ts";

/** Runs a callback at the end of the current turn of the event loop; each call at most once, in order of calls. */
export type Defer = (run: () => void) => void;

export const endOfTick: Defer = (run) => {
  setImmediate(run);
};

export interface Transport {
  /** Sends one batch of plain data (structured clone). Batches posted after either side has closed are lost. */
  post(batch: readonly unknown[]): void;
  /** Starts delivery. `onClose` runs once, after the last batch, when the other side closes or its thread ends. */
  start(onBatch: (batch: readonly unknown[]) => void, onClose: () => void): void;
  /** Delivers at once what has already arrived. */
  drain(): void;
  /** Nothing is delivered any more, not even `onClose`. */
  close(): void;
}

/** A transport over one end of a MessageChannel; the other end may be in another thread. */
export function portTransport(port: MessagePort): Transport {
  let deliver: ((batch: readonly unknown[]) => void) | null = null;
  return {
    post: (batch) => port.postMessage(batch),
    start: (onBatch, onClose) => {
      assert(deliver === null, "a transport is started once");
      deliver = onBatch;
      port.on("message", (batch: readonly unknown[]) => deliver?.(batch));
      port.on("messageerror", (error) => {
        throw error;
      });
      port.on("close", () => {
        if (deliver !== null) onClose();
        deliver = null;
      });
    },
    drain: () => {
      for (let entry = receiveMessageOnPort(port); entry !== undefined; entry = receiveMessageOnPort(port)) {
        deliver?.(entry.message);
      }
    },
    close: () => {
      deliver = null;
      port.close();
    },
  };
}

/**
 * Two connected ends without threads, for tests, simulation and `data: "memory"`. Batches are cloned as a port would
 * (a Buffer arrives as a Uint8Array), so that what works here works between threads.
 */
export function localTransports(defer: Defer = endOfTick): readonly [Transport, Transport] {
  const left = new LocalEnd(defer);
  const right = new LocalEnd(defer);
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class LocalEnd implements Transport {
  peer: LocalEnd | null = null;
  readonly #defer: Defer;
  #inbox: (readonly unknown[])[] = [];
  #onBatch: ((batch: readonly unknown[]) => void) | null = null;
  #onClose: (() => void) | null = null;
  #isClosed = false;

  constructor(defer: Defer) {
    this.#defer = defer;
  }

  post(batch: readonly unknown[]): void {
    const { peer } = this;
    if (this.#isClosed || peer === null || peer.#isClosed) return;
    peer.#inbox.push(structuredClone(batch));
    this.#defer(() => peer.drain());
  }

  start(onBatch: (batch: readonly unknown[]) => void, onClose: () => void): void {
    assert(this.#onBatch === null, "a transport is started once");
    this.#onBatch = onBatch;
    this.#onClose = onClose;
    if (this.#inbox.length > 0) this.#defer(() => this.drain());
  }

  drain(): void {
    while (!this.#isClosed && this.#onBatch !== null) {
      const batch = this.#inbox.shift();
      if (batch === undefined) return;
      this.#onBatch(batch);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#inbox = [];
    const { peer } = this;
    if (peer === null || peer.#isClosed) return;
    this.#defer(() => {
      peer.drain();
      if (peer.#isClosed) return;
      peer.#isClosed = true;
      peer.#onClose?.();
    });
  }
}
