/** Storing an object that no request brought: what the product itself writes into buckets. */

import type { BucketRecord } from "../control/records.ts";
import type { Services } from "./context.ts";
import { CopiedBody } from "./copied-body.ts";
import { encryptionWithoutKey } from "./encryption.ts";
import { inlineBytesFor, metadataOf } from "./object-metadata.ts";
import { planCopy } from "./request-body.ts";

/** Encrypted as the bucket says. @throws S3Error those of "object.put", and of storing its body */
export async function putInside(
  services: Services,
  bucket: BucketRecord,
  key: string,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  const encryption = await encryptionWithoutKey({ Key: key }, { bucket, services });
  const metadata = metadataOf({ ContentType: contentType }, encryption);
  const plan = planCopy(bucket, bytes.length, null, {
    inlineBytesMax: inlineBytesFor(metadata),
    encryption: encryption?.body ?? null,
  });
  const body = new CopiedBody(bytes, services.clock);
  try {
    const address = { bucket: bucket.id, partition: bucket.partition };
    const source = await services.bodies.store(address, body, plan, "inside");
    await services.askBucket(bucket, "object.put", { key, source, metadata, preconditions: {}, isCopied: true });
  } finally {
    body.close();
  }
}
