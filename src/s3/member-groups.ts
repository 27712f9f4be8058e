/** Members that stand together in many structures. */

import { body, header } from "../model/member.ts";
import { string } from "../model/shape.ts";

/** Checksums of an object or part, each in its header. Source: AWS "Checking object integrity". */
export const checksumHeaders = {
  ChecksumCRC32: header("x-amz-checksum-crc32", string),
  ChecksumCRC32C: header("x-amz-checksum-crc32c", string),
  ChecksumCRC64NVME: header("x-amz-checksum-crc64nvme", string),
  ChecksumSHA1: header("x-amz-checksum-sha1", string),
  ChecksumSHA256: header("x-amz-checksum-sha256", string),
  ChecksumSHA512: header("x-amz-checksum-sha512", string),
  ChecksumMD5: header("x-amz-checksum-md5", string),
  ChecksumXXHASH64: header("x-amz-checksum-xxhash64", string),
  ChecksumXXHASH3: header("x-amz-checksum-xxhash3", string),
  ChecksumXXHASH128: header("x-amz-checksum-xxhash128", string),
} as const;

/** Checksums of an object or part as XML elements. */
export const checksumElements = {
  ChecksumCRC32: body(string),
  ChecksumCRC32C: body(string),
  ChecksumCRC64NVME: body(string),
  ChecksumSHA1: body(string),
  ChecksumSHA256: body(string),
  ChecksumSHA512: body(string),
  ChecksumMD5: body(string),
  ChecksumXXHASH64: body(string),
  ChecksumXXHASH3: body(string),
  ChecksumXXHASH128: body(string),
} as const;

/** A key that the customer keeps (SSE-C). */
export const customerKeyHeaders = {
  SSECustomerAlgorithm: header("x-amz-server-side-encryption-customer-algorithm", string),
  SSECustomerKey: header("x-amz-server-side-encryption-customer-key", string),
  SSECustomerKeyMD5: header("x-amz-server-side-encryption-customer-key-MD5", string),
} as const;
