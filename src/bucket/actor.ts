/**
 * The bucket actor: the only writer of its bucket on this node. Owns the table from messages to turns and nothing else;
 * SPEC.md says what holds. It never asks another actor.
 */

import type { Behaviour } from "../actor/ref.ts";
import { assert } from "../base/assert.ts";
import { S3Error } from "../s3/errors.ts";
import { CorruptRecordError } from "../storage/sealed-row.ts";
import { setAttributes } from "./attribute-turns.ts";
import { addTransfer, bucketUsage, bucketVersioning, setQuota, setVersioning } from "./bucket-turns.ts";
import { closeBucket, reopenBucket } from "./closing.ts";
import { completeUpload } from "./complete.ts";
import { addDataKey, configuration, configure } from "./configuration-turns.ts";
import { deleteObject, deleteObjects } from "./delete-turns.ts";
import { emptySome } from "./emptying.ts";
import { deadEvents, redeemEvents, settleEvents, testTargets } from "./event-outbox.ts";
import { expireSome } from "./lifecycle-turns.ts";
import { listObjects } from "./listing.ts";
import { lockedVersions } from "./locked-versions.ts";
import type { BucketMessageType, BucketProtocol, BucketReply, BucketRequest } from "./messages.ts";
import { putObject } from "./object-turns.ts";
import { openBucket } from "./opening.ts";
import type { BucketPorts } from "./ports.ts";
import { BucketMemory } from "./turn.ts";
import { listParts, listUploads } from "./upload-listing.ts";
import { abortUpload, createUpload, putPart } from "./upload-turns.ts";
import { listVersions } from "./version-listing.ts";

export type { BucketPorts } from "./ports.ts";

/** Total: a message without a row does not compile. */
const behaviour: Behaviour<BucketProtocol, BucketMemory> = {
  "object.put": (request, memory) => putObject(memory, request),
  "object.delete": (request, memory) => deleteObject(memory, request),
  "object.deleteMany": (request, memory) => deleteObjects(memory, request),
  "object.setAttributes": (request, memory) => setAttributes(memory, request),
  "object.list": (request, memory) => listObjects(...reading(memory), request, memory.ports.yieldTurn),
  "object.listVersions": (request, memory) => listVersions(...reading(memory), request, memory.ports.yieldTurn),
  "upload.create": (request, memory) => createUpload(memory, request),
  "upload.putPart": (request, memory) => putPart(memory, request),
  "upload.complete": (request, memory) => completeUpload(memory, request),
  "upload.abort": (request, memory) => abortUpload(memory, request),
  "upload.listParts": (request, memory) => listParts(...reading(memory), request),
  "upload.list": (request, memory) => listUploads(...reading(memory), request, memory.ports.yieldTurn),
  "bucket.open": (request, memory) => openBucket(memory, request),
  "bucket.close": (request, memory) => closeBucket(memory, request),
  "bucket.emptySome": (request, memory) => emptySome(memory, request),
  "bucket.locked": (request, memory) => lockedVersions(memory, request),
  "bucket.reopen": (_request, memory) => reopenBucket(memory),
  "bucket.versioning": (_request, memory) => bucketVersioning(memory),
  "bucket.setVersioning": (request, memory) => setVersioning(memory, request),
  "bucket.setQuota": (request, memory) => setQuota(memory, request),
  "events.settle": (request, memory) => settleEvents(memory, request),
  "events.test": (request, memory) => testTargets(memory, request),
  "events.dead": async (request, memory) => deadEvents(memory, request),
  "events.redeem": (request, memory) => redeemEvents(memory, request),
  "bucket.configure": (request, memory) => configure(memory, request),
  "bucket.addDataKey": (request, memory) => addDataKey(memory, request),
  "bucket.configuration": (request, memory) => configuration(memory, request),
  "bucket.expireSome": (request, memory) => expireSome(memory, request),
  "usage.add": (request, memory) => addTransfer(memory, request),
  "bucket.usage": (_request, memory) => bucketUsage(memory),
};

export class BucketActor {
  readonly #memory: BucketMemory;
  #inFlight = 0;
  #isPassive = false;
  #onQuiet: (() => void)[] = [];

  constructor(ports: BucketPorts) {
    this.#memory = new BucketMemory(ports);
  }

  /**
   * Answers a message; the promise settles after the commit of what it wrote. Rejects with S3Error for an answer; a
   * damaged row is InternalError; anything else (a failed assertion) must end the thread.
   * The turn of a message whose body is at hand is queued before this returns, so that messages of one tick share a commit.
   */
  async ask<T extends BucketMessageType>(type: T, request: BucketRequest<T>): Promise<BucketReply<T>> {
    assert(!this.#isPassive, "a passive actor gets no messages");
    this.#inFlight += 1;
    try {
      return await behaviour[type](request, this.#memory);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error;
      this.#memory.ports.onDamage?.(error);
      throw new S3Error("InternalError", {}, { cause: error });
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) for (const quiet of this.#onQuiet.splice(0)) quiet();
    }
  }

  /** `ask` for a message as it came off a port: its type is checked, its shape is what the protocol's sender made. */
  handle(type: string, request: unknown): Promise<unknown> {
    assert(isMessageType(type), `no bucket message: ${type}`);
    return this.ask(type, request as BucketRequest<typeof type>);
  }

  /** True when no message is being handled. */
  isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** Resolves when what has begun has ended. Nothing needs to be written: rows are up to date after every turn. */
  async passivate(): Promise<void> {
    this.#isPassive = true;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#onQuiet.push(resolve));
  }
}

function isMessageType(type: string): type is BucketMessageType {
  return Object.hasOwn(behaviour, type);
}

/** What a reading handler takes first, and reads at once. */
function reading({ ports, bucket }: BucketMemory) {
  ports.metadata.refresh();
  return [ports.metadata.trees, bucket] as const;
}
