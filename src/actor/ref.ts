/** Typed asks: everything derives from one protocol map (message name → [request, reply]), so that no message is without a handler or a type. */

import type { Outcome } from "../base/outcome.ts";
import type { ActorAddress } from "./envelope.ts";
import type { AskOptions, ThreadLink } from "./port.ts";
import type { SlotId } from "./slabs.ts";

/** Message name → [request, reply]; both plain data. */
export type Protocol<P> = { readonly [T in keyof P]: readonly [request: unknown, reply: unknown] };
export type MessageType<P> = keyof P & string;
export type RequestOf<P extends Protocol<P>, T extends keyof P> = P[T][0];
export type ReplyOf<P extends Protocol<P>, T extends keyof P> = P[T][1];

/** A total behaviour: a protocol with a missing handler does not compile. */
export type Behaviour<P extends Protocol<P>, Context> = {
  readonly [T in MessageType<P>]: (
    request: RequestOf<P, T>,
    context: Context,
  ) => ReplyOf<P, T> | Promise<ReplyOf<P, T>>;
};

/** A way to one virtual actor. */
export interface ActorRef<P extends Protocol<P>> {
  /** Never rejects; errors are S3 codes in the outcome. */
  ask<T extends MessageType<P>>(
    type: T,
    request: RequestOf<P, T>,
    options: Omit<AskOptions, "slot">,
  ): Promise<Outcome<ReplyOf<P, T>>>;
}

/** A reference over the link to the thread that owns the address's partition. A slot in `request.source` goes with the ask. */
export function actorRef<P extends Protocol<P>>(link: ThreadLink, address: ActorAddress): ActorRef<P> {
  return {
    ask: <T extends MessageType<P>>(type: T, request: RequestOf<P, T>, options: Omit<AskOptions, "slot">) => {
      const { requestId, timeoutMs } = options;
      const answer = link.ask(address, type, request, { requestId, timeoutMs, slot: slotOf(request) });
      // The one place where the untyped answer meets its protocol: the actor's behaviour is total over the same map.
      return answer as Promise<Outcome<ReplyOf<P, T>>>;
    },
  };
}

function slotOf(request: unknown): { id: SlotId; length: number } | null {
  if (typeof request !== "object" || request === null || !("source" in request)) return null;
  const { source } = request;
  if (typeof source !== "object" || source === null || !("kind" in source) || source.kind !== "slot") return null;
  if (!("slot" in source) || !("length" in source)) return null;
  if (typeof source.slot !== "number" || typeof source.length !== "number") return null;
  return { id: source.slot, length: source.length };
}
