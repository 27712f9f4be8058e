/** The audit log: rows that a change writes with itself, and the oldest ones removed beyond `limits.auditRowsMax`. */

import { limits } from "../base/limits.ts";
import { type Actor, type AuditRecord, identityKeys } from "../control/identity-records.ts";
import { RecentMap } from "../control/recent-map.ts";
import type { ControlOperation } from "../control/store.ts";
import { decodeRecord, putTyped } from "../control/typed-records.ts";
import type { IdentityPorts } from "./ports.ts";

export interface AuditEvent {
  readonly action: string;
  readonly outcome: AuditRecord["outcome"];
  readonly accountId: string;
  readonly target: string;
  readonly by: Actor;
  readonly detail: Readonly<Record<string, string>>;
}

/** A row to be written, under a key that is new. */
export interface AuditRow {
  readonly key: string;
  readonly operations: readonly ControlOperation[];
}

export class AuditTrail {
  readonly #ports: Pick<IdentityPorts, "store" | "clock" | "random">;
  readonly #rowsMax: number;
  /** Denied requests of the minute, by identity. */
  readonly #denied = new RecentMap<string, { readonly sinceMs: number; count: number }>(limits.auditDeniedKeptMax);
  #sequence = 0;
  /** null: not counted yet. */
  #rows: number | null = null;
  #trimming: Promise<void> | null = null;

  constructor(ports: Pick<IdentityPorts, "store" | "clock" | "random">, rowsMax: number = limits.auditRowsMax) {
    this.#ports = ports;
    this.#rowsMax = rowsMax;
  }

  /** @returns at most four operations, for the transaction of the change */
  row(event: AuditEvent): AuditRow {
    const { clock, random } = this.#ports;
    const atMs = clock.nowMs();
    this.#sequence = (this.#sequence + 1) & 0xffff;
    // The sequence keeps the order within a millisecond, the random half apart from an earlier run.
    const tail = this.#sequence.toString(16).padStart(4, "0") + random.bytes(2).toString("hex");
    const id = `${String(atMs).padStart(14, "0")}-${tail}`;
    const record: AuditRecord = { atMs, ...event, target: cut(event.target), detail: bounded(event.detail) };
    const key = identityKeys.audit(id);
    return {
      key,
      operations: [
        putTyped(key, record),
        ...accountsOf(record).map((accountId) => putTyped(identityKeys.accountAudit(accountId, id), {})),
      ],
    };
  }

  /**
   * Writes a row of its own, for what changes nothing. Of one identity's denied requests at most
   * `limits.auditDeniedPerMinuteMax` a minute: else it could push out all other rows.
   */
  async write(event: AuditEvent): Promise<void> {
    if (event.outcome === "denied" && !this.#admitDenied(event.by)) return;
    for (let attempt = 0; attempt < limits.controlRetriesMax; attempt++) {
      const { key, operations } = this.row(event);
      if (await this.#ports.store.txn([{ key, revision: 0n }], operations)) return this.written();
    }
    throw new Error("no key is free for a row of the audit log");
  }

  /** A row has been committed: removes the oldest when there are too many. */
  async written(): Promise<void> {
    if (this.#rows !== null) this.#rows += 1;
    if (this.#rows !== null && this.#rows <= this.#rowsMax) return;
    this.#trimming ??= this.#trim().finally(() => {
      this.#trimming = null;
    });
    await this.#trimming;
  }

  #admitDenied({ accountId, name }: Actor): boolean {
    const nowMs = this.#ports.clock.nowMs();
    const who = `${accountId}/${name}`;
    const denied = this.#denied.get(who);
    if (denied === undefined || Math.abs(nowMs - denied.sinceMs) >= 60_000) {
      this.#denied.set(who, { sinceMs: nowMs, count: 1 });
      return true;
    }
    denied.count += 1;
    return denied.count <= limits.auditDeniedPerMinuteMax;
  }

  async #trim(): Promise<void> {
    const { store } = this.#ports;
    this.#rows ??= await this.#count();
    while (this.#rows > this.#rowsMax) {
      const oldest = await store.list(identityKeys.audit(""), "", Math.min(trimRows, this.#rows - this.#rowsMax));
      if (oldest.length === 0) return;
      const removals = oldest.flatMap(({ key, value }): ControlOperation[] => {
        const id = key.slice(identityKeys.audit("").length);
        const record = decodeRecord<AuditRecord>(value);
        return [
          { kind: "remove", key },
          ...accountsOf(record).map(
            (accountId): ControlOperation => ({ kind: "remove", key: identityKeys.accountAudit(accountId, id) }),
          ),
        ];
      });
      await store.txn([], removals);
      this.#rows -= oldest.length;
    }
  }

  async #count(): Promise<number> {
    let count = 0;
    for (let after = ""; ; ) {
      const page = await this.#ports.store.list(identityKeys.audit(""), after, limits.controlListMax);
      count += page.length;
      const last = page.at(-1);
      if (last === undefined || page.length < limits.controlListMax) return count;
      after = last.key;
    }
  }
}

/** Rows removed at once: each is a record and at most three index rows. */
const trimRows = Math.floor(limits.controlOperationsMax / 4);

/** The accounts whose log shows the row: where it happened, whose identity did it, and who acted as that. */
function accountsOf({ accountId, by }: Pick<AuditRecord, "accountId" | "by">): string[] {
  const above = by.original === null ? [] : [by.original.accountId];
  return [...new Set([accountId, by.accountId, ...above])].filter((id) => /^\d{12}$/.test(id));
}

function bounded(detail: Readonly<Record<string, string>>): Record<string, string> {
  const members = Object.entries(detail).slice(0, limits.auditDetailsMax);
  return Object.fromEntries(members.map(([name, value]) => [cut(name), cut(value)]));
}

function cut(text: string): string {
  return text.slice(0, limits.auditTextCharsMax);
}
