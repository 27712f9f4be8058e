/**
 * The reference model: what S3 answers to a request in a given state, and the state after it. It shares nothing with the
 * server; every rule is from the AWS API reference and the S3 user guide.
 */

import { listObjects, listObjectsV2, listUploads, listVersions, type Tokens } from "./listings.ts";
import { attributes, read } from "./reads.ts";
import { newBucket, nullStateOf, Refusal, type Request, type Result, type State, type Turn } from "./state.ts";
import { abortUpload, completeUpload, createUpload, listParts, uploadPart, uploadPartCopy } from "./uploads.ts";
import { type NullOperation, type Operation, statusOf, versioningStates } from "./vocabulary.ts";
import { copyObject, deleteObject, deleteObjects, putObject } from "./writes.ts";

type Rule = (state: State, request: Request, turn: Turn, tokens: Tokens) => Result;

const done = (state: State, status = 200): Result => ({
  state,
  answer: { status, code: null, headers: {}, body: null },
});

/** Total: an operation without a rule does not compile. */
const rules: Readonly<Record<Operation, Rule>> = {
  // One's own bucket once more: us-east-1 says that all is well, other regions BucketAlreadyOwnedByYou.
  CreateBucket: (state) => done(state),
  HeadBucket: (state) => done(state),
  DeleteBucket: (state) => {
    if (state.keys.size > 0) throw new Refusal("BucketNotEmpty");
    return done({ ...state, exists: false }, 204);
  },
  PutBucketVersioning: (state, { query }) => {
    const versioning = versioningStates.find((word) => word === query["status"] && word !== "Off");
    if (versioning === undefined) throw new Refusal("MalformedXML");
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
};

const keyBytesMax = 1024;

/** Answers a request. @returns the answer, and the state that follows */
export function answer(state: State, request: Request, turn: Turn, tokens: Tokens): Result {
  turn.reach(`operation ${request.operation}`);
  turn.reach(`versioning ${state.versioning} × ${request.operation}`);
  const nullOperation = nullOperationOf(request);
  if (nullOperation !== null) turn.reach(`${state.versioning}, ${nullStateOf(state, request.key)} × ${nullOperation}`);
  try {
    if (Buffer.byteLength(request.key) > keyBytesMax) throw new Refusal("KeyTooLongError");
    if (!state.exists) {
      if (request.operation !== "CreateBucket") throw new Refusal("NoSuchBucket");
      return done(newBucket(state.nextId));
    }
    return rules[request.operation](state, request, turn, tokens);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    turn.reach(`error ${error.code}`);
    const { code, headers } = error;
    return { state, answer: { status: statusOf[code], code, headers, body: null } };
  }
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
