/** Quotas of accounts and buckets, set by the admin API: what is refused, what still works, and from when on. */

import { randomBytes } from "node:crypto";
import type { ExecutionContext } from "ava";
import { limits } from "#src/base/limits.ts";
import { eachFront, element, outcome, type Stand } from "../support/each-front.ts";
import { keysOf, operatorWith } from "../support/identities.ts";
import { testKeys } from "../support/node-process.ts";
import { awsChunked, sendSigned } from "../support/signed-request.ts";

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One account for each test: what one has used up another must not feel. */
const customers = ["bytes", "objects", "buckets", "parts", "copies", "chunked", "lowered", "bucket", "both", "foreign"];
const idOf = (name: string): string => String(300_000_000_000 + customers.indexOf(name));

const test = eachFront({
  identities: {
    accounts: [
      operatorWith([]),
      ...customers.map((name) => ({
        accountId: idOf(name),
        canonicalId: `canonical-${name}`,
        displayName: name,
        kind: "customer",
        parent: "100000000000",
        root: { email: `${name}@example.com`, keys: [keysOf(name)] },
      })),
    ],
  },
});

const none = { bytes: null, objects: null, buckets: null };

class Customer {
  readonly #stand: Stand;
  readonly #key: Key;
  readonly #accountId: string;
  readonly bucket: string;

  constructor(stand: Stand, name: string) {
    this.#stand = stand;
    this.#key = keysOf(name);
    this.#accountId = idOf(name);
    this.bucket = `quota-of-${name}`;
  }

  static async open(t: ExecutionContext, stand: Stand, name: string, quota: object): Promise<Customer> {
    const customer = new Customer(stand, name);
    t.is(outcome(await customer.send("PUT", "")), "200");
    await customer.setQuota(t, quota);
    return customer;
  }

  /** Of the account, by the operator. */
  async setQuota(t: ExecutionContext, quota: object): Promise<void> {
    const path = `/api/v1/accounts/${this.#accountId}`;
    await this.#patch(t, path, { quota: { ...none, ...quota } }, testKeys);
  }

  /** Of the bucket, by the account's Root. */
  async setBucketQuota(t: ExecutionContext, quota: object): Promise<void> {
    const path = `/api/v1/buckets/${this.bucket}`;
    await this.#patch(t, path, { quota: { bytes: null, objects: null, ...quota } }, this.#key);
  }

  async #patch(t: ExecutionContext, target: string, body: object, key: Key): Promise<void> {
    const headers = { "content-type": "application/json" };
    const request = { method: "PATCH", target, body: JSON.stringify(body), headers, ...key };
    const answer = await sendSigned(this.#stand.consoleEndpoint, request);
    t.is(answer.status, 200, answer.body.toString());
  }

  /** @param at key and query under the bucket */
  send(method: string, at: string, body?: Uint8Array | string, more: object = {}) {
    const target = `/${this.bucket}${at === "" ? "" : `/${at}`}`;
    return this.#stand.signed({ method, target, ...(body === undefined ? {} : { body }), ...more, ...this.#key });
  }

  async put(at: string, bytes: number): Promise<string> {
    return outcome(await this.send("PUT", at, randomBytes(bytes)));
  }

  /** Waits until the front has summed anew what the account holds. */
  async summed(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, limits.quotaRefreshMs + 50));
  }
}

const full = "403 QuotaExceeded";

test("PutObject_beyond_the_bytes_of_the_account_403_QuotaExceeded", async (t, stand) => {
  const customer = await Customer.open(t, stand, "bytes", { bytes: 1000 });
  t.is(await customer.put("a", 600), "200");
  const refused = await customer.send("PUT", "b", randomBytes(401));
  t.is(outcome(refused), full);
  t.regex(element(refused, "Message") ?? "", /quota of the account that owns the bucket: 1000 bytes/);
  t.is(await customer.put("b", 400), "200");
  t.is(await customer.put("empty", 0), "200");
  t.is(outcome(await customer.send("GET", "a")), "200");
  t.is(outcome(await customer.send("DELETE", "a")), "204");
  await customer.summed();
  t.is(await customer.put("c", 600), "200");
  await customer.setQuota(t, {});
  t.is(await customer.put("d", 5000), "200");
});

test("PutObject_CompleteMultipartUpload_beyond_the_objects_of_the_account_403_QuotaExceeded", async (t, stand) => {
  const customer = await Customer.open(t, stand, "objects", { objects: 2 });
  t.is(await customer.put("a", 1), "200");
  const created = await customer.send("POST", "upload?uploads=");
  const uploadId = element(created, "UploadId");
  const part = await customer.send("PUT", `upload?partNumber=1&uploadId=${uploadId}`, "x");
  t.is(outcome(part), "200");
  t.is(await customer.put("b", 1), "200");
  t.is(await customer.put("c", 1), full);
  const complete = () =>
    customer.send(
      "POST",
      `upload?uploadId=${uploadId}`,
      `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers["etag"]}</ETag></Part></CompleteMultipartUpload>`,
    );
  t.is(outcome(await complete()), full);
  t.is(outcome(await customer.send("DELETE", "b")), "204");
  await customer.summed();
  t.is(outcome(await complete()), "200");
});

test("CreateBucket_beyond_the_buckets_of_the_account_400_TooManyBuckets", async (t, stand) => {
  const customer = await Customer.open(t, stand, "buckets", { buckets: 2 });
  const create = (name: string) => stand.signed({ method: "PUT", target: `/${name}`, ...keysOf("buckets") });
  t.is(outcome(await create("quota-second")), "200");
  const refused = await create("quota-third");
  t.is(outcome(refused), "400 TooManyBuckets");
  t.is(element(refused, "Message"), "The account may have at most 2 buckets.");
  t.is(outcome(await stand.signed({ method: "DELETE", target: "/quota-second", ...keysOf("buckets") })), "204");
  t.is(outcome(await create("quota-third")), "200");
  await customer.setQuota(t, { buckets: 0 });
  t.is(outcome(await create("quota-fourth")), "400 TooManyBuckets");
});

test("UploadPart_beyond_the_bytes_of_the_account_403_QuotaExceeded", async (t, stand) => {
  const customer = await Customer.open(t, stand, "parts", { bytes: 1000, objects: 1 });
  const uploadId = element(await customer.send("POST", "k?uploads="), "UploadId");
  const part = (number: number, bytes: number) => customer.put(`k?partNumber=${number}&uploadId=${uploadId}`, bytes);
  t.is(await part(1, 700), "200");
  t.is(await part(2, 301), full);
  t.is(await part(2, 300), "200");
  t.is(outcome(await customer.send("DELETE", `k?uploadId=${uploadId}`)), "204");
  await customer.summed();
  t.is(await customer.put("k", 1000), "200");
});

test("CopyObject_UploadPartCopy_beyond_the_bytes_of_the_account_403_QuotaExceeded", async (t, stand) => {
  const customer = await Customer.open(t, stand, "copies", { bytes: 1000 });
  t.is(await customer.put("source", 400), "200");
  const headers = { "x-amz-copy-source": `/${customer.bucket}/source` };
  const copy = async (at: string) => outcome(await customer.send("PUT", at, undefined, { headers }));
  t.is(await copy("one"), "200");
  t.is(await copy("two"), full);
  const uploadId = element(await customer.send("POST", "k?uploads="), "UploadId");
  t.is(await copy(`k?partNumber=1&uploadId=${uploadId}`), full);
});

test("PutObject_aws_chunked_is_judged_by_its_decoded_length", async (t, stand) => {
  const customer = await Customer.open(t, stand, "chunked", { bytes: 1000 });
  const put = async (at: string, bytes: number) => {
    const headers = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": String(bytes) };
    const data = randomBytes(bytes);
    const payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    return outcome(
      await customer.send("PUT", at, undefined, {
        headers,
        payload,
        frame: (signing: never) => awsChunked(data, { signing }),
      }),
    );
  };
  t.is(await put("a", 1001), full);
  t.is(await put("a", 1000), "200");
});

test("a_quota_below_what_is_held_refuses_what_adds_and_nothing_else", async (t, stand) => {
  const customer = await Customer.open(t, stand, "lowered", {});
  t.is(await customer.put("a", 2000), "200");
  await customer.setQuota(t, { bytes: 1000 });
  t.is(await customer.put("b", 1), full);
  t.is(outcome(await customer.send("GET", "a")), "200");
  t.is(outcome(await customer.send("DELETE", "a")), "204");
  await customer.summed();
  t.is(await customer.put("b", 1), "200");
});

test("PutObject_beyond_the_quota_of_the_bucket_403_QuotaExceeded_overwrites_200", async (t, stand) => {
  const customer = await Customer.open(t, stand, "bucket", {});
  await customer.setBucketQuota(t, { bytes: 1000, objects: 2 });
  t.is(await customer.put("a", 1000), "200");
  const refused = await customer.send("PUT", "b", randomBytes(1));
  t.is(outcome(refused), full);
  t.is(element(refused, "Message"), "The write would exceed the quota of the bucket.");
  t.is(await customer.put("a", 1000), "200");
  t.is(await customer.put("a", 998), "200");
  t.is(await customer.put("b", 1), "200");
  t.is(await customer.put("c", 1), full);
  await customer.setBucketQuota(t, {});
  t.is(await customer.put("c", 5000), "200");
});

test("the_stricter_of_two_quotas_holds", async (t, stand) => {
  const customer = await Customer.open(t, stand, "both", { bytes: 500 });
  await customer.setBucketQuota(t, { bytes: 1000 });
  t.is(await customer.put("a", 501), full);
  await customer.setQuota(t, { bytes: 3000 });
  t.is(await customer.put("a", 1001), full);
  t.is(await customer.put("a", 1000), "200");
});

test("an_account_without_a_quota_is_not_held_to_that_of_another", async (t, stand) => {
  const customer = await Customer.open(t, stand, "foreign", { bytes: 0, objects: 0, buckets: 1 });
  t.is(await customer.put("a", 1), full);
  const target = `/${stand.bucket}/k`;
  t.is(outcome(await stand.signed({ method: "PUT", target, body: randomBytes(5000), ...testKeys })), "200");
});
