/** Lists of buckets. */

import { limits } from "../base/limits.ts";
import type { BucketRecord } from "../control/records.ts";
import { body, query } from "../model/member.ts";
import { list, natural, string, structure, timestamp } from "../model/shape.ts";
import { S3Error } from "../s3/errors.ts";
import { decodeListToken, encodeListToken } from "../s3/list-token.ts";
import { Owner } from "../s3/shapes.ts";
import { declareOperation, type Services } from "./context.ts";
import { ownerOf } from "./owner.ts";

const Bucket = structure("Bucket", {
  Name: body(string),
  CreationDate: body(timestamp),
  BucketRegion: body(string),
  BucketArn: body(string),
});

/** @throws S3Error InvalidArgument outside 1 to `limits.bucketsPerAccountMax` */
const bucketsPerPage = (asked: number | undefined): number => {
  if (asked === undefined) return limits.bucketsPerAccountMax;
  if (asked >= 1 && asked <= limits.bucketsPerAccountMax) return asked;
  throw new S3Error("InvalidArgument", {
    Message: `Argument max-buckets must be an integer between 1 and ${limits.bucketsPerAccountMax}`,
    ArgumentName: "max-buckets",
    ArgumentValue: String(asked),
  });
};

/** What of an account's buckets a page looks for. */
interface Sought {
  readonly prefix: string;
  readonly after: string;
  /** Undefined: every region. */
  readonly region: string | undefined;
}

/** At most `bucketsMax` and one more, in name order: a page holds as many of a region as it holds of all. */
const findBuckets = (
  { control, region: defaultRegion }: Pick<Services, "control" | "region">,
  accountId: string,
  { prefix, after, region }: Sought,
  bucketsMax: number,
): readonly BucketRecord[] => {
  if (region === undefined) return control.bucketsOf(accountId, prefix, after, bucketsMax + 1);
  return control
    .bucketsOf(accountId, prefix, after, limits.bucketsPerAccountMax + 1)
    .filter(({ location }) => (location ?? defaultRegion) === region)
    .slice(0, bucketsMax + 1);
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export const ListBuckets = declareOperation({
  name: "ListBuckets",
  http: { method: "GET", uri: "/", status: 200 },
  action: "s3:ListAllMyBuckets",
  input: structure("ListBucketsRequest", {
    MaxBuckets: query("max-buckets", natural),
    ContinuationToken: query("continuation-token", string),
    Prefix: query("prefix", string),
    BucketRegion: query("bucket-region", string),
  }),
  output: structure(
    "ListBucketsOutput",
    {
      Buckets: body(list(Bucket, "Bucket")),
      Owner: body(Owner),
      ContinuationToken: body(string),
      Prefix: body(string),
    },
    { xmlName: "ListAllMyBucketsResult" },
  ),
  errors: ["InvalidArgument"],
}).handledBy(async (input, { principal, services }) => {
  const { account } = principal;
  const bucketsMax = bucketsPerPage(input.MaxBuckets);
  const after = input.ContinuationToken ? decodeListToken(account.accountId, input.ContinuationToken) : "";
  services.control.refresh();
  const sought = { prefix: input.Prefix ?? "", after, region: input.BucketRegion };
  const found = findBuckets(services, account.accountId, sought, bucketsMax);
  const page = found.slice(0, bucketsMax);
  const last = page.at(-1);
  return {
    Buckets: page.map((bucket) => ({
      Name: bucket.name,
      CreationDate: bucket.createdMs,
      BucketRegion: bucket.location ?? services.region,
    })),
    Owner: ownerOf(account),
    ...(found.length > bucketsMax && last !== undefined
      ? { ContinuationToken: encodeListToken(account.accountId, last.name) }
      : {}),
    ...(input.Prefix === undefined ? {} : { Prefix: input.Prefix }),
  };
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListDirectoryBuckets.html */
export const ListDirectoryBuckets = declareOperation({
  name: "ListDirectoryBuckets",
  http: { method: "GET", uri: "/", status: 200, endpoint: "s3express-control" },
  action: "s3express:ListAllMyDirectoryBuckets",
  input: structure("ListDirectoryBucketsRequest", {
    ContinuationToken: query("continuation-token", string),
    MaxDirectoryBuckets: query("max-directory-buckets", natural),
  }),
  output: structure(
    "ListDirectoryBucketsOutput",
    {
      Buckets: body(list(Bucket, "Bucket")),
      ContinuationToken: body(string),
    },
    { xmlName: "ListAllMyDirectoryBucketsResult" },
  ),
  errors: [],
});
