/** What travels between a front and a bucket thread: plain data, one array per tick. Bodies do not travel here; their bytes lie in shared slabs. */

import type { BodyPlan } from "../auth/body-plan.ts";
import type { BucketId } from "../base/ids.ts";
import type { Outcome } from "../base/outcome.ts";
import type { StoredChunk } from "../storage/location.ts";

/** Names a virtual actor: its bucket and the partition that the bucket's record gives. */
export interface ActorAddress {
  readonly bucket: BucketId;
  readonly partition: number;
}

/**
 * One ask. Example: `{ kind: "ask", id: 7, address: { bucket: "00…01", partition: 0 }, type: "object.delete",
 * request: { key: "a", preconditions: {} }, requestId: "0F3A…", deadlineMs: 1767225600000, slotBytes: 0 }`.
 */
export interface AskEnvelope {
  readonly kind: "ask";
  /** Counts up per front and thread; never reused while a link lives. */
  readonly id: number;
  readonly address: ActorAddress;
  readonly type: string;
  readonly request: unknown;
  readonly requestId: string;
  /**
   * Unix ms. Two threads share no monotonic origin; a clock set forward only makes waiting messages answer SlowDown,
   * one set back only lets them wait: the asker's own deadline is monotonic.
   */
  readonly deadlineMs: number;
  /** Bytes in the slab slot that the request refers to, 0 when none: its weight in the mailbox. */
  readonly slotBytes: number;
}

/** A body that a lane stores. `open` is answered once by a reply with the same id: a `StoredBody`, or an error at any time. */
export type BodyEnvelope =
  | { readonly kind: "body.open"; readonly id: number; readonly requestId: string; readonly plan: BodyPlan }
  | { readonly kind: "body.data"; readonly id: number; readonly slot: number; readonly length: number }
  | { readonly kind: "body.end"; readonly id: number }
  | { readonly kind: "body.abort"; readonly id: number }
  /** Chunks of a stored body that no record will name. Sent only when no ask has carried them. */
  | { readonly kind: "body.drop"; readonly partition: number; readonly chunks: readonly StoredChunk[] };

export type ToThread = AskEnvelope | BodyEnvelope;

export type FromThread =
  | { readonly kind: "reply"; readonly id: number; readonly outcome: Outcome<unknown> }
  /** Slots whose bytes a lane has consumed. The slot of an ask is not listed: its reply returns it. */
  | { readonly kind: "slots"; readonly slots: readonly number[] };

/** An error outcome. */
export function refusal(code: string, detail: Readonly<Record<string, string>> = {}): Outcome<never> {
  return { ok: false, code, detail };
}
