/** Links in mails: always under the console's configured URL, never under the host that a request came with. */

import { assert } from "../base/assert.ts";

/** A URL of the console, made by `consoleLink` only. */
export type ConsoleLink = string & { readonly brand: "ConsoleLink" };

/**
 * `<public URL><path>#<token>`. The token stands behind the `#`: browsers send that part to no server, so that it is in no
 * access log and no Referer.
 * @param publicUrl `console.publicUrl` of the configuration: scheme and host, without path
 * @param path begins with "/"; of the product, not of users
 * @param token letters, digits and `_`; null for a link that needs none
 * @throws AssertionError when an argument is not of that form
 */
export function consoleLink(publicUrl: string, path: string, token: string | null): ConsoleLink {
  assert(/^https?:\/\/[^\s/?#@]+$/.test(publicUrl), "the console's URL is a scheme and a host");
  assert(/^(\/|(\/[A-Za-z0-9_-]+)+)$/.test(path), "a path of the console");
  assert(token === null || /^[A-Za-z0-9_]+$/.test(token), "a token");
  return `${publicUrl}${path}${token === null ? "" : `#${token}`}` as ConsoleLink;
}
