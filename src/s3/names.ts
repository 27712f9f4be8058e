/** Which bucket names are taken. Source: AWS "General purpose bucket naming rules"; the reserved ones are this product's. */

/** Names are paths that the S3 port answers itself; of prefixes and suffixes all but `troupe-` are AWS's. */
export const reservedBucketNames = {
  names: ["health", "apidoc", "admin", "signin", "minio"],
  prefixes: ["troupe-", "xn--", "sthree-", "amzn-s3-demo-"],
  suffixes: ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"],
} as const;

const bucketNameBytesMin = 3;
const bucketNameBytesMax = 63;

/** Why `name` cannot be a new bucket's, in words for people, or null when it can. */
export const bucketNameFault = (name: string): string | null => {
  if (name.length < bucketNameBytesMin || name.length > bucketNameBytesMax) {
    return `a bucket name has ${bucketNameBytesMin} to ${bucketNameBytesMax} characters`;
  }
  if (!/^[a-z0-9.-]+$/.test(name)) return "a bucket name has only lower-case letters, digits, dots and hyphens";
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return "a bucket name begins and ends with a letter or digit";
  if (name.includes("..")) return "a bucket name has no two adjacent dots";
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)) return "a bucket name is not formatted as an IP address";
  const { names, prefixes, suffixes } = reservedBucketNames;
  if (names.some((reserved) => reserved === name)) return `${name} is a reserved name`;
  const prefix = prefixes.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return `bucket names that begin with ${prefix} are reserved`;
  const suffix = suffixes.find((reserved) => name.endsWith(reserved));
  return suffix === undefined ? null : `bucket names that end with ${suffix} are reserved`;
};
