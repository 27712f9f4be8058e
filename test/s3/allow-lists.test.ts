/** Allow lists of addresses, of an account and of a bucket, set by the admin API and held on the next S3 request. */

import { request } from "node:http";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { ExecutionContext } from "ava";
import { limits } from "#src/base/limits.ts";
import { eachFront, outcome, type Stand } from "../support/each-front.ts";
import { keysOf, operatorWith } from "../support/identities.ts";
import { testKeys } from "../support/node-process.ts";
import { sendSigned } from "../support/signed-request.ts";

/** One account for each test: a list must not shut out another's requests. */
const customers = ["direct", "guest", "policies"];

const test = eachFront({
  identities: {
    accounts: [
      operatorWith([]),
      ...customers.map((name, index) => ({
        accountId: String(300_000_000_000 + index),
        canonicalId: `canonical-${name}`,
        displayName: name,
        kind: "customer",
        parent: "100000000000",
        root: { email: `root.${name}@example.com`, keys: [keysOf(`${name}root`)] },
        users: [
          { name: "admin", email: `admin.${name}@example.com`, role: "admin", policies: [], keys: [keysOf(name)] },
          {
            name: "user",
            email: `user.${name}@example.com`,
            role: "user",
            policies: [
              {
                Version: "2012-10-17",
                Statement: [
                  {
                    Effect: "Allow",
                    Action: ["s3:GetBucketLocation", "s3:PutBucketQuota"],
                    Resource: "arn:aws:s3:::*",
                  },
                ],
              },
            ],
            keys: [keysOf(`${name}user`)],
          },
        ],
      })),
    ],
  },
  settings: ['trustedProxies=["127.0.0.1","198.51.100.0/24"]'],
});

async function patch(stand: Stand, target: string, body: object, key = testKeys) {
  const headers = { "content-type": "application/json" };
  const asked = { method: "PATCH", target: `/api/v1${target}`, body: JSON.stringify(body), headers, ...key };
  const { status, body: text } = await sendSigned(stand.consoleEndpoint, asked);
  return { status, json: JSON.parse(text.toString()) as Record<string, unknown> };
}

async function setList(t: ExecutionContext, stand: Stand, allowedAddresses: readonly string[]): Promise<void> {
  const reply = await patch(stand, `/buckets/${stand.bucket}`, { allowedAddresses });
  t.is(reply.status, 200, JSON.stringify(reply.json));
  t.deepEqual(reply.json["allowedAddresses"], allowedAddresses);
}

/** The status of a link that anybody may follow, asked for from an address of this machine. */
function follow(link: string, localAddress: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(link, { localAddress, headers, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const from = (address: string) => ({ unsigned: { "x-forwarded-for": address } });

test("R37: a bucket's list holds for everybody, IPv4 and IPv6, from the next request on", async (t, stand) => {
  const { signed, bucket, s3 } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const get = (address: string) => signed({ method: "GET", target: `/${bucket}/k`, ...from(address) });
  t.is(outcome(await get("203.0.113.7")), "200", "without a list from anywhere");
  await setList(t, stand, ["192.0.2.0/24", "2001:db8:1::/48", "203.0.113.9"]);
  for (const address of [
    "192.0.2.1",
    "192.0.2.255",
    "::ffff:192.0.2.1",
    "2001:db8:1::5",
    "[2001:DB8:1::5]:443",
    "203.0.113.9",
  ]) {
    t.is(outcome(await get(address)), "200", address);
  }
  for (const address of ["192.0.3.1", "2001:db8:2::5", "203.0.113.7", "::1", "::ffff:192.0.3.1"]) {
    t.is(outcome(await get(address)), "403 AccessDenied", address);
  }
  for (const [method, target] of [
    ["PUT", `/${bucket}/new`],
    ["DELETE", `/${bucket}/k`],
    ["GET", `/${bucket}?list-type=2`],
    ["GET", `/${bucket}?location`],
    ["DELETE", `/${bucket}`],
  ] as const) {
    const answer = await signed({ method, target, ...from("203.0.113.7") });
    t.is(outcome(answer), "403 AccessDenied", `${method} ${target}`);
  }
  const other = await signed({ method: "PUT", target: `/${bucket}-other`, ...from("203.0.113.7") });
  t.is(outcome(other), "200", "another bucket has no list");
  const copied = await signed({
    method: "PUT",
    target: `/${bucket}-other/copy`,
    headers: { "x-amz-copy-source": `/${bucket}/k` },
    ...from("203.0.113.7"),
  });
  t.is(outcome(copied), "403 AccessDenied", "nor is it read as a copy's source");
  await setList(t, stand, []);
  t.is(outcome(await get("203.0.113.7")), "200", "the list is gone");
});

test("R37: forwarded-for is believed from trusted proxies alone, and the nearest address that is none of them counts", async (t, stand) => {
  const { signed, bucket, s3 } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  await setList(t, stand, ["192.0.2.0/24"]);
  const get = (chain: string) => signed({ method: "GET", target: `/${bucket}/k`, ...from(chain) });
  t.is(outcome(await get("203.0.113.7, 192.0.2.1, 198.51.100.4")), "200", "through two trusted proxies");
  t.is(outcome(await get("192.0.2.1, 203.0.113.7")), "403 AccessDenied", "what stands left of it anybody can write");
  t.is(outcome(await get("192.0.2.1, nonsense")), "403 AccessDenied");
  const link = await getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: "k" }), { expiresIn: 60 });
  const claim = { "x-forwarded-for": "192.0.2.1", "x-real-ip": "192.0.2.1", forwarded: "for=192.0.2.1" };
  t.is(await follow(link, "127.0.0.1", claim), 200, "of the trusted proxy");
  t.is(await follow(link, "127.0.0.2", claim), 403, "of anybody else");
  t.is(await follow(link, "127.0.0.2"), 403);
  await setList(t, stand, ["127.0.0.2"]);
  t.is(await follow(link, "127.0.0.2"), 200, "by its own address it is welcome");
  t.is(await follow(link, "127.0.0.1", claim), 403);
});

test("R37: an account's list holds for its keys everywhere, and for everybody at its buckets", async (t, stand) => {
  const name = "direct";
  const admin = keysOf(name);
  const bucket = `${stand.bucket}-of-direct`;
  const asked = { method: "PUT", target: `/${bucket}`, ...admin, ...from("203.0.113.7") };
  t.is(outcome(await stand.signed(asked)), "200");
  const set = await patch(stand, "/account", { addressRanges: ["192.0.2.0/24", "127.0.0.1"] }, admin);
  t.is(set.status, 200, "an Admin sets it");
  const list = (address: string) =>
    stand.signed({ method: "GET", target: `/${bucket}?list-type=2`, ...admin, ...from(address) });
  t.is(outcome(await list("192.0.2.8")), "200");
  t.is(outcome(await list("203.0.113.7")), "403 AccessDenied");
  const abroad = await stand.signed({ method: "GET", target: "/", ...admin, ...from("203.0.113.7") });
  t.is(outcome(abroad), "403 AccessDenied");
  t.is((await patch(stand, "/account", { addressRanges: [] }, admin)).status, 200);
  t.is(outcome(await list("203.0.113.7")), "200");
});

test("R37: who may set the lists, and what is no list", async (t, stand) => {
  const { bucket } = stand;
  const path = `/buckets/${bucket}`;
  const many = Array.from({ length: limits.addressRangesPerBucketMax + 1 }, (_, index) => `10.0.0.${index}`);
  for (const wrong of [["10.0.0.0/33"], ["example.com"], ["1.2.3"], ["::/129"], [""], many, "10.0.0.1", [1]]) {
    const reply = await patch(stand, path, { allowedAddresses: wrong });
    t.is(`${reply.status} ${String(reply.json["code"])}`, "400 InvalidInput", JSON.stringify(wrong).slice(0, 40));
  }
  const foreign = await patch(stand, path, { allowedAddresses: ["10.0.0.1"] }, keysOf("guest"));
  t.is(foreign.status, 404, "of another account");
  const own = `${stand.bucket}-of-guest`;
  await stand.signed({ method: "PUT", target: `/${own}`, ...keysOf("guest") });
  const user = keysOf("guestuser");
  t.is((await patch(stand, `/buckets/${own}`, { allowedAddresses: ["10.0.0.1"] }, user)).status, 403);
  t.is((await patch(stand, `/buckets/${own}`, { quota: { bytes: 1, objects: null } }, user)).status, 200);
  t.is((await patch(stand, "/account", { addressRanges: ["10.0.0.1"] }, user)).status, 403);
  const admin = keysOf("guest");
  t.is((await patch(stand, "/account", { displayName: "mine" }, admin)).status, 403, "the name is Root's");
  t.is((await patch(stand, "/account", { displayName: "mine" }, keysOf("guestroot"))).status, 200);
});
