/**
 * The session cookie. Over HTTPS it is `__Host-troupe`: bound to this host and never sent in the clear. Plain HTTP is for a
 * console on the machine itself: browsers refuse `__Host-` and Secure cookies there, so the name is `troupe`, and each
 * transport reads its own name only: a cookie set in the clear never counts over HTTPS.
 */

import type { Headers } from "../model/http.ts";

const nameOf = (isSecure: boolean): string => (isSecure ? "__Host-troupe" : "troupe");

/** The session token in a request, or null. Of a repeated cookie none counts: another page may have planted one. */
export function sessionTokenOf(headers: Headers, isSecure: boolean): string | null {
  const start = `${nameOf(isSecure)}=`;
  const found = (headers.get("cookie") ?? "")
    .split(/[;,]/)
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start));
  const [only] = found;
  return found.length === 1 && only !== undefined ? only.slice(start.length) : null;
}

/** A Set-Cookie value. Without Max-Age: it ends with the browser, and earlier by the session's own times. */
export function setSessionCookie(token: string, isSecure: boolean): string {
  return `${nameOf(isSecure)}=${token}; Path=/; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}

export function clearSessionCookie(isSecure: boolean): string {
  return `${setSessionCookie("", isSecure)}; Max-Age=0`;
}

/**
 * The CSRF token beside the session, for the console's pages to read and send back in a header: another site can make a
 * browser send cookies, but neither read one nor set the header.
 */
export function setCsrfCookie(csrf: string, isSecure: boolean): string {
  return `${nameOf(isSecure)}-csrf=${csrf}; Path=/; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}

export function clearCsrfCookie(isSecure: boolean): string {
  return `${setCsrfCookie("", isSecure)}; Max-Age=0`;
}
