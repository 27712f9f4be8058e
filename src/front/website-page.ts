/** The page that a website shows for an error for which its bucket has none. */

import { escapeXml } from "../model/xml-write.ts";
import { statusText } from "./response-head.ts";

export interface WebsiteFault {
  readonly status: number;
  readonly code: string;
  /** Plain text. */
  readonly message: string;
  /** Further lines: a key, a bucket. */
  readonly detail: readonly (readonly [name: string, value: string])[];
  readonly requestId: string;
  readonly hostId: string;
}

/** Every value is escaped: keys and hosts are text of whoever wrote the link. */
export const websitePage = (fault: WebsiteFault): string => {
  const title = `${fault.status} ${statusText(fault.status)}`;
  const lines = [
    ["Code", fault.code],
    ["Message", fault.message],
    ...fault.detail,
    ["RequestId", fault.requestId],
    ["HostId", fault.hostId],
  ] as const;
  const items = lines.map(([name, value]) => `<li>${escapeXml(name)}: ${escapeXml(value)}</li>`).join("\n");
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body>
<h1>${title}</h1>
<ul>
${items}
</ul>
</body>
</html>
`;
};
