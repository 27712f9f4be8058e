/** The services of one request: asks that carry its id, and the upload epoch that keeps what it stores from being collected before its commit. */

import type { BodySource } from "../actor/body-source.ts";
import type { BodyUploader } from "../actor/body-uploader.ts";
import type { ActorAddress } from "../actor/envelope.ts";
import type { ThreadLink } from "../actor/port.ts";
import { actorRef } from "../actor/ref.ts";
import type { BodyPlan } from "../auth/body-plan.ts";
import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { ConfigurationReader, ConfiguredBucket } from "../bucket/configuration-reader.ts";
import type { BucketMessageType, BucketProtocol, BucketReply, BucketRequest } from "../bucket/messages.ts";
import type { ObjectReader } from "../bucket/read.ts";
import type { ControlProtocol } from "../control/messages.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import type { RequestBody } from "../model/http.ts";
import type { Services } from "../operations/context.ts";
import type { EncryptionServices } from "../operations/encryption.ts";
import { fromOutcome } from "../s3/errors.ts";
import type { EventCause } from "../s3/notification.ts";
import type { ObjectOwnership } from "../s3/object-ownership.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";
import type { EpochReader } from "../storage/read-epochs.ts";
import { BucketRules } from "./bucket-rules.ts";
import { type Judge, placeOf } from "./judge.ts";
import type { QuotaClaim, WriteQuotas } from "./write-quotas.ts";

/** Asks the control actor, wherever it lives. Never rejects. */
export type AskControl = <T extends keyof ControlProtocol>(
  type: T,
  message: ControlProtocol[T][0],
) => Promise<Outcome<ControlProtocol[T][1]>>;

/** What all requests of a front share. */
export interface FrontServices {
  readonly control: ControlReader;
  readonly askControl: AskControl;
  /** By thread number. */
  readonly links: readonly ThreadLink[];
  readonly ownerOf: (partition: number) => number;
  readonly configurations: ConfigurationReader;
  readonly objects: ObjectReader;
  readonly uploader: BodyUploader;
  /** This front's side of the upload epochs. */
  readonly uploads: EpochReader;
  readonly quotas: WriteQuotas;
  readonly encryption: EncryptionServices;
  readonly clock: Clock;
  readonly region: string;
  readonly defaultOwnership: ObjectOwnership | null;
  readonly dayMs: number;
  readonly tokenKey: Uint8Array;
  /** Value of x-amz-id-2. */
  readonly hostId: string;
  /** Names of the targets that events may go to. */
  readonly eventTargets: ReadonlySet<string>;
}

const eventMessages: ReadonlySet<string> = new Set([
  "object.put",
  "object.delete",
  "object.deleteMany",
  "object.setAttributes",
  "upload.complete",
] satisfies BucketMessageType[]);

const tellsEvents = (type: string): boolean => eventMessages.has(type);

/** An ask that ended so may still be at work: its turn can commit until the commit watchdog would have struck. */
const undecidedCode = "ServiceUnavailable";

export class RequestServices implements Services {
  readonly #shared: FrontServices;
  readonly #requestId: string;
  readonly #judge: Judge | null;
  readonly #claim: QuotaClaim | null;
  readonly #uploads: { readonly partition: number; readonly epoch: number }[] = [];
  #isUndecided = false;
  #hasAsked = false;

  /**
   * @param judge settles what a policy says of an object's state; null inside the product
   * @param claim what bodies are judged by before they are read; null: nothing bounds them
   */
  constructor(shared: FrontServices, requestId: string, judge: Judge | null, claim: QuotaClaim | null = null) {
    this.#shared = shared;
    this.#requestId = requestId;
    this.#judge = judge;
    this.#claim = claim;
  }

  get control(): ControlReader {
    return this.#shared.control;
  }

  /** As the request was judged by, until it asks a bucket itself. */
  configurationOf(bucket: BucketRecord): ConfiguredBucket {
    if (this.#judge !== null && !this.#hasAsked) return this.#judge.configurationOf(bucket);
    return this.#shared.configurations.of({ bucket: bucket.id, partition: bucket.partition });
  }

  publicAccessBlockOf(bucket: BucketRecord | null, ownerAccountId: string): PublicAccessBlock {
    const { configurations, control } = this.#shared;
    const configured = bucket === null ? null : this.configurationOf(bucket);
    return new BucketRules(configurations, control).publicAccessBlock(configured, ownerAccountId);
  }

  get objects(): Services["objects"] {
    const { objects } = this.#shared;
    const judge = this.#judge;
    if (judge === null || !judge.isOpen) return objects;
    return {
      read: (address, use) =>
        objects.read(address, (found, open) => {
          judge.settle(placeOf(address.bucket, address.key), found);
          return use(found, open);
        }),
      upload: (...asked) => objects.upload(...asked),
    };
  }

  get encryption(): EncryptionServices {
    return this.#shared.encryption;
  }

  get clock(): Clock {
    return this.#shared.clock;
  }

  get region(): string {
    return this.#shared.region;
  }

  get defaultOwnership(): ObjectOwnership | null {
    return this.#shared.defaultOwnership;
  }

  get dayMs(): number {
    return this.#shared.dayMs;
  }

  get eventTargets(): ReadonlySet<string> {
    return this.#shared.eventTargets;
  }

  get tokenKey(): Uint8Array {
    return this.#shared.tokenKey;
  }

  get bodies(): Pick<BodyUploader, "store" | "release"> {
    return this;
  }

  async askControl<T extends keyof ControlProtocol>(
    type: T,
    message: ControlProtocol[T][0],
  ): Promise<ControlProtocol[T][1]> {
    return fromOutcome(await this.#shared.askControl(type, message));
  }

  async askBucket<T extends BucketMessageType>(
    bucket: BucketRecord,
    type: T,
    request: BucketRequest<T>,
  ): Promise<BucketReply<T>> {
    const { links, ownerOf } = this.#shared;
    const link = links[ownerOf(bucket.partition)];
    assert(link !== undefined, "every partition has an owner");
    const address = { bucket: bucket.id, partition: bucket.partition };
    const options = { requestId: this.#requestId, timeoutMs: limits.askMs };
    const told = tellsEvents(type) ? this.#withCause(bucket, request) : request;
    this.#hasAsked = true;
    const outcome = await actorRef<BucketProtocol>(link, address).ask(type, told, options);
    if (!outcome.ok && outcome.code === undecidedCode) this.#isUndecided = true;
    return fromOutcome(outcome);
  }

  /** Who asks is told with a change only where events may ask for it. */
  #withCause<R extends object>(bucket: BucketRecord, request: R): R {
    if (this.#judge === null || this.configurationOf(bucket).get("notification") === null) return request;
    const { principalId, clientAddress, isForm } = this.#judge;
    const cause: EventCause = {
      principalId,
      sourceAddress: clientAddress,
      requestId: this.#requestId,
      hostId: this.#shared.hostId,
      ...(isForm ? { isForm } : {}),
    };
    return { ...request, cause };
  }

  /** Stores a body under an upload epoch that is held until `finish`. Rejects with QuotaExceeded before it is read. */
  store(address: ActorAddress, body: RequestBody, plan: BodyPlan): Promise<BodySource> {
    const claim = this.#claim;
    if (claim === null) return this.#store(address, body, plan);
    const bytes = plan.decodedBytes ?? plan.bytesMax;
    return this.#shared.quotas.require(claim, bytes).then(() => this.#store(address, body, plan));
  }

  #store(address: ActorAddress, body: RequestBody, plan: BodyPlan): Promise<BodySource> {
    const { uploads, uploader } = this.#shared;
    this.#uploads.push({ partition: address.partition, epoch: uploads.enter(address.partition) });
    return uploader.store(address, body, plan, this.#requestId);
  }

  release(source: BodySource): void {
    this.#shared.uploader.release(source);
  }

  /** The request is over: leaves its epochs, later when a turn of it may still be under way. */
  finish(): void {
    if (this.#uploads.length === 0) return;
    const { uploads, clock } = this.#shared;
    const leave = (): void => {
      for (const { partition, epoch } of this.#uploads) uploads.leave(partition, epoch);
    };
    if (this.#isUndecided) clock.after(limits.commitWatchdogMs * 2, leave);
    else leave();
  }
}
