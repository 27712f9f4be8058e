/** The first turn of a bucket that is made with more than its name: lock, ownership and ACL stand in one commit. */

import { writeConfiguration } from "../storage/configuration-rows.ts";
import { type ConfigurationChange, fieldCode, withField } from "./configuration.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory } from "./turn.ts";

type Setup = BucketRequest<"bucket.open">;

/**
 * Whoever finds the bucket half made may ask for this again: its row says that it has been done, and what was configured since
 * stays. Asks for no room: the name was given while there was some, and the bucket is to be finished.
 */
export function openBucket(memory: BucketMemory, setup: Setup): Promise<BucketReply<"bucket.open">> {
  return memory.turn((turn) => {
    if (!memory.isNew) return {};
    const stamp = turn.stamp();
    let { fields } = turn.row;
    for (const { field, value } of changesOf(setup)) {
      writeConfiguration(turn.trees.buckets, turn.bucket, fieldCode(field), value, stamp);
      fields = withField(fields, field, true);
    }
    const versioning = setup.hasObjectLock ? "Enabled" : "Off";
    memory.writeRow(turn.trees, { ...turn.row, versioning, fields, configuredSeq: turn.seq });
    turn.writeTotals({}, stamp);
    return {};
  });
}

function changesOf({ hasObjectLock, ownership, acl }: Setup): ConfigurationChange[] {
  return [
    ...(hasObjectLock ? [{ field: "objectLock", value: { defaultRetention: null } } as const] : []),
    ...(ownership === null ? [] : [{ field: "ownershipControls", value: ownership } as const]),
    ...(acl === null ? [] : [{ field: "acl", value: acl } as const]),
  ];
}
