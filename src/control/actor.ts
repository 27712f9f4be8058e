/** The control actor: the only one that changes control records. Its messages may overlap; compare-and-set decides. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Random } from "../base/random.ts";
import { BucketNames } from "./bucket-names.ts";
import { applyIdentities } from "./identities-apply.ts";
import { jobBehaviour } from "./jobs.ts";
import {
  type ControlBehaviour,
  type ControlMessageType,
  type ControlReply,
  type ControlRequest,
  type IdentityBehaviour,
  type Passwords,
  refused,
} from "./messages.ts";
import { setPublicAccessBlock } from "./public-access-blocks.ts";
import type { BucketRecord } from "./records.ts";
import type { SecretBox } from "./secret-box.ts";
import { ControlError, type ControlStore } from "./store.ts";

export interface ControlActorOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Partitions that take new buckets. */
  readonly partitions: number;
  readonly passwords: Passwords;
  /** Seals the secrets of access keys. */
  readonly secrets: SecretBox;
  /** Handles the messages on accounts, users, policies and keys. */
  readonly identities: IdentityBehaviour;
  readonly log: Log;
  /** Default `limits.bucketsPerAccountMax`. */
  readonly bucketsPerAccountMax?: number;
}

export class ControlActor {
  readonly #names: BucketNames;
  readonly #behaviour: ControlBehaviour;
  readonly #log: Log;

  private constructor(options: ControlActorOptions, names: BucketNames) {
    this.#names = names;
    this.#log = options.log;
    this.#behaviour = {
      ...options.identities,
      "bucket.create": (request) => names.create(request),
      "bucket.made": (request) => names.made(request),
      "bucket.markDeleting": (request) => names.markDeleting(request),
      "bucket.update": (request) => names.update(request),
      "bucket.deleted": (request) => names.deleted(request),
      "bucket.restore": (request) => names.restore(request),
      "bucket.setTags": (request) => names.setTags(request),
      "bucket.tag": (request) => names.tag(request),
      "bucket.untag": (request) => names.untag(request),
      "account.setPublicAccessBlock": (request) => setPublicAccessBlock(options.store, request),
      ...jobBehaviour(options),
      "identities.apply": ({ document }) => applyIdentities(options, document),
    };
  }

  /** Reads the buckets there are. The store stays the caller's to close. */
  static async open(options: ControlActorOptions): Promise<ControlActor> {
    return new ControlActor(options, await BucketNames.open(options));
  }

  /** Handles one message. Answers ServiceUnavailable when the store is closed or refuses; other failures reject. */
  async handle<T extends ControlMessageType>(type: T, request: ControlRequest<T>): Promise<Outcome<ControlReply<T>>> {
    try {
      return await this.#behaviour[type](request);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      this.#log.error({ error, type }, "the control store refused a change");
      return refused("ServiceUnavailable");
    }
  }

  /** Buckets whose deletion a crash has interrupted: their actors close and count again, then `bucket.deleted` or `bucket.restore`. */
  pendingDeletions(): BucketRecord[] {
    return this.#names.pendingDeletions();
  }
}
