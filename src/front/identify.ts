/** Who makes a request: whose signature it bears, or nobody's at all. */

import { anonymousPrincipal, type Principal } from "../account/principal.ts";
import type { Credential } from "../account/principals.ts";
import { TemporaryCredentialsError } from "../account/temporary-credentials.ts";
import { judgeForm, type LengthRange } from "../auth/post-policy.ts";
import { authenticateForm } from "../auth/post-signature.ts";
import { authenticate, type SignedPayload, type SigningPlace } from "../auth/sigv4.ts";
import { isUnsigned, unsignedPayloadOf } from "../auth/unsigned.ts";
import { limits } from "../base/limits.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import type { Operation } from "../operations/context.ts";
import { S3Error } from "../s3/errors.ts";
import type { SharedFacts } from "./judge.ts";
import type { OpenForm } from "./post-form.ts";
import type { PrincipalGate } from "./principal-gate.ts";
import type { TenantHost } from "./tenant-host.ts";

export interface Identified {
  readonly principal: Principal;
  /** Whose signature it bears; null: not signed. */
  readonly credential: Credential | null;
  readonly payload: SignedPayload;
  readonly presigned: boolean;
  /** Those of the request; of a presigned one also those in its query. */
  readonly headers: Headers;
  readonly authType: SharedFacts["authType"];
  readonly signatureVersion: SharedFacts["signatureVersion"];
  readonly timestamp: string;
  /** That it was signed for; "" when it names none. */
  readonly region: string;
}

/** What of a request's place decides who may sign it, and how. */
export interface IdentityPlace {
  readonly signing: SigningPlace;
  readonly tenant: TenantHost | null;
  readonly nowMs: number;
  /** Told the access key as soon as it is known to have signed. */
  readonly signedBy: (accessKeyId: string) => void;
}

/** @throws S3Error those of `authenticate`, InvalidToken, ExpiredToken */
export function identify(
  request: HttpRequest,
  query: ReadonlyMap<string, string>,
  gate: PrincipalGate,
  place: IdentityPlace,
): Identified {
  if (isUnsigned(request.headers, query)) return unsigned(request.headers, unsignedPayloadOf(request.headers));
  let credential: Credential | undefined;
  const lookup = (accessKeyId: string, sessionToken: string | null) => {
    credential = temporaryAsS3(() => gate.credentialAt(place.tenant, accessKeyId, sessionToken));
    return credential;
  };
  const found = authenticate(request, lookup, place.nowMs, place.signing);
  const { accessKeyId, payload, presigned, headers, version, timestamp, region } = found;
  place.signedBy(accessKeyId);
  if (credential === undefined) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
  return {
    principal: credential.principal,
    credential,
    payload,
    presigned,
    headers,
    authType: presigned ? "REST-QUERY-STRING" : "REST-HEADER",
    signatureVersion: version,
    timestamp,
    region,
  };
}

/** What of a form's place decides who may sign it, and how. */
export interface FormPlace extends Omit<IdentityPlace, "signing"> {
  readonly takesVersion2: boolean;
}

/**
 * Who made a POST form, judged by its policy.
 * @throws S3Error those of `authenticateForm` and `judgeForm`, InvalidToken, ExpiredToken
 */
export function identifyForm({ fields, asPut }: OpenForm, gate: PrincipalGate, place: FormPlace): Identified {
  let credential: Credential | undefined;
  const lookup = (accessKeyId: string, sessionToken: string | null) => {
    credential = temporaryAsS3(() => gate.credentialAt(place.tenant, accessKeyId, sessionToken));
    return credential;
  };
  const signed = authenticateForm(fields, lookup, place.takesVersion2);
  if (signed === null) return unsigned(asPut.headers, formPayload({ min: 0, max: limits.singlePutBytesMax }));
  const { accessKeyId, version, timestamp, region, policy } = signed;
  place.signedBy(accessKeyId);
  if (credential === undefined) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
  return {
    principal: credential.principal,
    credential,
    payload: formPayload(judgeForm(policy, fields, place.nowMs)),
    presigned: false,
    headers: asPut.headers,
    authType: "POST",
    signatureVersion: version,
    timestamp,
    region,
  };
}

function formPayload({ min, max }: LengthRange): SignedPayload {
  return { framing: { kind: "form", bytesMin: min, bytesMax: max }, sha256: null };
}

function unsigned(headers: Headers, payload: SignedPayload): Identified {
  return {
    principal: anonymousPrincipal,
    credential: null,
    payload,
    presigned: false,
    headers,
    authType: null,
    signatureVersion: null,
    timestamp: "",
    region: "",
  };
}

/** @throws S3Error InvalidToken, ExpiredToken */
function temporaryAsS3(find: () => Credential | undefined): Credential | undefined {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof TemporaryCredentialsError)) throw error;
    throw new S3Error(error.code === "ExpiredToken" ? "ExpiredToken" : "InvalidToken");
  }
}

/** What must be signed, whatever a policy allows. Source: the messages of S3. */
const signedOnly: ReadonlyMap<string, string> = new Map([
  ["CopyObject", "Anonymous users cannot copy objects. Please authenticate."],
  ["UploadPartCopy", "Anonymous users cannot copy objects. Please authenticate."],
  ["CreateMultipartUpload", "Anonymous users cannot initiate multipart uploads. Please authenticate."],
]);

/** @throws S3Error AccessDenied, InvalidRequest (headers of the answer that the query asks for: AWS GetObject, "Overriding response header values") */
export function checkAnonymous(operation: Operation, query: ReadonlyMap<string, string>): void {
  const { name, createsBucket } = operation;
  if (createsBucket) throw new S3Error("AccessDenied");
  const refusal = signedOnly.get(name);
  if (refusal !== undefined) throw new S3Error("AccessDenied", { Message: refusal });
  if (name !== "GetObject" && name !== "HeadObject") return;
  for (const word of query.keys()) {
    if (!word.startsWith("response-")) continue;
    throw new S3Error("InvalidRequest", {
      Message: "Request specific response headers cannot be used for anonymous GET requests.",
    });
  }
}
