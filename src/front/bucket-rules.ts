/** What buckets and their owners say of who may come: policies compiled once, ACLs, ownership and public access blocks. */

import type { BucketConfiguration } from "../bucket/configuration.ts";
import type { ConfigurationReader, ConfiguredBucket } from "../bucket/configuration-reader.ts";
import { type AccountRecord, identityKeys } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import { type CompiledPolicy, compilePolicy } from "../policy/compile.ts";
import { type PolicyDocument, parsePolicy } from "../policy/document.ts";
import { PolicyError } from "../policy/policy-error.ts";
import { isPublicPolicy } from "../policy/public-policy.ts";
import { effectiveBlock, type PublicAccessBlock } from "../s3/public-access.ts";

/** A bucket policy, ready to be judged by. */
export interface BucketPolicy {
  readonly whole: CompiledPolicy;
  /** What is left of it for strangers when public buckets are restricted. */
  readonly denials: CompiledPolicy;
  readonly isPublic: boolean;
}

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

export function compileBucketPolicy(text: BucketConfiguration["policy"]): BucketPolicy {
  const document = readPolicy(text);
  const denials = document.statements.filter(({ effect }) => effect === "Deny");
  return {
    whole: compilePolicy(document, "bucket policy"),
    denials: compilePolicy({ ...document, statements: denials }, "bucket policy"),
    isPublic: isPublicPolicy(document),
  };
}

/** A Deny that cannot be read must not be lost: until it is repaired, which the owner's Root can do, nobody comes in. */
function readPolicy(text: string): PolicyDocument {
  try {
    return parsePolicy(text, "resource");
  } catch (error) {
    if (error instanceof PolicyError) return denyAll;
    throw error;
  }
}

const denyAll = parsePolicy(
  { Version: "2012-10-17", Statement: [{ Effect: "Deny", Principal: "*", Action: "*", Resource: "*" }] },
  "resource",
);
