/** The document of a public access block, the same for a bucket and, in another namespace, for an account. Pure. */

import { body } from "../model/member.ts";
import { boolean, structure, type ValueOf } from "../model/shape.ts";
import { S3Error } from "../s3/errors.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";

export const PublicAccessBlockConfiguration = structure("PublicAccessBlockConfiguration", {
  BlockPublicAcls: body(boolean, { xmlName: "BlockPublicAcls" }),
  IgnorePublicAcls: body(boolean, { xmlName: "IgnorePublicAcls" }),
  BlockPublicPolicy: body(boolean, { xmlName: "BlockPublicPolicy" }),
  RestrictPublicBuckets: body(boolean, { xmlName: "RestrictPublicBuckets" }),
});

type Document = ValueOf<typeof PublicAccessBlockConfiguration>;

/** What is not said is off. @throws S3Error InvalidRequest when nothing is said */
export function askedBlock(document: Document): PublicAccessBlock {
  if (Object.values(document).every((value) => value === undefined)) {
    throw new S3Error("InvalidRequest", { Message: "Must specify at least one configuration." });
  }
  return {
    blockPublicAcls: document.BlockPublicAcls ?? false,
    ignorePublicAcls: document.IgnorePublicAcls ?? false,
    blockPublicPolicy: document.BlockPublicPolicy ?? false,
    restrictPublicBuckets: document.RestrictPublicBuckets ?? false,
  };
}

export function shownBlock(block: PublicAccessBlock): Document {
  return {
    BlockPublicAcls: block.blockPublicAcls,
    IgnorePublicAcls: block.ignorePublicAcls,
    BlockPublicPolicy: block.blockPublicPolicy,
    RestrictPublicBuckets: block.restrictPublicBuckets,
  };
}
