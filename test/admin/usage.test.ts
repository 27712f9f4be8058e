/** Stats of what buckets held and moved, as the console draws them, programs read them, and CSV has them. */

import { bucketId } from "#src/base/ids.ts";
import { type BucketCounters, countersAt, emptyCounters, msPerDay, writeCounters } from "#src/storage/counters.ts";
import { items, outcome, requirement } from "./requirement.ts";
import type { SignedIn, Stand } from "./stand.ts";
import { customer, emailOf, operator, reseller } from "./world.ts";

interface UsageItem {
  readonly from: string;
  readonly to: string;
  readonly bucket: string | null;
  readonly storedBytes: number;
  readonly objects: number;
  readonly averageBytes: number;
  readonly byteMilliseconds: string;
  readonly ingressBytes: number;
  readonly egressBytes: number;
}

const firstDay = 20_000;
const dayText = (day: number): string => new Date(day * msPerDay).toISOString().slice(0, 10);
const hour = msPerDay / 24;
const GB = 1e9;

/** What the bucket's turns would write: at each time so much is added, and so much sent. */
const steps = [
  { atMs: firstDay * msPerDay + 6 * hour, bytes: 2 * GB, objects: 2, sent: GB },
  { atMs: (firstDay + 1) * msPerDay + 12 * hour, bytes: GB, objects: 1, sent: 0 },
  { atMs: (firstDay + 2) * msPerDay + 18 * hour, bytes: -2 * GB, objects: -2, sent: 3 * GB },
];

async function fill(stand: Stand): Promise<void> {
  const bucket = bucketId("0".repeat(32));
  let before: BucketCounters | undefined;
  for (const { atMs, bytes, objects, sent } of steps) {
    const previous = before;
    const now = countersAt(before ?? emptyCounters(new Uint8Array(8), atMs), atMs);
    const next = {
      ...now,
      storedBytes: now.storedBytes + bytes,
      objects: now.objects + objects,
      ingressBytes: now.ingressBytes + Math.max(bytes, 0),
      egressBytes: now.egressBytes + sent,
    };
    await stand.metadata.transact(({ counters }) => writeCounters(counters, bucket, previous, next));
    before = next;
  }
  stand.clock.advance((firstDay + 3) * msPerDay - stand.clock.nowMs());
}

const range = `from=${dayText(firstDay)}&to=${dayText(firstDay + 2)}`;
const read = (stand: Stand, as: SignedIn, query: string) =>
  stand.send({ method: "GET", path: `/usage?${range}&account=${customer}&${query}`, as });

requirement(
  "R51, R52: three days are three points of each series, at the end of the day and on average",
  async (t, stand) => {
    await fill(stand);
    const as = await stand.signIn(emailOf(reseller, "root"));
    const reply = await read(stand, as, "group=day");
    t.is(reply.status, 200, reply.text);
    const days = items<UsageItem>(reply);
    t.deepEqual(
      days.map(({ from, to, bucket }) => [from, to, bucket]),
      [0, 1, 2].map((after) => [dayText(firstDay + after), dayText(firstDay + after), "customer-bucket"]),
    );
    const series = (name: "storedBytes" | "objects" | "ingressBytes" | "egressBytes" | "averageBytes") =>
      days.map((day) => day[name]);
    t.deepEqual(series("storedBytes"), [2 * GB, 3 * GB, GB]);
    t.deepEqual(series("objects"), [2, 3, 1]);
    t.deepEqual(series("ingressBytes"), [2 * GB, GB, 0]);
    t.deepEqual(series("egressBytes"), [GB, 0, 3 * GB]);
    // Byte-hours of each day over 24: 2 GB for 18 h; 2 GB for 12 h and 3 GB for 12 h; 3 GB for 18 h and 1 GB for 6 h.
    t.deepEqual(series("averageBytes"), [(2 * GB * 18) / 24, (5 * GB * 12) / 24, (3 * GB * 18 + GB * 6) / 24]);
  },
);

requirement("R53: an interval as CSV sums to what the API says, day by day and in total", async (t, stand) => {
  await fill(stand);
  const as = await stand.signIn(emailOf(operator, "root"));
  const [total] = items<UsageItem>(await read(stand, as, "group=total"));
  const days = items<UsageItem>(await read(stand, as, "group=day"));
  const csv = await read(stand, as, "group=day&format=csv");
  t.regex(csv.headers.get("content-type") ?? "", /^text\/csv; charset=utf-8/);
  t.regex(csv.headers.get("content-disposition") ?? "", /attachment; filename="[\w.-]+\.csv"/);
  const [head = "", ...lines] = csv.text.trimEnd().split("\r\n");
  const names = head.split(",");
  const column = (name: string): string[] => lines.map((line) => line.split(",")[names.indexOf(name)] ?? "?");
  t.deepEqual(
    column("from"),
    days.map(({ from }) => from),
  );
  for (const [name, of] of [
    ["ingress_bytes", (row: UsageItem) => row.ingressBytes],
    ["egress_bytes", (row: UsageItem) => row.egressBytes],
  ] as const) {
    const sum = column(name).reduce((all, cell) => all + Number(cell), 0);
    t.is(
      sum,
      days.reduce((all, day) => all + of(day), 0),
      name,
    );
    t.is(sum, total === undefined ? Number.NaN : of(total), name);
  }
  const held = column("byte_milliseconds").reduce((all, cell) => all + BigInt(cell), 0n);
  t.is(
    held,
    days.reduce((all, day) => all + BigInt(day.byteMilliseconds), 0n),
  );
  t.is(total?.byteMilliseconds, String(held));
  t.is(total?.storedBytes, Number(column("stored_bytes").at(-1)), "at the end of the last day");
  for (const day of column("to")) t.regex(day, /^\d{4}-\d{2}-\d{2}$/);
  const inner = await stand.send({
    method: "GET",
    path: `/usage?from=${dayText(firstDay + 1)}&to=${dayText(firstDay + 1)}&account=${customer}`,
    as,
  });
  t.deepEqual(
    items<UsageItem>(inner).map(({ ingressBytes }) => ingressBytes),
    [GB],
    "one day of the three",
  );
  const user = await stand.signIn(emailOf(customer, "user"));
  t.is(outcome(await read(stand, user, "group=day")), "403 AccessDenied");
});
