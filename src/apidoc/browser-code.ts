/** What runs in the reader's browser: buttons that copy, and the explorer of the admin API. Files of their own: no page has code in it. */

import { csrfHeader } from "../admin/origin.ts";

/** Every sample gets a button; where the clipboard is out of reach (plain HTTP), it selects the text. */
export const guideJs = `"use strict";
for (const sample of document.querySelectorAll(".sample")) {
  const code = sample.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy the example");
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(code);
    if (navigator.clipboard === undefined) return;
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  });
  button.addEventListener("blur", () => { button.textContent = "Copy"; });
  sample.prepend(button);
}
`;

/** Requests go to this origin alone, with the session's token against forged requests where there is a session. */
export const tryItJs = `"use strict";
const csrfCookie = (location.protocol === "https:" ? "__Host-troupe" : "troupe") + "-csrf=";
const csrfToken = () => {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(csrfCookie));
  return found === undefined ? null : found.slice(csrfCookie.length);
};
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: "/apidoc/openapi.json",
  dom_id: "#explorer",
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  filter: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  requestInterceptor: (request) => {
    if (new URL(request.url, location.href).origin !== location.origin) throw new Error("only this console is asked");
    const token = csrfToken();
    if (token !== null) request.headers["${csrfHeader}"] = token;
    return request;
  },
});
`;
