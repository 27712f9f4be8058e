/** Reads what a node has written down of its buckets' usage, from its data directory, as a front reads it. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type UsageRow, usageOfAccounts } from "#src/account/usage.ts";
import { systemClock } from "#src/base/clock.ts";
import { UsageReader } from "#src/bucket/usage-reader.ts";
import { openControlSnapshot } from "#src/control/environment.ts";
import { ControlReader } from "#src/control/reader.ts";
import { openSnapshot } from "#src/storage/lmdb.ts";
import { recountTotals, type TotalsMismatch } from "#src/storage/recount-totals.ts";
import { kinds, type Totals, type Transfer } from "./usage-ledger.ts";

export type Counted = Totals & Transfer;

/** What the node has written down of its buckets, over all days. */
export async function readUsage(data: string, buckets: readonly string[]): Promise<Map<string, Counted>> {
  const control = new ControlReader(openControlSnapshot({ directory: join(data, "control") }));
  const partitions = readdirSync(join(data, "partitions")).sort();
  const snapshots = partitions.map((name) => openSnapshot({ directory: join(data, "partitions", name, "meta") }));
  const reader = new UsageReader(snapshots);
  control.refresh();
  const nowMs = Date.now();
  const today = Math.floor(nowMs / 86_400_000);
  const found = new Map<string, Counted>();
  for (const name of buckets) {
    const record = control.bucket(name);
    if (record === undefined) throw new Error(`no record of ${name}`);
    const at = { bucket: record.id, partition: record.partition };
    const days = reader.days(at, { fromDay: today - 2, toDay: today }, nowMs);
    const last = days.at(-1);
    const sum = (pick: (day: (typeof days)[number]) => number) => days.reduce((total, day) => total + pick(day), 0);
    found.set(name, {
      storedBytes: last?.storedBytes ?? 0,
      objects: last?.objects ?? 0,
      versions: last?.versions ?? 0,
      ingressBytes: sum((day) => day.ingressBytes),
      egressBytes: sum((day) => day.egressBytes),
      requests: kinds.map((_, index) => sum((day) => day.requests[index] ?? 0)),
    });
  }
  await control.close();
  for (const snapshot of snapshots) await snapshot.close();
  return found;
}

/**
 * Totals of the last days of an account, unless another is named that of the first bucket: by bucket, deleted ones and those
 * that others own too, and of the account itself.
 */
export async function readAccountUsage(
  data: string,
  accountId?: string,
): Promise<{ readonly buckets: UsageRow[]; readonly account: UsageRow }> {
  const control = new ControlReader(openControlSnapshot({ directory: join(data, "control") }));
  const partitions = readdirSync(join(data, "partitions")).sort();
  const snapshots = partitions.map((name) => openSnapshot({ directory: join(data, "partitions", name, "meta") }));
  const yieldTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const parts = { control, reader: new UsageReader(snapshots), clock: systemClock, yieldTurn };
  control.refresh();
  const [owned] = control.buckets("", 1);
  if (owned === undefined) throw new Error("there is no bucket");
  const toDay = Math.floor(Date.now() / 86_400_000);
  const query = { fromDay: toDay - 2, toDay, group: "total" } as const;
  const read = async (by: "bucket" | "account"): Promise<UsageRow[]> => {
    const rows: UsageRow[] = [];
    for await (const page of usageOfAccounts(parts, [accountId ?? owned.accountId], { ...query, by }))
      rows.push(...page);
    return rows;
  };
  const buckets = await read("bucket");
  const [account] = await read("account");
  await control.close();
  for (const snapshot of snapshots) await snapshot.close();
  if (account === undefined) throw new Error("the account has no usage");
  return { buckets, account };
}

/** Buckets whose totals are not what their rows add up to. Only while no node runs. */
export async function totalsThatDiffer(data: string): Promise<TotalsMismatch[]> {
  const found: TotalsMismatch[] = [];
  for (const name of readdirSync(join(data, "partitions"))) {
    const snapshot = openSnapshot({ directory: join(data, "partitions", name, "meta") });
    snapshot.refresh();
    found.push(...recountTotals(snapshot.trees));
    await snapshot.close();
  }
  return found;
}
