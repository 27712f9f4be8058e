/**
 * The form of messages on the wire between threads: flat arrays, because structured clone costs by property. Measured for
 * a small PUT: 2.3 against 4.1 µs. Neither side sees anything but the envelopes.
 */

import type { BodyFraming, BodyPlan } from "../auth/body-plan.ts";
import { unreachable } from "../base/assert.ts";
import type { BucketId } from "../base/ids.ts";
import type { Outcome } from "../base/outcome.ts";
import type { ChecksumAlgorithm } from "../s3/checksum-algorithms.ts";
import type { StoredChunk } from "../storage/location.ts";
import type { BodySource } from "./body-source.ts";
import type { AskEnvelope, BodyEnvelope, FromThread, ToThread } from "./envelope.ts";

type WirePlan = readonly [
  bucket: BucketId,
  partition: number,
  /** As one character per byte: a typed array costs three times a string. */
  addressKey: string,
  framing: BodyFraming | null,
  wireBytes: number | null,
  decodedBytes: number | null,
  bytesMax: number,
  sha256: string | null,
  md5: string | null,
  algorithm: ChecksumAlgorithm | null,
  expected: string | null,
  inlineBytesMax: number,
  /** null = not encrypted. */
  dataKey: string | null,
  hidesMd5: boolean,
];

type WireAsk = readonly [
  kind: "ask",
  id: number,
  bucket: BucketId,
  partition: number,
  type: string,
  request: unknown,
  requestId: string,
  deadlineMs: number,
  slotBytes: number,
  /** Length in the slot; the slot and the plan follow when there is one. */
  length: number,
  slot: number,
  plan: WirePlan | null,
];

export type WireToThread =
  | WireAsk
  | readonly ["body.open", id: number, requestId: string, plan: WirePlan]
  | readonly ["body.data", id: number, slot: number, length: number]
  | readonly ["body.end" | "body.abort", id: number]
  | readonly ["body.drop", partition: number, chunks: readonly StoredChunk[]];

export type WireFromThread =
  | readonly ["ok", id: number, value: unknown]
  | readonly ["error", id: number, code: string, detail: Readonly<Record<string, string>>]
  | readonly ["slots", slots: readonly number[]];

export function encodeToThread(message: ToThread): WireToThread {
  switch (message.kind) {
    case "ask":
      return encodeAsk(message);
    case "body.open":
      return ["body.open", message.id, message.requestId, encodePlan(message.plan)];
    case "body.data":
      return ["body.data", message.id, message.slot, message.length];
    case "body.end":
    case "body.abort":
      return [message.kind, message.id];
    case "body.drop":
      return ["body.drop", message.partition, message.chunks];
    default:
      return unreachable(message);
  }
}

export function decodeToThread(wire: WireToThread): ToThread {
  switch (wire[0]) {
    case "ask":
      return decodeAsk(wire);
    case "body.open":
      return { kind: wire[0], id: wire[1], requestId: wire[2], plan: decodePlan(wire[3]) };
    case "body.data":
      return { kind: wire[0], id: wire[1], slot: wire[2], length: wire[3] };
    case "body.end":
    case "body.abort":
      return { kind: wire[0], id: wire[1] } satisfies BodyEnvelope;
    case "body.drop":
      return { kind: wire[0], partition: wire[1], chunks: wire[2] };
    default:
      return unreachable(wire);
  }
}

export function encodeFromThread(message: FromThread): WireFromThread {
  if (message.kind === "slots") return ["slots", message.slots];
  const { id, outcome } = message;
  if (!outcome.ok) return ["error", id, outcome.code, outcome.detail];
  return ["ok", id, outcome.value];
}

export function decodeFromThread(wire: WireFromThread): FromThread {
  if (wire[0] === "slots") return { kind: "slots", slots: wire[1] };
  return { kind: "reply", id: wire[1], outcome: decodeOutcome(wire) };
}

function decodeOutcome(wire: Exclude<WireFromThread, readonly ["slots", ...unknown[]]>): Outcome<unknown> {
  if (wire[0] === "error") return { ok: false, code: wire[2], detail: wire[3] };
  return { ok: true, value: wire[2] };
}

function encodeAsk(ask: AskEnvelope): WireAsk {
  const { id, type, request, requestId, deadlineMs, slotBytes } = ask;
  const { bucket, partition } = ask.address;
  const carrier = sourceCarrier(request);
  if (carrier === null) {
    return ["ask", id, bucket, partition, type, request, requestId, deadlineMs, slotBytes, 0, 0, null];
  }
  const { source, ...rest } = carrier;
  const plan = encodePlan(source.plan);
  return ["ask", id, bucket, partition, type, rest, requestId, deadlineMs, slotBytes, source.length, source.slot, plan];
}

/** By index, not by destructuring: that would run an iterator for each message. */
function decodeAsk(wire: WireAsk): AskEnvelope {
  const request = wire[5];
  if (wire[11] !== null && typeof request === "object" && request !== null) {
    const source: SlotSource = { kind: "slot", slot: wire[10], length: wire[9], plan: decodePlan(wire[11]) };
    // The request is this message's own copy.
    Object.assign(request, { source });
  }
  return {
    kind: "ask",
    id: wire[1],
    address: { bucket: wire[2], partition: wire[3] },
    type: wire[4],
    request,
    requestId: wire[6],
    deadlineMs: wire[7],
    slotBytes: wire[8],
  };
}

type SlotSource = Extract<BodySource, { kind: "slot" }>;

/** The request, when it names a slot with a plan. */
function sourceCarrier(request: unknown): { readonly source: SlotSource } | null {
  if (typeof request !== "object" || request === null || !("source" in request)) return null;
  const { source } = request;
  const isSlot = typeof source === "object" && source !== null && "kind" in source && source.kind === "slot";
  return isSlot && "plan" in source ? (request as { readonly source: SlotSource }) : null;
}

function encodePlan(plan: BodyPlan): WirePlan {
  return [
    plan.bucket,
    plan.partition,
    textOf(plan.addressKey),
    plan.framing.kind === "plain" ? null : plan.framing,
    plan.wireBytes,
    plan.decodedBytes,
    plan.bytesMax,
    plan.sha256,
    plan.md5 === null ? null : textOf(plan.md5),
    plan.checksum?.algorithm ?? null,
    plan.checksum?.expected ?? null,
    plan.inlineBytesMax,
    plan.encryption === null ? null : textOf(plan.encryption.dataKey),
    plan.encryption?.hidesMd5 ?? false,
  ];
}

function decodePlan(wire: WirePlan): BodyPlan {
  const md5 = wire[8];
  const algorithm = wire[9];
  const dataKey = wire[12];
  return {
    bucket: wire[0],
    partition: wire[1],
    addressKey: bytesOf(wire[2]),
    framing: wire[3] ?? { kind: "plain" },
    wireBytes: wire[4],
    decodedBytes: wire[5],
    bytesMax: wire[6],
    sha256: wire[7],
    md5: md5 === null ? null : bytesOf(md5),
    checksum: algorithm === null ? null : { algorithm, expected: wire[10] },
    inlineBytesMax: wire[11],
    encryption: dataKey === null ? null : { dataKey: bytesOf(dataKey), hidesMd5: wire[13] },
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
