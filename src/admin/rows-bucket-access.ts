/** Rows of who comes to a bucket: its access mode, and the policy behind it. */

import { z } from "zod";
import { bindPolicy, shownPolicy } from "../account/policy-principals.ts";
import { limits } from "../base/limits.ts";
import type { BucketRecord } from "../control/records.ts";
import {
  type AccessMode,
  type AccessPermission,
  accessModes,
  accessPermissions,
  modeOfPolicy,
  policyOfMode,
} from "../policy/access-mode.ts";
import { checkBucketActions } from "../policy/bucket-actions.ts";
import { type PolicyDocument, parseBucketPolicy } from "../policy/document.ts";
import { PolicyError } from "../policy/policy-error.ts";
import { isPublicPolicy } from "../policy/public-policy.ts";
import { parseStoredPolicy, type StoredPolicy } from "../policy/stored-policy.ts";
import { bucketArn } from "./arns.ts";
import { demandAt } from "./bucket-policy.ts";
import type { AdminContext } from "./context.ts";
import { byPolicy, declareAdmin } from "./declaration.ts";
import { AdminError } from "./problem.ts";
import { bucketOf } from "./rows-buckets.ts";
import { anyName, documentText, nothing, policyDocument } from "./schemas.ts";

const group = "Buckets";
const ofBucket = z.strictObject({ name: anyName });
const named = ({ params }: { readonly params: { readonly name: string } }) => bucketArn(params.name);

const mode = z
  .enum(accessModes)
  .describe("Private: no bucket policy. Public: everybody may read objects. Custom: anything else.");
const permission = z.enum(accessPermissions);

const accessForm = z.strictObject({
  mode,
  permissions: z
    .array(permission)
    .nullable()
    .describe("What everybody may do without signing; null when the policy says more than that."),
  policy: z.string().nullable().describe("The bucket policy, JSON text; null: there is none."),
  isPublic: z.boolean().describe("Whether the policy is public as AWS means it."),
  choices: z.array(permission).describe("The permissions that Custom can give."),
});

const accessAsked = z.strictObject({
  mode,
  permissions: z
    .array(permission)
    .min(1)
    .max(accessPermissions.length)
    .optional()
    .describe("Of Custom: what everybody may do without signing."),
  policy: policyDocument.optional().describe("Of Custom, instead of permissions: the whole bucket policy."),
});

export const GetBucketAccess = declareAdmin({
  name: "GetBucketAccess",
  method: "GET",
  path: "/buckets/{name}/access",
  group,
  summary: "The bucket's access mode, and the policy behind it.",
  admits: byPolicy("s3:GetBucketPolicy"),
  params: ofBucket,
  query: nothing,
  body: null,
  reply: accessForm,
  status: 200,
  errors: ["NoSuchBucket", "ServiceUnavailable"],
})
  .on(named)
  .handledBy(async ({ params }, context) => {
    const bucket = bucketOf(context, params.name);
    return show(context, bucket, await demandAt(context, bucket, "s3:GetBucketPolicy"));
  });

export const PreviewBucketAccess = declareAdmin({
  name: "PreviewBucketAccess",
  method: "POST",
  path: "/buckets/{name}/access/preview",
  group,
  summary: "The policy that an access mode makes. Nothing is changed.",
  admits: byPolicy("s3:GetBucketPolicy"),
  params: ofBucket,
  query: nothing,
  body: accessAsked,
  reply: accessForm,
  status: 200,
  errors: ["NoSuchBucket", "MalformedPolicyDocument"],
})
  .on(named)
  .handledBy(async ({ params, body }, context) => {
    const bucket = bucketOf(context, params.name);
    return show(context, bucket, policyAsked(context, bucket, body));
  });

export const SetBucketAccess = declareAdmin({
  name: "SetBucketAccess",
  method: "PUT",
  path: "/buckets/{name}/access",
  group,
  summary: "Sets the bucket's access mode: its policy is replaced, or removed.",
  admits: byPolicy("s3:PutBucketPolicy"),
  params: ofBucket,
  query: nothing,
  body: accessAsked,
  reply: accessForm,
  status: 200,
  errors: [
    "NoSuchBucket",
    "InsufficientStorage",
    "MalformedPolicyDocument",
    "OperationAborted",
    "PublicAccessBlocked",
    "ServiceUnavailable",
  ],
})
  .on(named)
  .handledBy(async ({ params, body }, context) => {
    const bucket = bucketOf(context, params.name);
    const policy = policyAsked(context, bucket, body);
    if (policy === null) context.demand("s3:DeleteBucketPolicy", bucketArn(bucket.name));
    await demandAt(context, bucket, policy === null ? "s3:DeleteBucketPolicy" : "s3:PutBucketPolicy");
    if (policy !== null) await requireUnblocked(context, bucket, policy);
    await context.services.configureBucket(bucket, { field: "policy", value: policy });
    await context.ask("audit.write", {
      by: context.caller.actor,
      action: "SetBucketAccess",
      outcome: "done",
      accountId: context.caller.account.accountId,
      target: `bucket/${bucket.name}`,
      detail: { mode: body.mode, permissions: (body.permissions ?? []).join(" ") },
    });
    return show(context, bucket, policy);
  });

interface Asked {
  readonly mode: AccessMode;
  readonly permissions?: readonly AccessPermission[] | undefined;
  readonly policy?: z.output<typeof policyDocument> | undefined;
}

/** The policy as it is to be stored; null: none. @throws AdminError InvalidInput, MalformedPolicyDocument */
function policyAsked(
  { reader }: AdminContext,
  { name }: BucketRecord,
  { mode: asked, permissions, policy }: Asked,
): StoredPolicy | null {
  const choices = Number(permissions !== undefined) + Number(policy !== undefined);
  if (choices !== (asked === "Custom" ? 1 : 0)) {
    const detail = "Custom takes either permissions or a policy; the other modes take neither";
    throw new AdminError("InvalidInput", "", { faults: [{ pointer: "/mode", detail }] });
  }
  if (policy === undefined) {
    const made = policyOfMode(asked, permissions ?? [], name);
    return made === null ? null : JSON.stringify(made);
  }
  const text = documentText(policy);
  if (Buffer.byteLength(text) > limits.bucketPolicyBytesMax) {
    throw new AdminError(
      "MalformedPolicyDocument",
      `A bucket policy has at most ${limits.bucketPolicyBytesMax} bytes.`,
    );
  }
  try {
    const document = parseBucketPolicy(text, name);
    checkBucketActions(document);
    return bindPolicy(text, document, (key) => reader.control.record(key));
  } catch (error) {
    if (error instanceof PolicyError) throw new AdminError("MalformedPolicyDocument", error.message);
    throw error;
  }
}

/** @throws AdminError PublicAccessBlocked */
async function requireUnblocked({ services }: AdminContext, bucket: BucketRecord, policy: StoredPolicy): Promise<void> {
  if (!isPublicPolicy(parseStoredPolicy(policy, "resource"))) return;
  const own = await services.bucketConfiguration(bucket, "publicAccessBlock");
  const ofAccount = services.reader.publicAccessBlock(bucket.accountId);
  if (own?.blockPublicPolicy === true || ofAccount?.blockPublicPolicy === true) {
    throw new AdminError("PublicAccessBlocked");
  }
}

function show(
  { reader }: AdminContext,
  { name }: BucketRecord,
  policy: StoredPolicy | null,
): z.input<typeof accessForm> {
  reader.refresh();
  const document = policy === null ? null : readable(policy);
  const access = document === undefined ? { mode: "Custom" as const, permissions: null } : modeOfPolicy(document, name);
  return {
    mode: access.mode,
    permissions: access.permissions === null ? null : [...access.permissions],
    policy: policy === null ? null : shownPolicy(policy, (key) => reader.control.record(key)),
    isPublic: document !== undefined && document !== null && isPublicPolicy(document),
    choices: [...accessPermissions],
  };
}

/** Undefined: this release does not understand it. */
function readable(policy: StoredPolicy): PolicyDocument | undefined {
  try {
    return parseStoredPolicy(policy, "resource");
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}
