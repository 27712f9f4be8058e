/**
 * Every action, from the table: it answers when all is well, and refuses who did not sign, who may not, who is of another
 * account, and what is malformed, unknown or too large. An action without a sample fails.
 */

import test from "ava";
import { limits } from "../base/limits.ts";
import type { Shape } from "../model/shape.ts";
import { formOf, keys, operator, type Params, textOf } from "./iam-stand.testing.ts";
import { queryVersions } from "./query-answer.ts";
import { callerOfSample, openWorld, sampleOf, samples } from "./row-samples.testing.ts";
import { httpRequest } from "./signed-requests.testing.ts";
import { queryActions } from "./table.ts";

/** They always refuse: users have no login profiles. */
const alwaysMissing: readonly string[] = ["DeleteLoginProfile", "GetLoginProfile"];
/** Whoever has signed may call them. */
const needNoPermission: readonly string[] = ["GetCallerIdentity", "GetSessionToken"];

test("every action has a sample, and no other name does", (t) => {
  t.deepEqual(Object.keys(samples).sort(), queryActions.map(({ name }) => name).sort());
});

for (const { name, service, input, output } of queryActions) {
  const code = (answer: { errorCode: string | null }) => answer.errorCode;

  test(`${name}: a good request is answered`, async (t) => {
    const world = await openWorld(t);
    const answer = await world.call(name, sampleOf(name, world), { as: callerOfSample(name) }, service);
    if (alwaysMissing.includes(name)) {
      t.like(answer, { status: 404, errorCode: "NoSuchEntity" });
      return;
    }
    t.is(answer.status, 200, answer.body);
    t.is(answer.action, name);
    const namespace = `xmlns="https://${service}.amazonaws.com/doc/${queryVersions[service]}/"`;
    t.true(answer.body.startsWith(`<${name}Response ${namespace}>`), answer.body);
    t.is(answer.body.includes(`<${name}Result>`), output !== null);
    t.regex(textOf(answer, "RequestId") ?? "", /^R\d+$/);
  });

  test(`${name}: who did not sign is refused`, async (t) => {
    const world = await openWorld(t);
    const form = formOf({ Action: name, Version: queryVersions[service], ...sampleOf(name, world) });
    const answer = await world.serve(httpRequest({ form }), Buffer.from(form));
    t.like(answer, { status: 403, errorCode: "MissingAuthenticationToken" });
  });

  test(`${name}: who has no policy is refused`, async (t) => {
    const world = await openWorld(t);
    const as = name === "AssumeRole" ? keys.admin : keys.user;
    const records = async () => JSON.stringify(await everything(world.store), bigints);
    const before = await records();
    const answer = await world.call(name, sampleOf(name, world), { as }, service);
    if (needNoPermission.includes(name)) t.is(answer.status, 200, answer.body);
    else t.like(answer, { status: 403, errorCode: "AccessDenied" }, answer.body);
    t.is(await records(), before, "nothing was changed");
  });

  test(`${name}: another account sees and changes nothing`, async (t) => {
    const world = await openWorld(t);
    const records = async () => JSON.stringify(await everything(world.store), bigints);
    const before = await records();
    const answer = await world.call(name, sampleOf(name, world), { as: keys.stranger }, service);
    t.true(answer.status < 500, answer.body);
    if (answer.status === 200) {
      t.false(answer.body.includes(operator), answer.body);
      t.false(answer.body.includes("ann<"), answer.body);
    }
    t.is(await records(), before);
  });

  test(`${name}: what is malformed is refused`, async (t) => {
    const world = await openWorld(t);
    const sample = sampleOf(name, world);
    const as = callerOfSample(name);
    const caller = (await world.call("GetCallerIdentity", {}, { as }, "sts")).status;
    t.is(caller, 200);
    const request = { requestId: "R", service, caller: world.callerOf(as) };
    const base = formOf({ Action: name, Version: queryVersions[service], ...sample });
    t.is(code(await world.port({ ...request, form: `${base}&A=%zz` })), "MalformedQueryString");
    t.is(code(await world.port({ ...request, form: `${base}&Action=${name}` })), "InvalidQueryParameter");
    const required = Object.entries(input.members).find(([, { traits }]) => traits.required);
    if (required === undefined) return;
    const wireName = required[1].traits.xmlName ?? required[0];
    const without = Object.fromEntries(
      Object.entries(sample).filter(([key]) => key !== wireName && !key.startsWith(`${wireName}.`)),
    );
    const answer = await world.call(name, without, { as }, service);
    t.like(answer, { status: 400, errorCode: "ValidationError" });
    t.regex(textOf(answer, "Message") ?? "", /must not be null/);
  });

  test(`${name}: an unknown parameter is refused`, async (t) => {
    const world = await openWorld(t);
    const sample = { ...sampleOf(name, world), Bogus: "1" };
    const before = await world.store.revision();
    const answer = await world.call(name, sample, { as: callerOfSample(name) }, service);
    t.like(answer, { status: 400, errorCode: "InvalidQueryParameter" });
    t.is(await world.store.revision(), before, "nothing was changed");
  });

  test(`${name}: what is too large is refused`, async (t) => {
    const world = await openWorld(t);
    const as = callerOfSample(name);
    const sample = sampleOf(name, world);
    const large = "x".repeat(limits.queryBodyBytesMax + 1);
    t.is(code(await world.serve(httpRequest({ form: large }), Buffer.from(large))), "RequestEntityTooLarge");
    const many = Array.from({ length: limits.queryFieldsMax }, (_, index) => [`A${index}`, ""] as const);
    t.is(
      code(await world.call(name, { ...sample, ...Object.fromEntries(many) }, { as }, service)),
      "InvalidQueryParameter",
    );
    const before = await world.store.revision();
    for (const [member, { shape, traits }] of Object.entries(input.members)) {
      const oversized = oversizedValue(traits.xmlName ?? member, shape);
      if (oversized === null) continue;
      const answer = await world.call(name, { ...sample, ...oversized }, { as }, service);
      t.is(answer.status, 400, `${member}: ${answer.body}`);
    }
    t.is(await world.store.revision(), before, "nothing was changed");
  });
}

/** A value beyond the member's bound, or null where it has none. */
function oversizedValue(name: string, shape: Shape): Params | null {
  if (shape.kind === "string" && "max" in shape) return { [name]: "x".repeat(Number(shape.max) + 1) };
  if (shape.kind === "integer") return { [name]: String(shape.max + 1) };
  if (shape.kind !== "list" || !("itemsMax" in shape)) return null;
  const items = Array.from({ length: Number(shape.itemsMax) + 1 }, (_, index) => index + 1);
  const fields = shape.member.kind === "structure" ? Object.keys(shape.member.members).map((key) => `.${key}`) : [""];
  return Object.fromEntries(
    items.flatMap((item) => fields.map((field) => [`${name}.member.${item}${field}`, `value-${item}-`.repeat(4)])),
  );
}

/** Every record but the audit log, of which a refusal may be a row. */
async function everything(store: {
  list(prefix: string, after: string, limit: number): Promise<readonly { key: string; value: Uint8Array }[]>;
}) {
  const rows: (readonly [string, string])[] = [];
  for (let after = ""; ; ) {
    const page = await store.list("", after, 1000);
    for (const { key, value } of page) {
      const isAnswer = key.startsWith("audit/") || key.startsWith("account-audit/") || key.includes("222222222222");
      if (!isAnswer) rows.push([key, Buffer.from(value).toString("base64")]);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < 1000) return rows;
    after = last.key;
  }
}

const bigints = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
