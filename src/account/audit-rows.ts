/** Rows of the audit log, written in the transaction of what they tell of. */

import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type AuditRecord, identityKeys } from "../control/identity-records.ts";
import type { ControlOperation, ControlStore } from "../control/store.ts";
import { putTyped } from "../control/typed-records.ts";

export type AuditEvent = Omit<AuditRecord, "atMs">;

interface AuditPorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** The operations that write `event`; no other has its key. */
export function auditRows(ports: AuditPorts, event: AuditEvent): ControlOperation[] {
  const atMs = ports.clock.nowMs();
  const id = `${String(atMs).padStart(14, "0")}-${ports.random.bytes(4).toString("hex")}`;
  const record: AuditRecord = { ...event, atMs };
  return [putTyped(identityKeys.audit(id), record), putTyped(identityKeys.accountAudit(event.accountId, id), {})];
}

/** Writes events that no change of records belongs to, in one transaction. */
export async function writeAudit(
  ports: AuditPorts & { readonly store: ControlStore },
  events: readonly AuditEvent[],
): Promise<void> {
  await ports.store.txn(
    [],
    events.flatMap((event) => auditRows(ports, event)),
  );
}
