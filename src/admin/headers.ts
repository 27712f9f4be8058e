/** Owns the headers that every answer of the admin API carries, whatever its status. */

/** JSON is never a page: nothing it holds may run, be framed, be guessed to be another type, or be kept by a cache. */
export const securityHeaders: readonly (readonly [name: string, value: string])[] = [
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
];
