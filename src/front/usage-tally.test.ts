import test from "ava";
import { bucketId } from "../base/ids.ts";
import { type BucketSum, type HandedOver, requestClassOf, UsageTally } from "./usage-tally.ts";

const bucketOf = (number: number) => ({ id: bucketId(number.toString(16).padStart(32, "0")), partition: 0 });
const noPause = () => Promise.resolve();

/** Books what it is handed, unless it is told to refuse. */
class Owner {
  readonly booked = new Map<string, { egressBytes: number; requests: number }>();
  refuses = 0;
  asks = 0;

  readonly handOver = async ({ bucket, egressBytes, requests }: BucketSum): Promise<HandedOver> => {
    this.asks += 1;
    await Promise.resolve();
    if (this.refuses > 0) {
      this.refuses -= 1;
      return "refused";
    }
    const known = this.booked.get(bucket.id) ?? { egressBytes: 0, requests: 0 };
    const count = requests.reduce((total, each) => total + each, 0);
    this.booked.set(bucket.id, { egressBytes: known.egressBytes + egressBytes, requests: known.requests + count });
    return "taken";
  };

  get total() {
    const sums = [...this.booked.values()];
    const sum = (pick: (each: { egressBytes: number; requests: number }) => number) =>
      sums.reduce((total, each) => total + pick(each), 0);
    return { egressBytes: sum((each) => each.egressBytes), requests: sum((each) => each.requests) };
  }
}

test("sums are handed over once, by bucket", async (t) => {
  const owner = new Owner();
  const tally = new UsageTally(owner.handOver);
  for (let index = 0; index < 30; index++) tally.record(bucketOf(index % 3), "read", index);
  tally.flush();
  tally.record(bucketOf(0), "write", 0);
  await tally.drain(noPause);
  t.is(owner.asks, 4);
  t.deepEqual(owner.total, { egressBytes: 435, requests: 31 });
  await tally.drain(noPause);
  t.is(owner.asks, 4, "nothing is left");
});

test("who pays in the owner's place is handed over with his share", async (t) => {
  const payers: unknown[] = [];
  const tally = new UsageTally(async ({ bucket }) => {
    payers.push(bucket.payer);
    return "taken";
  });
  const payer = { name: "photos", accountId: "999988887777" };
  tally.record(bucketOf(1), "read", 1);
  tally.record({ ...bucketOf(2), payer }, "read", 1);
  await tally.drain(noPause);
  t.deepEqual(payers, [undefined, payer]);
});

test("a full table is handed over early", async (t) => {
  const owner = new Owner();
  const tally = new UsageTally(owner.handOver, 10);
  for (let index = 0; index < 25; index++) tally.record(bucketOf(index), "list", 1);
  t.is(owner.asks, 20);
  await tally.drain(noPause);
  t.deepEqual(owner.total, { egressBytes: 25, requests: 25 });
});

test("what is refused is sent again, together with what came meanwhile", async (t) => {
  const owner = new Owner();
  const tally = new UsageTally(owner.handOver);
  owner.refuses = 3;
  tally.record(bucketOf(1), "read", 5);
  tally.flush();
  tally.record(bucketOf(1), "read", 6);
  await tally.drain(noPause);
  t.deepEqual(owner.total, { egressBytes: 11, requests: 2 });
  t.is(tally.lostRequests, 0);
});

test("a table that stays full loses, and says so, rather than grow", async (t) => {
  const owner = new Owner();
  const tally = new UsageTally(owner.handOver, 2);
  owner.refuses = 2;
  tally.record(bucketOf(1), "read", 1);
  tally.record(bucketOf(2), "read", 1);
  tally.record(bucketOf(3), "read", 1);
  tally.record(bucketOf(4), "read", 1);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(tally.lostRequests, 2);
  await tally.drain(noPause);
  t.deepEqual(owner.total, { egressBytes: 2, requests: 2 });
});

test("what may have been booked is not sent again", async (t) => {
  let asks = 0;
  const tally = new UsageTally(async () => {
    asks += 1;
    return "unknown";
  });
  tally.record(bucketOf(1), "read", 5);
  await tally.drain(noPause);
  t.is(asks, 1);
  t.is(tally.lostRequests, 1);
});

test("a request's class is that of its operation", (t) => {
  t.is(requestClassOf("GetObject", "GET"), "read");
  t.is(requestClassOf("HeadBucket", "HEAD"), "read");
  t.is(requestClassOf("SelectObjectContent", "POST"), "read");
  t.is(requestClassOf("ListObjectsV2", "GET"), "list");
  t.is(requestClassOf("ListParts", "GET"), "list");
  t.is(requestClassOf("PutObject", "PUT"), "write");
  t.is(requestClassOf("CompleteMultipartUpload", "POST"), "write");
  t.is(requestClassOf("DeleteObjects", "POST"), "delete");
  t.is(requestClassOf("AbortMultipartUpload", "DELETE"), "delete");
  t.is(requestClassOf("", "GET"), "other");
});
