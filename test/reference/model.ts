/**
 * The reference model: what S3 answers to a request in a given state, and the state after it. It shares nothing with the
 * server; every rule is from the AWS API reference and the S3 user guide.
 */

import { crossOrigin, judgeAccess, preflight } from "./access.ts";
import { getDocument, policyStatus, putDocument, removeDocument } from "./documents.ts";
import { postObject } from "./forms.ts";
import { listObjects, listObjectsV2, listUploads, listVersions, type Tokens } from "./listings.ts";
import { attributes, read } from "./reads.ts";
import {
  newBucket,
  nullStateOf,
  Refusal,
  type Request,
  type Result,
  type State,
  type Subresource,
  type Turn,
} from "./state.ts";
import {
  deleteTagging,
  getHold,
  getLock,
  getObjectAcl,
  getRetention,
  getTagging,
  putHold,
  putLock,
  putObjectAcl,
  putRetention,
  putTagging,
} from "./subresources.ts";
import { abortUpload, completeUpload, createUpload, listParts, uploadPart, uploadPartCopy } from "./uploads.ts";
import {
  coreOperations,
  type ErrorCode,
  featureOperations,
  type NullOperation,
  type Operation,
  statusOf,
  versioningStates,
} from "./vocabulary.ts";
import { copyObject, deleteObject, deleteObjects, putObject } from "./writes.ts";

type Rule = (state: State, request: Request, turn: Turn, tokens: Tokens) => Result;

const done = (state: State, status = 200): Result => ({
  state,
  answer: { status, code: null, headers: {}, body: null },
});

const put =
  (name: Subresource): Rule =>
  (state, request) =>
    putDocument(name, state, request);
const get =
  (name: Subresource): Rule =>
  (state, _request, turn) =>
    getDocument(name, state, turn);
const remove =
  (name: Subresource): Rule =>
  (state) =>
    removeDocument(name, state);

/** Total: an operation without a rule does not compile. */
const rules: Readonly<Record<Operation, Rule>> = {
  // One's own bucket once more: us-east-1 says that all is well and resets its ACL.
  CreateBucket: (state) => done(removeDocument("acl", state).state),
  HeadBucket: (state) => done(state),
  DeleteBucket: (state) => {
    if (state.keys.size > 0) throw new Refusal("BucketNotEmpty");
    return done({ ...state, exists: false }, 204);
  },
  PutBucketVersioning: (state, { query }) => {
    const versioning = versioningStates.find((word) => word === query["status"] && word !== "Off");
    if (versioning === undefined) throw new Refusal("MalformedXML");
    const needsVersions = state.lock !== null || state.settings.has("replication");
    if (needsVersions && versioning === "Suspended") throw new Refusal("InvalidBucketState");
    return done({ ...state, versioning });
  },
  GetBucketVersioning: (state) => ({
    state,
    answer: {
      status: 200,
      code: null,
      headers: {},
      body: { VersioningConfiguration: state.versioning === "Off" ? {} : { Status: state.versioning } },
    },
  }),
  PutObject: putObject,
  GetObject: (state, request, turn) => ({ state, answer: read(state, request, turn) }),
  HeadObject: (state, request, turn) => ({ state, answer: read(state, request, turn) }),
  GetObjectAttributes: (state, request, turn) => ({ state, answer: attributes(state, request, turn) }),
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  CopyObject: copyObject,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listVersions,
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
  ListParts: listParts,
  ListMultipartUploads: listUploads,
  PutObjectTagging: putTagging,
  GetObjectTagging: getTagging,
  DeleteObjectTagging: deleteTagging,
  PutObjectLockConfiguration: putLock,
  GetObjectLockConfiguration: getLock,
  PutObjectRetention: putRetention,
  GetObjectRetention: getRetention,
  PutObjectLegalHold: putHold,
  GetObjectLegalHold: getHold,
  PutObjectAcl: putObjectAcl,
  GetObjectAcl: getObjectAcl,
  GetBucketPolicyStatus: policyStatus,
  Preflight: preflight,
  PutBucketPolicy: put("policy"),
  GetBucketPolicy: get("policy"),
  DeleteBucketPolicy: remove("policy"),
  PutPublicAccessBlock: put("publicAccessBlock"),
  GetPublicAccessBlock: get("publicAccessBlock"),
  DeletePublicAccessBlock: remove("publicAccessBlock"),
  PutBucketOwnershipControls: put("ownershipControls"),
  GetBucketOwnershipControls: get("ownershipControls"),
  DeleteBucketOwnershipControls: remove("ownershipControls"),
  PutBucketAcl: put("acl"),
  GetBucketAcl: get("acl"),
  PutBucketTagging: put("tagging"),
  GetBucketTagging: get("tagging"),
  DeleteBucketTagging: remove("tagging"),
  PutBucketCors: put("cors"),
  GetBucketCors: get("cors"),
  DeleteBucketCors: remove("cors"),
  PutBucketEncryption: put("encryption"),
  GetBucketEncryption: get("encryption"),
  DeleteBucketEncryption: remove("encryption"),
  PutBucketLifecycleConfiguration: put("lifecycle"),
  GetBucketLifecycleConfiguration: get("lifecycle"),
  DeleteBucketLifecycle: remove("lifecycle"),
  PutBucketWebsite: put("website"),
  GetBucketWebsite: get("website"),
  DeleteBucketWebsite: remove("website"),
  PutBucketNotificationConfiguration: put("notification"),
  GetBucketNotificationConfiguration: get("notification"),
  PutBucketLogging: put("logging"),
  GetBucketLogging: get("logging"),
  PostObject: postObject,
  PutBucketReplication: put("replication"),
  GetBucketReplication: get("replication"),
  DeleteBucketReplication: remove("replication"),
};

const keyBytesMax = 1024;

/** Answers a request. @returns the answer, and the state that follows */
export function answer(state: State, request: Request, turn: Turn, tokens: Tokens): Result {
  const result = decided(state, request, turn, tokens);
  return { ...result, answer: crossOrigin(state, request, result.answer, turn) };
}

function decided(state: State, request: Request, turn: Turn, tokens: Tokens): Result {
  turn.reach(`operation ${request.operation}`);
  const core = coreOperations.find((name) => name === request.operation);
  if (core !== undefined) turn.reach(`versioning ${state.versioning} × ${core}`);
  const nullOperation = nullOperationOf(request);
  if (nullOperation !== null) turn.reach(`${state.versioning}, ${nullStateOf(state, request.key)} × ${nullOperation}`);
  try {
    if (Buffer.byteLength(request.key) > keyBytesMax) throw new Refusal("KeyTooLongError");
    if (request.operation === "Preflight") {
      const result = preflight(state, request);
      reachAnswer("Preflight", "done", turn);
      return result;
    }
    if (!state.exists) {
      if (request.operation !== "CreateBucket") throw new Refusal("NoSuchBucket");
      const made = newBucket(state.nextId);
      const hasLock = request.headers["x-amz-bucket-object-lock-enabled"] === "true";
      return done(hasLock ? { ...made, versioning: "Enabled", lock: { mode: null, days: 0 } } : made);
    }
    judgeAccess(state, request, turn);
    const result = rules[request.operation](state, request, turn, tokens);
    reachAnswer(request.operation, "done", turn);
    return result;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    turn.reach(`error ${error.code}`);
    reachAnswer(request.operation, error.code, turn);
    const { code, headers } = error;
    return { state, answer: { status: statusOf[code], code, headers, body: null } };
  }
}

function reachAnswer(operation: Operation, outcome: "done" | ErrorCode, turn: Turn): void {
  const feature = featureOperations.find((name) => name === operation);
  if (feature !== undefined) turn.reach(`answer ${feature} ${outcome}`);
  turn.outcome(operation, outcome);
}

/** What a request means to the null version of its key. */
function nullOperationOf({ operation, query }: Request): NullOperation | null {
  const version = query["versionId"];
  const which = version === undefined ? "" : version === "null" ? " null" : " version";
  switch (operation) {
    case "PutObject":
      return "put";
    case "CopyObject":
      return "copy";
    case "CompleteMultipartUpload":
      return "complete";
    case "GetObject":
      return `get${which}`;
    case "HeadObject":
      return version === undefined ? "head" : null;
    case "DeleteObject":
      return `delete${which}`;
    default:
      return null;
  }
}
