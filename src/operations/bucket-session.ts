/** Sessions of directory buckets (`?session`). */

import { body, header, label } from "../model/member.ts";
import { boolean, enumeration, string, structure, timestamp } from "../model/shape.ts";
import { ServerSideEncryption } from "../s3/enumerations.ts";
import { declareOperation } from "./context.ts";

const SessionCredentials = structure("SessionCredentials", {
  AccessKeyId: body(string, { required: true, xmlName: "AccessKeyId" }),
  SecretAccessKey: body(string, { required: true, xmlName: "SecretAccessKey" }),
  SessionToken: body(string, { required: true, xmlName: "SessionToken" }),
  Expiration: body(timestamp, { required: true, xmlName: "Expiration" }),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html */
export const CreateSession = declareOperation({
  name: "CreateSession",
  http: { method: "GET", uri: "/{Bucket}?session", status: 200 },
  action: "s3express:CreateSession",
  input: structure("CreateSessionRequest", {
    Bucket: label(string),
    SessionMode: header("x-amz-create-session-mode", enumeration("ReadOnly", "ReadWrite")),
    ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
    SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
    SSEKMSEncryptionContext: header("x-amz-server-side-encryption-context", string),
    BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
  }),
  output: structure(
    "CreateSessionOutput",
    {
      Credentials: body(SessionCredentials, { required: true, xmlName: "Credentials" }),
      ServerSideEncryption: header("x-amz-server-side-encryption", ServerSideEncryption),
      SSEKMSKeyId: header("x-amz-server-side-encryption-aws-kms-key-id", string),
      SSEKMSEncryptionContext: header("x-amz-server-side-encryption-context", string),
      BucketKeyEnabled: header("x-amz-server-side-encryption-bucket-key-enabled", boolean),
    },
    { xmlName: "CreateSessionResult" },
  ),
  errors: ["NoSuchBucket"],
});
