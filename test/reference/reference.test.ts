/** The reference model's own tools: its digests by published values, its comparison, and the shrinking of sequences. */

import test from "ava";
import fc from "fast-check";
import { checksum, compositeChecksum, md5, multipartEtag } from "./digests.ts";
import { compare } from "./match.ts";
import { answer } from "./model.ts";
import { sequences } from "./sequences.ts";
import { newBucket, type Request, type State } from "./state.ts";
import { parseXml } from "./wire.ts";

const digits = Buffer.from("123456789");
const hex = (base64: string): string => Buffer.from(base64, "base64").toString("hex");

test("digests have the published values of 123456789", (t) => {
  t.is(hex(checksum("CRC32", digits)), "cbf43926");
  t.is(hex(checksum("CRC32C", digits)), "e3069283");
  t.is(hex(checksum("CRC64NVME", digits)), "ae8b14860a799888");
  t.is(hex(checksum("SHA1", digits)), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
  t.is(md5(digits), "25f9e794323b453885f5181f1b624d0b");
  t.is(
    compositeChecksum("CRC32", [checksum("CRC32", digits)]),
    `${checksum("CRC32", Buffer.from("cbf43926", "hex"))}-1`,
  );
  t.is(multipartEtag([md5(digits)]), `${md5(Buffer.from(md5(digits), "hex"))}-1`);
});

test("XML is read with its entities", (t) => {
  const root = parseXml('<?xml version="1.0"?>\n<A xmlns="x"><B>a &lt;&#xE9;&#233;</B><C/><B>2</B></A>');
  t.is(root?.name, "A");
  t.deepEqual(
    root?.children.map(({ name, text }) => [name, text]),
    [
      ["B", "a <éé"],
      ["C", ""],
      ["B", "2"],
    ],
  );
});

const request = (operation: Request["operation"], rest: Partial<Request> = {}): Request => ({
  operation,
  key: "k",
  query: {},
  headers: {},
  body: Buffer.from("x"),
  ...rest,
});

function after(state: State, ...requests: readonly Request[]): State {
  const turn = { now: { from: 0, to: 1 }, reach: () => undefined, outcome: () => undefined };
  const tokens = { positions: new Map(), places: new Map() };
  return requests.reduce((now, one) => answer(now, one, turn, tokens).state, state);
}

test("the null version is replaced wherever it stands", (t) => {
  const enable = request("PutBucketVersioning", { query: { status: "Enabled" } });
  const suspend = request("PutBucketVersioning", { query: { status: "Suspended" } });
  const put = request("PutObject");
  const remove = request("DeleteObject");
  const ids = (state: State) => state.keys.get("k")?.map(({ id, isMarker }) => (isMarker ? `${id} marker` : id));
  t.deepEqual(ids(after(newBucket(), put, put)), ["null"]);
  t.deepEqual(ids(after(newBucket(), put, enable, put)), ["?2", "null"]);
  t.deepEqual(ids(after(newBucket(), put, enable, put, suspend, put)), ["null", "?2"]);
  t.deepEqual(ids(after(newBucket(), put, enable, put, suspend, remove)), ["null marker", "?2"]);
  t.deepEqual(ids(after(newBucket(), put, remove)), undefined);
});

test("a lock, a policy and a public access block each refuse what they are for", (t) => {
  const turn = { now: { from: 0, to: 1 }, reach: () => undefined, outcome: () => undefined };
  const tokens = { positions: new Map(), places: new Map() };
  const code = (state: State, one: Request) => answer(state, one, turn, tokens).answer.code;
  const versionId = "?1";
  const retained = {
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-retain-until-date": "2040-01-01T00:00:00Z",
    "content-md5": Buffer.from(md5(Buffer.from("x")), "hex").toString("base64"),
  };
  const empty: State = { ...newBucket(), versioning: "Enabled", lock: { mode: null, days: 0 } };
  const locked = after(empty, request("PutObject", { headers: retained }));
  const remove = request("DeleteObject", { query: { versionId } });
  t.is(code(locked, remove), "AccessDenied");
  t.is(code(locked, { ...remove, headers: { "x-amz-bypass-governance-retention": "true" } }), null);
  const held = after(locked, request("PutObjectLegalHold", { choice: "ON", query: { versionId } }));
  t.is(code(held, { ...remove, headers: { "x-amz-bypass-governance-retention": "true" } }), "AccessDenied");
  t.is(code(held, request("PutBucketVersioning", { query: { status: "Suspended" } })), "InvalidBucketState");

  const read = request("GetObject", { who: "anonymous" });
  t.is(code(held, read), "AccessDenied");
  const open = after(held, request("PutBucketPolicy", { choice: "public read" }));
  t.is(code(open, read), null);
  t.is(code(after(open, request("PutPublicAccessBlock", { choice: "restrict" })), read), "AccessDenied");
  const blocked = after(held, request("PutPublicAccessBlock", { choice: "all" }));
  t.is(code(blocked, request("PutBucketPolicy", { choice: "public read" })), "AccessDenied");
  t.is(code(after(held, request("PutBucketPolicy", { choice: "no reads" })), request("GetObject")), "AccessDenied");
});

test("an object answers to who wrote it until its bucket's owner owns everything", (t) => {
  const turn = { now: { from: 0, to: 1 }, reach: () => undefined, outcome: () => undefined };
  const tokens = { positions: new Map(), places: new Map() };
  const code = (state: State, one: Request) => answer(state, one, turn, tokens).answer.code;
  const open = after(newBucket(), request("PutBucketPolicy", { choice: "public write" }));
  const write = request("PutObject", { who: "stranger" });
  const foreign = after(open, write);
  const read = request("GetObject");
  t.is(code(foreign, read), "AccessDenied");
  t.is(code(foreign, { ...read, who: "stranger" }), null);
  t.is(code(foreign, { ...read, who: "anonymous" }), "AccessDenied");
  t.is(code(foreign, request("DeleteObject")), null);
  const given = { ...write, headers: { "x-amz-acl": "bucket-owner-full-control" } };
  t.is(code(after(open, given), read), null);
  const enforced = after(foreign, request("PutBucketOwnershipControls", { choice: "BucketOwnerEnforced" }));
  t.is(code(enforced, read), null);
});

test("a form is refused by its policy, and answered as it asks", (t) => {
  const turn = { now: { from: 0, to: 1 }, reach: () => undefined, outcome: () => undefined };
  const tokens = { positions: new Map(), places: new Map() };
  const form = { filename: null, answer: "", fault: null };
  const status = (more: Partial<NonNullable<Request["form"]>>): number =>
    answer(newBucket(), request("PostObject", { form: { ...form, ...more } }), turn, tokens).answer.status;
  t.is(status({}), 204);
  t.is(status({ answer: "201" }), 201);
  t.is(status({ answer: "redirect" }), 303);
  t.is(status({ answer: "999" }), 204);
  t.is(status({ fault: "expired" }), 403);
  t.is(status({ fault: "too small" }), 400);
});

test("an answer that differs anywhere is told from one that agrees", (t) => {
  const expected = { status: 200, code: null, headers: { etag: '"1"', "x-amz-version-id": "?1" }, body: null };
  const observed = {
    status: 200,
    headers: { etag: '"1"', "x-amz-version-id": "v", "x-amz-request-id": "r" },
    bytes: digits,
    xml: null,
  };
  const agreed = compare(expected, observed, false, () => false);
  t.deepEqual(agreed.differences, []);
  t.deepEqual([...agreed.told], [["?1", "v"]]);
  t.is(compare(expected, observed, false, () => true).differences.length, 1, "the id was another version's");
  t.is(compare(expected, { ...observed, status: 204 }, false, () => false).differences[0]?.startsWith("status"), true);
  const more = { ...observed.headers, "x-amz-delete-marker": "true" };
  t.is(compare(expected, { ...observed, headers: more }, false, () => false).differences.length, 1);
});

test("a failing sequence shrinks to the command that fails", (t) => {
  const property = fc.property(sequences(60, 0), ({ commands }) => !commands.some(({ kind }) => kind === "CopyObject"));
  const { failed, counterexample } = fc.check(property, { seed: 7 });
  t.true(failed);
  t.deepEqual(
    counterexample?.[0].commands.map(({ kind }) => kind),
    ["CopyObject"],
  );
});
