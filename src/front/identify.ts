/** Who makes a request: whose signature it bears, or nobody's at all. */

import { anonymousPrincipal, type Principal } from "../account/principal.ts";
import type { Credential } from "../account/principals.ts";
import { TemporaryCredentialsError } from "../account/temporary-credentials.ts";
import { authenticate, type SignedPayload, type SigningPlace } from "../auth/sigv4.ts";
import { isUnsigned, unsignedPayloadOf } from "../auth/unsigned.ts";
import type { Headers, HttpRequest } from "../model/http.ts";
import type { Operation } from "../operations/context.ts";
import { S3Error } from "../s3/errors.ts";
import type { SharedFacts } from "./judge.ts";
import type { PrincipalGate } from "./principal-gate.ts";
import type { TenantHost } from "./tenant-host.ts";

export interface Identified {
  readonly principal: Principal;
  /** Null: not signed. */
  readonly accessKeyId: string | null;
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
  if (isUnsigned(request.headers, query)) return unsigned(request);
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
    accessKeyId,
    payload,
    presigned,
    headers,
    authType: presigned ? "REST-QUERY-STRING" : "REST-HEADER",
    signatureVersion: version,
    timestamp,
    region,
  };
}

function unsigned({ headers }: HttpRequest): Identified {
  return {
    principal: anonymousPrincipal,
    accessKeyId: null,
    payload: unsignedPayloadOf(headers),
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
