/** Makes HTML: what is put into a template is escaped unless it is HTML already. Pure. */

/** Text that is HTML. Made by `html` alone. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[];

/** A template whose holes are text (escaped), HTML, or a list of HTML. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? "";
  for (const [index, part] of parts.entries()) text += textOf(part) + (strings[index + 1] ?? "");
  return { html: text };
}

export const noHtml: Html = { html: "" };

function textOf(part: Part): string {
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return "html" in part ? part.html : part.map((one) => one.html).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "");

/** Names as code, with commas between them. */
export function codes(names: readonly string[]): Html {
  return { html: names.map((name) => html`<code>${name}</code>`.html).join(", ") };
}

/** A table with a heading for every column; it scrolls sideways where it is wider than the screen. */
export function table(caption: string, columns: readonly string[], rows: readonly Html[]): Html {
  const heads = columns.map((column) => html`<th scope="col">${column}</th>`);
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows}</tbody></table></div>
`;
}

/** A row whose first cell names it. @param id where links lead; null = nowhere */
export function row(id: string | null, head: Html, cells: readonly Html[]): Html {
  const rest = cells.map((cell) => html`<td>${cell}</td>`);
  const at = id === null ? noHtml : html` id="${id}"`;
  return html`<tr${at}><th scope="row">${head}</th>${rest}</tr>
`;
}

/** Text to copy. @param id names it for links and tests */
export function sample(id: string, text: string): Html {
  return html`<div class="sample"><pre tabindex="0"><code id="${id}">${text}</code></pre></div>
`;
}
