/** Host and path of a request to bucket and key: virtual-hosted style on configured endpoints, path style elsewhere. */

import { S3Error } from "./errors.ts";
import { decodeKey, percentDecode } from "./uri.ts";

export interface Address {
  readonly style: "path" | "virtual-hosted";
  /** Not checked against the naming rules; null on the service level. */
  readonly bucket: string | null;
  /** null on the bucket level: a trailing `/` after the bucket alone does not make an empty key. */
  readonly key: string | null;
}

/** The host name of a Host header, lower case, without its port and trailing dot. */
export const hostName = (header: string): string => {
  const host = header.startsWith("[") ? header.slice(0, header.indexOf("]") + 1) : (header.split(":", 1)[0] ?? "");
  const lower = host.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
};

/** The longest endpoint that `host` ends in, behind a dot; null when it is an endpoint itself, or unknown. */
const virtualBucket = (host: string, endpoints: readonly string[]): string | null => {
  let longest = "";
  for (const endpoint of endpoints) {
    if (host === endpoint) return null;
    if (endpoint.length > longest.length && host.endsWith(`.${endpoint}`)) longest = endpoint;
  }
  return longest === "" ? null : host.slice(0, -longest.length - 1);
};

/** Whether a Host header names an endpoint, or a bucket to the left of one. @param endpoints as of `parseAddress` */
export const isEndpointHost = (header: string, endpoints: readonly string[]): boolean => {
  const host = hostName(header);
  return endpoints.some((endpoint) => host === endpoint || host.endsWith(`.${endpoint}`));
};

let lastHost = "";
let lastEndpoints: readonly string[] = [];
let lastHosted: string | null = null;

/** The bucket in the Host header. The last answer is kept: most requests come to one host. */
const hostedBucket = (host: string, endpoints: readonly string[]): string | null => {
  if (host !== lastHost || endpoints !== lastEndpoints) {
    lastHosted = virtualBucket(hostName(host), endpoints);
    lastHost = host;
    lastEndpoints = endpoints;
  }
  return lastHosted;
};

/**
 * Reads the address of a request.
 * @param host the Host header, "" when absent
 * @param rawPath the path as on the wire
 * @param endpoints host names of this installation's endpoints (`s3.example.com`), lower case; what stands left of the
 * longest one, dots included, is the bucket
 * @throws S3Error InvalidURI, KeyTooLongError
 */
export const parseAddress = (host: string, rawPath: string, endpoints: readonly string[]): Address => {
  const path = rawPath.startsWith("/") ? rawPath.slice(1) : rawPath;
  const hosted = hostedBucket(host, endpoints);
  if (hosted !== null) return { style: "virtual-hosted", bucket: hosted, key: path === "" ? null : decodeKey(path) };
  if (path === "") return { style: "path", bucket: null, key: null };
  const slash = path.indexOf("/");
  if (slash < 0) return { style: "path", bucket: percentDecode(path), key: null };
  const rawKey = path.slice(slash + 1);
  return {
    style: "path",
    bucket: percentDecode(path.slice(0, slash)),
    key: rawKey === "" ? null : decodeKey(rawKey),
  };
};

/**
 * The bucket that a request is about whose key cannot be read, for what its refusal carries. Parameters as of `parseAddress`.
 * @returns null when the bucket cannot be read either
 */
export const bucketPlace = (host: string, rawPath: string, endpoints: readonly string[]): Address | null => {
  const end = hostedBucket(host, endpoints) === null ? rawPath.indexOf("/", 1) : 1;
  try {
    return parseAddress(host, end < 0 ? rawPath : rawPath.slice(0, end), endpoints);
  } catch (error) {
    if (error instanceof S3Error) return null;
    throw error;
  }
};
