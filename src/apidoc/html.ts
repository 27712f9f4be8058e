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

/** A line of a table. */
interface Row {
  readonly id: string;
  readonly cells: readonly Html[];
}

/** A line whose first cell names it. @param id where links lead */
export function row(id: string, ...cells: readonly Html[]): Row {
  return { id, cells };
}

/** A table with a heading for every column; on narrow screens each cell says its column itself. */
export function table(caption: string, columns: readonly string[], rows: readonly Row[]): Html {
  const heads = columns.map((column) => html`<th scope="col">${column}</th>`);
  const lines = rows.map(({ id, cells }) => {
    const [head = noHtml, ...rest] = cells;
    const others = rest.map((cell, index) => html`<td data-column="${columns[index + 1] ?? ""}">${cell}</td>`);
    return html`<tr id="${id}"><th scope="row">${head}</th>${others}</tr>
`;
  });
  return html`<div class="wide"><table aria-label="${caption}">
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
}

/** Text to copy. @param id names it for links and tests */
export function sample(id: string, text: string): Html {
  return html`<div class="sample"><pre tabindex="0"><code id="${id}">${text}</code></pre></div>
`;
}
