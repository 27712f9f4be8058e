/**
 * S3 Control: tags of buckets by their ARNs, and the public access block of an account. Every other call of that API answers 405.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
 */

import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Tag } from "../control/identity-records.ts";
import type { BucketRecord } from "../control/records.ts";
import type { HttpRequest } from "../model/http.ts";
import { body } from "../model/member.ts";
import { list, string, structure, type ValueOf } from "../model/shape.ts";
import { compileXmlReader } from "../model/xml-read.ts";
import { compileXmlContent, escapeXml, xmlDeclaration } from "../model/xml-write.ts";
import { askedBlock, PublicAccessBlockConfiguration, shownBlock } from "../operations/public-access-document.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import { asS3Error, fromOutcome, S3Error } from "../s3/errors.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";
import { percentDecode } from "../s3/uri.ts";
import type { Caller } from "./caller.ts";
import type { AskControl } from "./ports.ts";
import { type InputTags, tagsAsked } from "./targets.ts";

const namespace = "http://awss3control.amazonaws.com/doc/2018-08-20/";
const version = "/v20180820/";
const accountHeader = "x-amz-account-id";
const blockPath = `${version}configuration/publicAccessBlock`;
const tagsPath = `${version}tags/`;

/** Its paths are those of a bucket of an unlikely name; no request to S3 has the header. */
export function isS3Control({ rawPath, headers }: Pick<HttpRequest, "rawPath" | "headers">): boolean {
  return rawPath.startsWith(version) && headers.has(accountHeader);
}

/** A request whose signature was verified, as one to S3. */
export interface S3ControlRequest {
  readonly requestId: string;
  readonly request: Pick<HttpRequest, "method" | "rawPath" | "rawQuery" | "headers">;
  /** The whole of it, verified. */
  readonly body: Uint8Array;
  readonly caller: Caller;
}

export interface S3ControlAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface S3ControlOptions {
  /** The newest record of a bucket. */
  readonly bucket: (name: string) => BucketRecord | undefined;
  /** What a bucket's policy says; null: it has none. */
  readonly bucketPolicy: (bucket: BucketRecord) => CompiledPolicy | null;
  /** The newest record of an account's public access block. */
  readonly publicAccessBlock: (accountId: string) => PublicAccessBlock | undefined;
  readonly askControl: AskControl;
  readonly log: Log;
}

const TagShape = structure("Tag", { Key: body(string, { required: true }), Value: body(string, { required: true }) });
const tagList = list(TagShape, "Tag");
const TagResourceRequest = structure("TagResourceRequest", { Tags: body(tagList, { required: true }) });
const ListTagsForResourceResult = structure("ListTagsForResourceResult", { Tags: body(tagList) });

const readTags = compileXmlReader("TagResourceRequest", TagResourceRequest, namespace);
const readBlock = compileXmlReader("PublicAccessBlockConfiguration", PublicAccessBlockConfiguration, namespace);
const writeBlock = compileXmlContent(PublicAccessBlockConfiguration);
const writeTags = compileXmlContent(ListTagsForResourceResult);

/** @returns the port that answers requests; it never rejects */
export function s3ControlPort(options: S3ControlOptions): (request: S3ControlRequest) => Promise<S3ControlAnswer> {
  return async (request) => {
    try {
      return await serve(options, request);
    } catch (error) {
      const known = asS3Error(error);
      if (known === null) options.log.error({ requestId: request.requestId, error }, "a request to S3 Control failed");
      return s3ControlRefusal(known ?? new S3Error("InternalError"), request.requestId);
    }
  };
}

async function serve(options: S3ControlOptions, control: S3ControlRequest): Promise<S3ControlAnswer> {
  const { request, caller, requestId } = control;
  const { method, rawPath, headers } = request;
  const accountId = headers.get(accountHeader) ?? "";
  if (!/^\d{12}$/.test(accountId)) {
    throw new S3Error("InvalidRequest", { Message: `${accountHeader} must be an account's 12 digits.` });
  }
  if (accountId !== caller.principal.account.accountId) throw new S3Error("AccessDenied");
  if (rawPath === blockPath) return serveBlock(options, control, accountId);
  if (!rawPath.startsWith(tagsPath)) throw notAllowed(method);
  const bucket = bucketOfArn(options, percentDecode(rawPath.slice(tagsPath.length)), accountId);
  switch (method) {
    case "GET":
      authorise(options, caller, "s3:ListTagsForResource", bucket, []);
      return answer(200, resultOf(bucket.tags ?? []), requestId);
    case "POST": {
      const { Tags } = readTags(control.body) as ValueOf<typeof TagResourceRequest>;
      authorise(options, caller, "s3:TagResource", bucket, Tags);
      const tags = recordTags(Tags);
      fromOutcome(await options.askControl("bucket.tag", { name: bucket.name, tags }));
      return answer(204, "", requestId);
    }
    case "DELETE": {
      const keys = tagKeysOf(request.rawQuery);
      authorise(
        options,
        caller,
        "s3:UntagResource",
        bucket,
        keys.map((Key) => ({ Key, Value: "" })),
      );
      fromOutcome(await options.askControl("bucket.untag", { name: bucket.name, keys }));
      return answer(204, "", requestId);
    }
    default:
      throw notAllowed(method);
  }
}

/** Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html and its neighbours. */
async function serveBlock(
  { publicAccessBlock, askControl }: S3ControlOptions,
  { request: { method }, body: sent, caller, requestId }: S3ControlRequest,
  accountId: string,
): Promise<S3ControlAnswer> {
  const side = { policy: null, accountId };
  const demand = (action: string): void => {
    if (caller.allows(action, "*", {}, side).effect !== "Allow") throw new S3Error("AccessDenied");
  };
  const set = async (block: PublicAccessBlock | null): Promise<S3ControlAnswer> => {
    fromOutcome(await askControl("account.setPublicAccessBlock", { accountId, block }));
    return answer(200, "", requestId);
  };
  switch (method) {
    case "GET": {
      demand("s3:GetAccountPublicAccessBlock");
      const block = publicAccessBlock(accountId);
      if (block === undefined) throw new S3Error("NoSuchPublicAccessBlockConfiguration");
      const root = `PublicAccessBlockConfiguration xmlns="${namespace}"`;
      const content = writeBlock(shownBlock(block));
      return answer(200, `${xmlDeclaration}<${root}>${content}</PublicAccessBlockConfiguration>`, requestId);
    }
    case "PUT":
      demand("s3:PutAccountPublicAccessBlock");
      return set(askedBlock(readBlock(sent) as ValueOf<typeof PublicAccessBlockConfiguration>));
    case "DELETE":
      demand("s3:PutAccountPublicAccessBlock");
      return set(null);
    default:
      throw notAllowed(method);
  }
}

const arnPattern = /^arn:aws:s3:::([^/*?]+)$/;

/** A live bucket of the account. @throws S3Error InvalidRequest (another kind of resource), NoSuchBucket */
function bucketOfArn({ bucket }: S3ControlOptions, arn: string, accountId: string): BucketRecord {
  const name = arnPattern.exec(arn)?.[1];
  if (name === undefined) {
    throw new S3Error("InvalidRequest", { Message: "Only buckets have tags here: arn:aws:s3:::bucket." });
  }
  const record = bucket(name);
  // Another account's bucket is answered as one that does not exist.
  if (record?.state !== "live" || record.accountId !== accountId) {
    throw new S3Error("NoSuchBucket", { BucketName: name });
  }
  return record;
}

function authorise(
  { bucketPolicy }: S3ControlOptions,
  caller: Caller,
  action: string,
  bucket: BucketRecord,
  tags: InputTags,
): void {
  const side = { policy: bucketPolicy(bucket), accountId: bucket.accountId };
  const { effect } = caller.allows(action, `arn:aws:s3:::${bucket.name}`, tagsAsked(tags), side);
  if (effect !== "Allow") throw new S3Error("AccessDenied");
}

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** @throws S3Error InvalidTag */
function recordTags(added: InputTags): Tag[] {
  for (const { Key, Value } of added) {
    const isKey = Key !== "" && Key.length <= limits.tagKeyCharsMax && tagText.test(Key) && !/^aws:/i.test(Key);
    const isValue = Value.length <= limits.tagValueCharsMax && tagText.test(Value);
    if (!isKey || !isValue) throw new S3Error("InvalidTag", { TagKey: Key.slice(0, limits.tagKeyCharsMax) });
  }
  const keys = new Set(added.map(({ Key }) => Key));
  if (keys.size !== added.length) {
    throw new S3Error("InvalidTag", { Message: "Cannot provide multiple Tags with the same key" });
  }
  return added.map(({ Key, Value }) => ({ key: Key, value: Value }));
}

/** `tagKeys=a&tagKeys=b` */
function tagKeysOf(rawQuery: string): string[] {
  const keys = rawQuery.split("&").flatMap((word) => {
    const [name = "", value = ""] = word.split("=", 2);
    return name === "tagKeys" ? [percentDecode(value.replaceAll("+", " "))] : [];
  });
  if (keys.length >= 1 && keys.length <= limits.tagsPerBucketMax) return keys;
  throw new S3Error("InvalidRequest", { Message: `tagKeys must name 1 to ${limits.tagsPerBucketMax} tags.` });
}

function resultOf(tags: readonly Tag[]): string {
  const value = { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) };
  const content = writeTags(value);
  return `${xmlDeclaration}<ListTagsForResourceResult xmlns="${namespace}">${content}</ListTagsForResourceResult>`;
}

function notAllowed(method: string): S3Error {
  return new S3Error("MethodNotAllowed", { Method: method, ResourceType: "SERVICE" });
}

function answer(status: number, text: string, requestId: string): S3ControlAnswer {
  const ids = [["x-amz-request-id", requestId]] as const;
  return { status, headers: text === "" ? ids : [["content-type", "application/xml"], ...ids], body: text };
}

/** The answer to a request that was refused; an error of S3 in this API's form. */
export function s3ControlRefusal({ status, code, message }: S3Error, requestId: string): S3ControlAnswer {
  const error = `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
  const ids = `<RequestId>${escapeXml(requestId)}</RequestId><HostId>${escapeXml(requestId)}</HostId>`;
  return answer(
    status,
    `${xmlDeclaration}<ErrorResponse xmlns="${namespace}">${error}${ids}</ErrorResponse>`,
    requestId,
  );
}
