/** Bucket names: who has which, where its data is placed, and how a name is given up again. Part of the control actor. */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Random } from "../base/random.ts";
import { xxh64 } from "../base/xxhash.ts";
import { isAddressRange } from "../config/address-range.ts";
import { type AccountRecord, identityKeys, type Tag } from "./identity-records.ts";
import { accepted, type ControlReply, type ControlRequest, refused } from "./messages.ts";
import { type BucketMaking, type BucketRecord, controlKeys } from "./records.ts";
import type { ControlOperation, ControlStore } from "./store.ts";
import { decodeRecord, getTyped, putTyped } from "./typed-records.ts";

export interface BucketNamesOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Partitions that take new buckets, 1 or more. */
  readonly partitions: number;
  /** Default `limits.bucketsPerAccountMax`. */
  readonly bucketsPerAccountMax?: number;
}

export class BucketNames {
  readonly #options: BucketNamesOptions;
  /** Buckets by partition, and by account; with names that are just being made. */
  readonly #byPartition: number[];
  readonly #byAccount = new Map<string, number>();
  readonly #deleting = new Map<string, BucketRecord>();

  private constructor(options: BucketNamesOptions) {
    assert(Number.isInteger(options.partitions) && options.partitions >= 1, "there is at least one partition");
    this.#options = options;
    this.#byPartition = new Array<number>(options.partitions).fill(0);
  }

  /** Counts the buckets there are; O(buckets). */
  static async open(options: BucketNamesOptions): Promise<BucketNames> {
    const names = new BucketNames(options);
    await eachRecord<BucketRecord>(options.store, controlKeys.bucket(""), (record) => {
      names.#count(record, 1);
      if (record.state === "deleting" && !isOfJob(record)) names.#deleting.set(record.name, record);
    });
    for (const { record } of await bucketsInMaking(options.store)) names.#count(record, 1);
    return names;
  }

  /** Buckets whose deletion was begun and neither finished nor taken back, by name. */
  pendingDeletions(): BucketRecord[] {
    return [...this.#deleting.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async create(request: ControlRequest<"bucket.create">): Promise<Outcome<ControlReply<"bucket.create">>> {
    const { store } = this.#options;
    const { name, accountId, setup = null } = request;
    for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
      const bucket = await getTyped<BucketRecord>(store, controlKeys.bucket(name));
      if (bucket.value !== undefined) return answerExisting(bucket.value, request);
      const making = await getTyped<BucketMaking>(store, controlKeys.making(name));
      if (making.value !== undefined) return answerMaking(making.value, request);
      const account = await getTyped<AccountRecord>(store, identityKeys.account(accountId));
      // An account that is being deleted must not get another bucket behind the look whether there are some.
      if (account.value?.status !== "active") return refused("AccessDenied");
      const bucketsMax = this.#bucketsMaxOf(account.value);
      if ((this.#byAccount.get(accountId) ?? 0) >= bucketsMax) {
        return refused("TooManyBuckets", { Message: `The account may have at most ${bucketsMax} buckets.` });
      }
      const record = this.#newRecord(request);
      // Counted before the commit, so that buckets made at the same time spread and keep the limit.
      this.#count(record, 1);
      let done = false;
      try {
        done = await store.txn(
          [
            { key: controlKeys.bucket(name), revision: 0n },
            { key: controlKeys.making(name), revision: 0n },
            { key: identityKeys.account(accountId), revision: account.revision },
          ],
          setup === null ? putLive(record) : [putTyped(controlKeys.making(name), { record, setup })],
        );
      } finally {
        if (!done) this.#count(record, -1);
      }
      if (done) return accepted({ record, created: true, setup });
    }
    return refused("ServiceUnavailable");
  }

  async made({ name, id }: ControlRequest<"bucket.made">): Promise<Outcome<ControlReply<"bucket.made">>> {
    const { store } = this.#options;
    const key = controlKeys.making(name);
    for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
      const making = await getTyped<BucketMaking>(store, key);
      const bucket = await getTyped<BucketRecord>(store, controlKeys.bucket(name));
      if (making.value?.record.id !== id) {
        return bucket.value?.id === id ? accepted({}) : refused("OperationAborted", { BucketName: name });
      }
      const { record } = making.value;
      const account = await getTyped<AccountRecord>(store, identityKeys.account(record.accountId));
      // From the mark on, whoever deletes the account has looked for its buckets.
      const isOrphan = account.value === undefined || account.value.status === "deleting";
      // An earlier release knows nothing of `making`, and gives the name away.
      const isVoid = isOrphan || bucket.value !== undefined;
      const done = await store.txn(
        [
          { key, revision: making.revision },
          { key: controlKeys.bucket(name), revision: bucket.revision },
          { key: identityKeys.account(record.accountId), revision: account.revision },
        ],
        [{ kind: "remove", key }, ...(isVoid ? [] : putLive(record))],
      );
      if (!done) continue;
      if (!isVoid) return accepted({});
      this.#count(record, -1);
      return refused(isOrphan ? "AccessDenied" : "OperationAborted", { BucketName: name });
    }
    return refused("ServiceUnavailable");
  }

  async markDeleting(request: ControlRequest<"bucket.markDeleting">) {
    const outcome = await this.#move(request.name, "deleting", request.jobId);
    // A job goes on by itself after a restart.
    if (outcome.ok && request.jobId === null) this.#deleting.set(request.name, outcome.value.record);
    return outcome;
  }

  async restore(request: ControlRequest<"bucket.restore">): Promise<Outcome<ControlReply<"bucket.restore">>> {
    const outcome = await this.#move(request.name, "live", null);
    if (!outcome.ok) return outcome;
    this.#deleting.delete(request.name);
    return accepted({});
  }

  update(request: ControlRequest<"bucket.update">): Promise<Outcome<ControlReply<"bucket.update">>> {
    const { name, changes } = request;
    const { quota, allowedAddresses } = changes;
    const fault = allowedAddresses === undefined ? null : addressesFault(allowedAddresses);
    if (fault !== null) return Promise.resolve(refused("InvalidArgument", { Message: fault }));
    return this.#change(name, (value) => {
      if (value === undefined || isOfJob(value)) return refused("NoSuchBucket", { BucketName: name });
      if (value.state !== "live") return refused("OperationAborted", { BucketName: name });
      return accepted({
        ...value,
        ...(quota === undefined ? {} : { quota: { bytes: quota.bytes, objects: quota.objects } }),
        ...(allowedAddresses === undefined ? {} : { allowedAddresses: [...allowedAddresses] }),
      });
    });
  }

  async deleted(request: ControlRequest<"bucket.deleted">): Promise<Outcome<ControlReply<"bucket.deleted">>> {
    const { store } = this.#options;
    const key = controlKeys.bucket(request.name);
    for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
      const { value, revision } = await getTyped<BucketRecord>(store, key);
      if (value === undefined) return accepted({});
      if (value.state !== "deleting") return refused("OperationAborted");
      const done = await store.txn(
        [{ key, revision }],
        [
          { kind: "remove", key },
          { kind: "remove", key: controlKeys.ownedBucket(value.accountId, value.name) },
        ],
      );
      if (!done) continue;
      this.#count(value, -1);
      this.#deleting.delete(request.name);
      return accepted({});
    }
    return refused("ServiceUnavailable");
  }

  setTags({ name, tags }: ControlRequest<"bucket.setTags">): Promise<Outcome<ControlReply<"bucket.setTags">>> {
    return this.#retag(name, () => tags);
  }

  tag({ name, tags }: ControlRequest<"bucket.tag">): Promise<Outcome<ControlReply<"bucket.tag">>> {
    const keys = new Set(tags.map(({ key }) => key));
    return this.#retag(name, (held) => [...held.filter(({ key }) => !keys.has(key)), ...tags]);
  }

  untag({ name, keys }: ControlRequest<"bucket.untag">): Promise<Outcome<ControlReply<"bucket.untag">>> {
    return this.#retag(name, (held) => held.filter(({ key }) => !keys.includes(key)));
  }

  #retag(name: string, make: (held: readonly Tag[]) => readonly Tag[]): Promise<Outcome<{ record: BucketRecord }>> {
    return this.#change(name, (value) => {
      if (value?.state !== "live") return refused("NoSuchBucket", { BucketName: name });
      const tags = make(value.tags ?? []);
      if (tags.length > limits.tagsPerBucketMax) {
        return refused("BadRequest", { Message: `A bucket has at most ${limits.tagsPerBucketMax} tags.` });
      }
      return accepted({ ...value, tags });
    });
  }

  /** Writes what `make` gives of the record as it is, again when somebody else has changed it meanwhile. */
  async #change(
    name: string,
    make: (value: BucketRecord | undefined) => Outcome<BucketRecord>,
  ): Promise<Outcome<{ record: BucketRecord }>> {
    const { store } = this.#options;
    const key = controlKeys.bucket(name);
    for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
      const { value, revision } = await getTyped<BucketRecord>(store, key);
      const made = make(value);
      if (!made.ok) return made;
      if (await store.txn([{ key, revision }], [putTyped(key, made.value)])) return accepted({ record: made.value });
    }
    return refused("ServiceUnavailable");
  }

  async #move(
    name: string,
    state: BucketRecord["state"],
    jobId: string | null,
  ): Promise<Outcome<{ record: BucketRecord }>> {
    const { store } = this.#options;
    const key = controlKeys.bucket(name);
    for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
      const { value, revision } = await getTyped<BucketRecord>(store, key);
      if (value === undefined) return refused("NoSuchBucket", { BucketName: name });
      // What a job deletes is gone for everybody else.
      if (state === "deleting" && jobId === null && isOfJob(value)) {
        return refused("NoSuchBucket", { BucketName: name });
      }
      if (value.state === state) return accepted({ record: value });
      const record: BucketRecord = { ...value, state, jobId };
      if (await store.txn([{ key, revision }], [putTyped(key, record)])) return accepted({ record });
    }
    return refused("ServiceUnavailable");
  }

  #bucketsMaxOf({ quota }: AccountRecord): number {
    const most = this.#options.bucketsPerAccountMax ?? limits.bucketsPerAccountMax;
    return quota.buckets === null ? most : Math.min(most, quota.buckets);
  }

  #newRecord({ name, accountId, location, tags = [] }: ControlRequest<"bucket.create">): BucketRecord {
    const { clock, random } = this.#options;
    return {
      name,
      id: bucketId(random.bytes(16).toString("hex")),
      accountId,
      partition: this.#choosePartition(name),
      addressKey: random.bytes(32),
      location,
      state: "live",
      jobId: null,
      createdMs: clock.nowMs(),
      ...(tags.length === 0 ? {} : { tags }),
    };
  }

  /** The partition with the fewest buckets; among equals the name's hash decides. */
  #choosePartition(name: string): number {
    const fewest = Math.min(...this.#byPartition);
    const equals = [...this.#byPartition.keys()].filter((index) => this.#byPartition[index] === fewest);
    const chosen = equals[Number(xxh64(Buffer.from(name)) % BigInt(equals.length))];
    assert(chosen !== undefined, "one partition has the fewest buckets");
    return chosen;
  }

  #count(record: BucketRecord, by: 1 | -1): void {
    const { partition, accountId } = record;
    // A partition that takes no new buckets may still hold old ones.
    if (partition < this.#byPartition.length) this.#byPartition[partition] = (this.#byPartition[partition] ?? 0) + by;
    const owned = (this.#byAccount.get(accountId) ?? 0) + by;
    if (owned === 0) this.#byAccount.delete(accountId);
    else this.#byAccount.set(accountId, owned);
  }
}

/**
 * Buckets that are not live yet, by name: at a node's start, those whose request did not come to its end. Their actors are to
 * be sent "bucket.open", then comes "bucket.made".
 */
export async function bucketsInMaking(store: ControlStore): Promise<BucketMaking[]> {
  const found: BucketMaking[] = [];
  await eachRecord<BucketMaking>(store, controlKeys.making(""), (making) => void found.push(making));
  return found;
}

/** Whether a job deletes the bucket with everything in it. */
export function isOfJob({ state, jobId }: BucketRecord): boolean {
  return state === "deleting" && jobId !== null && jobId !== undefined;
}

function addressesFault(ranges: readonly string[]): string | null {
  const most = limits.addressRangesPerBucketMax;
  if (ranges.length > most) return `A bucket has at most ${most} address ranges.`;
  return ranges.every(isAddressRange) ? null : "An address range is an IP address, or a range such as 10.0.0.0/8.";
}

function answerExisting(
  record: BucketRecord,
  request: ControlRequest<"bucket.create">,
): Outcome<ControlReply<"bucket.create">> {
  const detail = { BucketName: record.name };
  if (record.accountId !== request.accountId) return refused("BucketAlreadyExists", detail);
  if (record.state === "deleting") return refused("OperationAborted", detail);
  // As in us-east-1: only there is making the own bucket again no error.
  if (record.location !== null || request.location !== null) return refused("BucketAlreadyOwnedByYou", detail);
  return accepted({ record, created: false, setup: null });
}

function answerMaking(
  { record, setup }: BucketMaking,
  { accountId }: ControlRequest<"bucket.create">,
): Outcome<ControlReply<"bucket.create">> {
  if (record.accountId !== accountId) return refused("BucketAlreadyExists", { BucketName: record.name });
  return accepted({ record, created: false, setup });
}

function putLive(record: BucketRecord): ControlOperation[] {
  return [
    putTyped(controlKeys.bucket(record.name), record),
    putTyped(controlKeys.ownedBucket(record.accountId, record.name), {}),
  ];
}

async function eachRecord<T>(store: ControlStore, prefix: string, use: (record: T) => void): Promise<void> {
  for (let after = ""; ; ) {
    const page = await store.list(prefix, after, limits.controlListMax);
    for (const { value } of page) use(decodeRecord<T>(value));
    const last = page.at(-1);
    if (last === undefined || page.length < limits.controlListMax) return;
    after = last.key;
  }
}
