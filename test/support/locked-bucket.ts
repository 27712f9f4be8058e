/** Buckets with object lock, for tests through AWS's SDK. */

import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  type ObjectLockRule,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import type { Stand } from "./each-front.ts";
import { operatorWith, userWith } from "./identities.ts";

const objects = "arn:aws:s3:::*/*";
const allow = (Action: string[], Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource: objects,
  ...(Condition === undefined ? {} : { Condition }),
});
/** One account, with users that may some of what locks take. */
export const identities = {
  accounts: [
    operatorWith([
      userWith("remover", [
        allow(["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention", "s3:GetObject"]),
      ]),
      userWith("writer", [allow(["s3:PutObject"])]),
      userWith("maker", [{ Effect: "Allow", Action: ["s3:CreateBucket"], Resource: "arn:aws:s3:::*" }]),
      userWith("weekly", [
        allow(["s3:PutObject", "s3:PutObjectRetention"], {
          NumericLessThanEquals: { "s3:object-lock-remaining-retention-days": "7" },
        }),
      ]),
    ]),
  ],
};

export type At = Pick<Stand, "s3" | "endpoint" | "bucket">;
type Mode = "GOVERNANCE" | "COMPLIANCE";

export const dayMs = 86_400_000;
const startMs = Math.floor(Date.now() / 1000) * 1000;
/** The same time whenever it is asked. */
export const inDays = (days: number): Date => new Date(startMs + days * dayMs);

/** A bucket with object lock of its own. */
export const locked = async ({ s3, bucket, endpoint }: At): Promise<At> => {
  const name = `${bucket}-lock`;
  await s3.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
  return { s3, bucket: name, endpoint };
};

export const put = ({ s3, bucket }: At, more: Partial<PutObjectCommandInput> = {}, client = s3) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "body", ...more }));

export const putRetained = (at: At, mode: Mode, days = 1) =>
  put(at, { ObjectLockMode: mode, ObjectLockRetainUntilDate: inDays(days) });

export interface Removal {
  readonly VersionId?: string | undefined;
  readonly BypassGovernanceRetention?: boolean;
}

export const remove = ({ s3, bucket }: At, removal: Removal, client = s3) =>
  client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", ...removal }));

export const retain = ({ s3, bucket }: At, Mode: Mode, until: Date, more: Removal = {}, client = s3) =>
  client.send(
    new PutObjectRetentionCommand({ Bucket: bucket, Key: "k", Retention: { Mode, RetainUntilDate: until }, ...more }),
  );

export const retentionOf = async ({ s3, bucket }: At, VersionId?: string) =>
  (await s3.send(new GetObjectRetentionCommand({ Bucket: bucket, Key: "k", VersionId }))).Retention;

export const hold = ({ s3, bucket }: At, Status: "ON" | "OFF", VersionId?: string) =>
  s3.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: "k", LegalHold: { Status }, VersionId }));

export const configureLock = ({ s3, bucket }: At, Rule?: ObjectLockRule) =>
  s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...(Rule === undefined ? {} : { Rule }) },
    }),
  );

export const versionCount = async ({ s3, bucket }: At): Promise<number> =>
  ((await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))).Versions ?? []).length;
