/** The guide's style sheet: light and dark by the reader's own setting, from 320 pixels of width on. */

export const guideCss = `:root {
  color-scheme: light dark;
  --ground: #ffffff;
  --text: #1b2430;
  --quiet: #55606e;
  --line: #d5dbe3;
  --soft: #f4f6f9;
  --link: #0b57b0;
  --accent: #0b57b0;
  --on-accent: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12171e;
    --text: #e4e9f0;
    --quiet: #a3afbd;
    --line: #323c49;
    --soft: #1b222c;
    --link: #7db8ff;
    --accent: #7db8ff;
    --on-accent: #0d1218;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: 0.5rem; }
header { border-bottom: 1px solid var(--line); padding: 1rem 1.25rem; }
header p { margin: 0; color: var(--quiet); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 0.25rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
main > section:first-child h2 { border-top: 0; margin-top: 0; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 0.5rem; }
p { max-width: 75ch; }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
nav a { display: inline-block; padding: 0.3rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav { padding: 0.5rem 1.25rem; border-bottom: 1px solid var(--line); }
main { padding: 0.5rem 1.25rem 4rem; min-width: 0; }
code, pre { font: 0.875rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
p code, li code { background: var(--soft); padding: 0.1em 0.3em; border-radius: 3px; }
.sample {
  display: flex;
  flex-direction: column;
  margin: 0.75rem 0;
  max-width: 70rem;
  background: var(--soft);
  border: 1px solid var(--line);
  border-radius: 6px;
}
.sample pre { margin: 0; padding: 0.75rem 0.9rem; overflow-x: auto; }
.sample pre code { overflow-wrap: normal; }
.sample button {
  align-self: flex-end;
  margin: 0.4rem 0.4rem -0.4rem;
  min-height: 1.75rem;
  font: inherit;
  font-size: 0.8rem;
  padding: 0.1rem 0.7rem;
  color: var(--text);
  background: var(--ground);
  border: 1px solid var(--line);
  border-radius: 4px;
  cursor: pointer;
}
.wide { overflow-x: auto; margin: 0.75rem 0; }
table { border-collapse: collapse; width: 100%; min-width: 40rem; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.45rem 0.75rem 0.45rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
tr:target, h2:target, h3:target { background: var(--soft); }
.names code { white-space: nowrap; }
.names { font-size: 0.9rem; max-width: none; }
.action {
  display: inline-block;
  padding: 0.45rem 0.9rem;
  border-radius: 6px;
  background: var(--accent);
  color: var(--on-accent);
  text-decoration: none;
}
@media (min-width: 70rem) {
  .page { display: grid; grid-template-columns: 14rem minmax(0, 1fr); }
  nav { border-bottom: 0; border-right: 1px solid var(--line); }
  nav ul { display: block; position: sticky; top: 1rem; }
}
.explorer { background: #ffffff; color: #3b4151; color-scheme: light; padding: 0.5rem 0; }
`;
