/** In-memory stand-ins for what stands behind handlers, for the tests of this folder. */

import type { Principal } from "../account/principal.ts";
import type { BodyPlan } from "../auth/body-plan.ts";
import { assert } from "../base/assert.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { bucketId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { systemRandom } from "../base/random.ts";
import type { BucketConfiguration } from "../bucket/configuration.ts";
import type { ConfiguredBucket } from "../bucket/configuration-reader.ts";
import type { BodySource, BucketMessageType, BucketReply, BucketRequest } from "../bucket/messages.ts";
import type { ObjectView, OpenObject } from "../bucket/read.ts";
import { newAccount } from "../control/identity-records.ts";
import type { ControlProtocol } from "../control/messages.ts";
import type { BucketRecord } from "../control/records.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import { RingKeyService } from "../keyring/key-service.ts";
import type { Headers, HttpRequest, RequestBody } from "../model/http.ts";
import { decodeInput, type EncodedAnswer, encodeOutput } from "../model/http-binding.ts";
import { asS3Error, S3Error } from "../s3/errors.ts";
import { effectiveBlock, type PublicAccessBlock } from "../s3/public-access.ts";
import { parseQuery } from "../s3/uri.ts";
import { noQuota } from "../storage/bucket-row.ts";
import type { Context, Services } from "./context.ts";
import { DataKeys } from "./data-keys.ts";
import { operations } from "./table.ts";
import { verifyWholeBody } from "./whole-body-digest.ts";

/** A clock whose timers keep the test alive and run in the next turn of the event loop. */
export const promptClock: Clock = {
  ...systemClock,
  after: (_delayMs, run) => {
    const turn = setImmediate(run);
    return { cancel: () => clearImmediate(turn) };
  },
};

const ring = KeyRing.inMemory(systemRandom);

export const testBucket: BucketRecord = {
  name: "bucket",
  id: bucketId("0".repeat(31).concat("1")),
  accountId: "111122223333",
  partition: 0,
  addressKey: new Uint8Array(32),
  location: null,
  state: "live",
  createdMs: 0,
};

const principal: Principal = {
  account: newAccount({
    accountId: "111122223333",
    canonicalId: "c".repeat(64),
    displayName: "owner",
    kind: "customer",
    parent: null,
    createdMs: 0,
  }),
  name: "root",
  role: "root",
  identity: {
    kind: "root",
    accountId: "111122223333",
    canonicalId: "c".repeat(64),
    arn: "arn:aws:iam::111122223333:root",
    roleArn: null,
    roleId: null,
    userId: "111122223333",
  },
  userName: null,
  tags: [],
  policies: [],
  boundary: null,
  sessionPolicies: null,
  isUnbounded: true,
  temporary: null,
  accessKeyId: "AKIATEST",
};

/** Answers of a bucket actor, by message. */
type BucketAnswers = { readonly [T in BucketMessageType]?: (request: BucketRequest<T>) => BucketReply<T> };
/** Answers of the control actor, by message. */
type ControlAnswers = {
  readonly [T in keyof ControlProtocol]?: (request: ControlProtocol[T][0]) => ControlProtocol[T][1];
};

export interface World {
  readonly bucket?: BucketAnswers;
  readonly control?: ControlAnswers;
  readonly buckets?: readonly BucketRecord[];
  /** Of every bucket. */
  readonly configuration?: Partial<BucketConfiguration>;
  /** Public access block of every account. */
  readonly accountBlock?: PublicAccessBlock;
  /** Objects by key, with their bytes. */
  readonly objects?: ReadonlyMap<string, { readonly view: ObjectView; readonly bytes: Uint8Array }>;
  readonly upload?: ReturnType<Services["objects"]["upload"]>;
  /** Keys that `authorize` denies. */
  readonly denied?: ReadonlySet<string>;
}

export interface Sent {
  /** Messages to bucket and control actors, in order. */
  readonly messages: [type: string, request: unknown][];
  readonly plans: BodyPlan[];
  /** Bytes of each stored body. */
  readonly bodies: Buffer[];
}

/** The first message's request. */
export const firstRequest = ({ messages }: Sent): Readonly<Record<string, unknown>> => {
  const [first] = messages;
  assert(first !== undefined, "a message was sent");
  return first[1] as Readonly<Record<string, unknown>>;
};

const headersOf = (values: Readonly<Record<string, string>>): Headers => ({
  get: (name) => values[name],
  has: (name) => Object.hasOwn(values, name),
  entries: () => Object.entries(values),
});

/** An object as a reader shows it. */
export const viewOf = (bytes: Uint8Array, members: Partial<ObjectView> = {}): ObjectView => ({
  isDeleteMarker: false,
  sizeBytes: bytes.length,
  modifiedMs: Date.UTC(2026, 0, 1),
  etag: "0".repeat(32),
  metadata: {},
  checksum: null,
  checksumType: "FULL_OBJECT",
  partsCount: null,
  versionId: null,
  locationKind: "inline",
  part: (partNumber) =>
    partNumber === 1 ? { partNumber, sizeBytes: bytes.length, start: 0, end: bytes.length, checksum: null } : null,
  parts: () => [],
  ...members,
});

const bodyOf = (bytes: Uint8Array): RequestBody => ({
  contentLength: bytes.length,
  consume: (sink) => {
    if (bytes.length > 0) sink.data(bytes);
    sink.end();
  },
  pause: () => {},
  resume: () => {},
});

const collect = (body: RequestBody): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    body.consume({
      data: (chunk) => void pieces.push(Buffer.from(chunk)),
      end: () => resolve(Buffer.concat(pieces)),
      aborted: () => reject(new S3Error("IncompleteBody")),
    });
  });

/** A bucket with these fields set. */
export const configuredWith = (values: Partial<BucketConfiguration>): ConfiguredBucket => ({
  row: { state: "open", versioning: "Off", createdMs: 0, quota: noQuota, fields: 0, configuredSeq: 0 },
  get: (field) => values[field] ?? null,
  derived: (field, make) => {
    const value = values[field];
    return value === undefined ? null : make(value);
  },
});

const servicesOf = (world: World, sent: Sent): Services => ({
  control: {
    refresh: () => {},
    bucket: (name) => world.buckets?.find((bucket) => bucket.name === name),
    bucketsOf: (_accountId, prefix, after, limit) => {
      assert(limit <= limits.bucketsPerAccountMax + 1, "a page of buckets has a bounded size");
      return (world.buckets ?? []).filter(({ name }) => name.startsWith(prefix) && name > after).slice(0, limit);
    },
    record: () => undefined,
    account: () => principal.account,
    accountOfCanonicalId: (id) => (id === principal.account.canonicalId ? principal.account : undefined),
    accountsOfRootEmail: () => [],
  },
  askControl: async (type, request) => {
    sent.messages.push([type, request]);
    const answer = world.control?.[type];
    assert(answer !== undefined, `the test answers ${type}`);
    return answer(request);
  },
  askBucket: async (_bucket, type, request) => {
    sent.messages.push([type, request]);
    const answer = world.bucket?.[type];
    assert(answer !== undefined, `the test answers ${type}`);
    return answer(request);
  },
  configurationOf: () => configuredWith(world.configuration ?? {}),
  publicAccessBlockOf: () => effectiveBlock(world.configuration?.publicAccessBlock ?? null, world.accountBlock ?? null),
  objects: {
    read: (at, use) => {
      const object = world.objects?.get(at.key);
      const open: OpenObject = (start, length) => {
        assert(object !== undefined, "opened objects exist");
        return object.bytes.subarray(start, start + length);
      };
      return use(object?.view ?? null, open);
    },
    upload: () => world.upload ?? null,
  },
  bodies: {
    store: async (_address, body, plan) => {
      sent.plans.push(plan);
      sent.bodies.push(await collect(body));
      const source: BodySource = { kind: "slot", slot: 0, length: 0, plan };
      return source;
    },
    release: () => {},
  },
  encryption: {
    dataKeys: new DataKeys({
      ring,
      service: new RingKeyService(ring),
      keyIds: ["first", "second"],
      random: systemRandom,
      clock: promptClock,
    }),
    takesCustomerKeys: ({ secure }) => secure,
  },
  clock: promptClock,
  eventTargets: new Set(["target"]),
  region: "us-east-1",
  defaultOwnership: null,
  dayMs: 86_400_000,
});

export interface Asked {
  readonly method: string;
  /** Path and query, as on the wire. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const contextOf = (request: HttpRequest, asked: Asked, world: World, sent: Sent): Context => ({
  requestId: "r",
  hostId: "h",
  principal,
  request,
  query: parseQuery(request.rawQuery),
  wholeBody: Buffer.from(asked.body ?? ""),
  bucket: testBucket,
  payload: { framing: { kind: "plain" }, sha256: null },
  services: servicesOf(world, sent),
  authorize: (_action, bucket, key) => {
    if (world.denied?.has(key) === true) throw new S3Error("AccessDenied");
    const record = [testBucket, ...(world.buckets ?? [])].find(({ name }) => name === bucket);
    if (record === undefined) throw new S3Error("NoSuchBucket", { BucketName: bucket });
    return record;
  },
  authorizeBody: (_action, key) => {
    if (world.denied?.has(key) === true) throw new S3Error("AccessDenied");
  },
  allows: (_action, key) => world.denied?.has(key) !== true,
  report: () => undefined,
});

/** Decodes, handles and encodes one request for the operation called `name`. @throws what the handler throws */
export const perform = async (
  name: string,
  asked: Asked,
  world: World,
): Promise<{ answer: EncodedAnswer; sent: Sent }> => {
  const operation = operations.find((row) => row.name === name);
  assert(operation !== undefined && operation.handler !== null, `${name} is served`);
  const [rawPath = "/bucket/key", rawQuery = ""] = (asked.url ?? "/bucket/key").split("?");
  const headers = headersOf(asked.headers ?? {});
  const body = bodyOf(Buffer.from(asked.body ?? ""));
  const request = { method: asked.method, rawPath, rawQuery, headers, remoteAddress: "", secure: false, body };
  const sent: Sent = { messages: [], plans: [], bodies: [] };
  const context = contextOf(request, asked, world, sent);
  if (operation.readsBody === "xml") verifyWholeBody(operation, context);
  const input = decodeInput(operation, {
    bucket: rawPath.split("/")[1] ?? null,
    key: rawPath.split("/").slice(2).join("/") || null,
    query: context.query,
    headers,
    body: context.wholeBody,
  });
  return { answer: encodeOutput(operation, await operation.handler(input, context)), sent };
};

/** The code of the S3 error that a request ends in. */
export const refusedWith = async (name: string, asked: Asked, world: World = {}): Promise<S3Error> => {
  try {
    await perform(name, asked, world);
  } catch (error) {
    const known = asS3Error(error);
    if (known !== null) return known;
    throw error;
  }
  throw new Error(`${name} was not refused`);
};
