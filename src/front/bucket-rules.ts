/** What buckets and their owners say of who may come: policies compiled once, ACLs, ownership and public access blocks. */

import type { ConfigurationReader, ConfiguredBucket } from "../bucket/configuration-reader.ts";
import { type AccountRecord, identityKeys } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import { type BucketPolicy, compileBucketPolicy } from "../policy/bucket-policy.ts";
import { effectiveBlock, type PublicAccessBlock } from "../s3/public-access.ts";

/** One per front. The control reader has been refreshed. */
export class BucketRules {
  readonly #configurations: Pick<ConfigurationReader, "of">;
  readonly #control: Pick<ControlReader, "account" | "record">;

  constructor(configurations: Pick<ConfigurationReader, "of">, control: Pick<ControlReader, "account" | "record">) {
    this.#configurations = configurations;
    this.#control = control;
  }

  /** @throws CorruptRecordError */
  configurationOf({ id, partition }: BucketRecord): ConfiguredBucket {
    return this.#configurations.of({ bucket: id, partition });
  }

  account(accountId: string): AccountRecord | undefined {
    return this.#control.account(accountId);
  }

  /** @param configured null: a bucket that is still to be made */
  publicAccessBlock(configured: ConfiguredBucket | null, ownerAccountId: string): PublicAccessBlock {
    const account = this.#control.record<PublicAccessBlock>(identityKeys.publicAccessBlock(ownerAccountId));
    return effectiveBlock(configured?.get("publicAccessBlock") ?? null, account ?? null);
  }
}

/** Null: the bucket has none. Compiled once for each configuration. */
export function bucketPolicyOf(configured: ConfiguredBucket): BucketPolicy | null {
  return configured.derived("policy", compileBucketPolicy);
}
