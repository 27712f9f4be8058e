/** A stored bucket policy, ready to be judged by. Pure. */

import { type CompiledPolicy, compilePolicy } from "./compile.ts";
import { type PolicyDocument, parsePolicy } from "./document.ts";
import { PolicyError } from "./policy-error.ts";
import { isPublicPolicy } from "./public-policy.ts";
import { parseStoredPolicy, type StoredPolicy } from "./stored-policy.ts";

export interface BucketPolicy {
  readonly whole: CompiledPolicy;
  /** What is left of it for strangers when public buckets are restricted. */
  readonly denials: CompiledPolicy;
  readonly isPublic: boolean;
}

/** @param stored as it was put: `parseBucketPolicy` took its text then */
export function compileBucketPolicy(stored: StoredPolicy): BucketPolicy {
  const document = readPolicy(stored);
  const denials = document.statements.filter(({ effect }) => effect === "Deny");
  return {
    whole: compilePolicy(document, "bucket policy"),
    denials: compilePolicy({ ...document, statements: denials }, "bucket policy"),
    isPublic: isPublicPolicy(document),
  };
}

/** A Deny that cannot be read must not be lost: until it is repaired, which the owner's Root can do, nobody comes in. */
function readPolicy(stored: StoredPolicy): PolicyDocument {
  try {
    return parseStoredPolicy(stored, "resource");
  } catch (error) {
    if (error instanceof PolicyError) return denyAll;
    throw error;
  }
}

const denyAll = parsePolicy(
  { Version: "2012-10-17", Statement: [{ Effect: "Deny", Principal: "*", Action: "*", Resource: "*" }] },
  "resource",
);
