/** Completion scripts for shells, made from the tree of commands. Pure. */

import { type AdminCommand, commonOptions } from "./admin-tree.ts";
import { aliases } from "./names.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** A place on the command line: what may follow some words. */
interface Place {
  /** "" or words, each with a space before it: " user list". */
  readonly path: string;
  readonly words: readonly string[];
  readonly options: readonly OptionWord[];
}

interface OptionWord {
  /** With its dashes. */
  readonly name: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

const plain = (name: string): OptionWord => ({ name, takesValue: true, choices: [] });
const bare = (name: string): OptionWord => ({ name, takesValue: false, choices: [] });

const nodeOptions: readonly OptionWord[] = [
  "--data",
  "--s3",
  "--console",
  "--identities",
  "--tls-cert",
  "--tls-key",
  "--config",
  "--set",
].map(plain);

const loginOptions: readonly OptionWord[] = [
  plain("--email"),
  plain("--account"),
  bare("--token"),
  plain("--make-token"),
  { name: "--scope", takesValue: true, choices: ["usage", "customers", "all"] },
  plain("--expires-at"),
];

/** What the node's own commands and signing in look like: they are written by hand. */
const ownPlaces: readonly Place[] = [
  { path: " serve", words: [], options: nodeOptions },
  { path: " config", words: ["check", "print"], options: [] },
  { path: " config check", words: [], options: [plain("--config"), plain("--set")] },
  { path: " config print", words: [], options: [plain("--config"), plain("--set"), bare("--sources")] },
  { path: " keyring", words: ["add"], options: [] },
  { path: " keyring add", words: [], options: [plain("--data"), plain("--config"), plain("--set")] },
  { path: " version", words: [], options: [] },
  { path: " login", words: [], options: loginOptions },
  { path: " logout", words: [], options: [] },
  { path: " completion", words: [...shells], options: [] },
];

const bareCommon = new Set(["json", "help", "version"]);
const common: readonly OptionWord[] = commonOptions
  .filter((name) => name !== "version")
  .map((name) => (bareCommon.has(name) ? bare(`--${name}`) : plain(`--${name}`)));

function placesOf(commands: readonly AdminCommand[]): readonly Place[] {
  const seconds = new Map<string, string[]>();
  const places: Place[] = [...ownPlaces];
  for (const { words, options } of commands) {
    const [first = "", second] = words;
    if (second !== undefined) seconds.set(first, [...(seconds.get(first) ?? []), second]);
    const own = options.map(({ option, kind, choices }) => ({
      name: `--${option}`,
      takesValue: kind !== "flag" && kind !== "unflag" && kind !== "none",
      choices,
    }));
    for (const name of namesOf(first)) {
      places.push({
        path: second === undefined ? ` ${name}` : ` ${name} ${second}`,
        words: [],
        options: [...own, ...common],
      });
    }
  }
  for (const [first, words] of seconds) {
    for (const name of namesOf(first)) places.push({ path: ` ${name}`, words, options: common });
  }
  const firsts = places.map(({ path }) => path).filter((path) => path.lastIndexOf(" ") === 0);
  const top = { path: "", words: ["help", ...new Set(firsts.map((path) => path.slice(1)))].sort(), options: common };
  return [top, ...places];
}

const namesOf = (first: string): readonly string[] => [
  first,
  ...(aliases[first] === undefined ? [] : [aliases[first]]),
];

/** The script, to be read by the shell as its documentation says. Every word in it is this program's own, of a-z, 0-9 and dashes. */
export function completionScript(shell: Shell, commands: readonly AdminCommand[]): string {
  const places = placesOf(commands);
  if (shell === "fish") return fishScript(places);
  return shell === "bash" ? bashScript(places) : zshScript(places);
}

/** Options that a word follows, anywhere. */
const valuedOptions = (places: readonly Place[]): readonly string[] =>
  [
    ...new Set(places.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue).map(({ name }) => name))),
  ].sort();

/** The shell code that both shells share: `line` is an array of the words before the one that is completed. */
function walkAndCases(places: readonly Place[]): string {
  const valued = valuedOptions(places).join("|");
  const known = places.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  const cases = places.map(
    ({ path, words, options }) =>
      `    "${path}") words="${[...words, ...options.map(({ name }) => name)].join(" ")}" ;;`,
  );
  const choices = places.flatMap(({ path, options }) =>
    options
      .filter((one) => one.choices.length > 0)
      .map(({ name, choices: all }) => `    "${path} ${name}") words="${all.join(" ")}" ;;`),
  );
  return `  for word in "\${line[@]}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case $word in
      ${valued}) skip=1; continue ;;
      -*) continue ;;
    esac
    case "$place $word" in
      ${known.join("|")}) place="$place $word" ;;
    esac
  done
  case "$place" in
${cases.join("\n")}
  esac
  case $before in
    --data) words="" ; kind=directory ;;
    ${valued}) words="" ; kind=file ;;
  esac
  case "$place $before" in
${choices.join("\n")}
  esac
`;
}

function bashScript(places: readonly Place[]): string {
  return `# Completion of troupe for bash: source it, or put it into ~/.local/share/bash-completion/completions/troupe
_troupe() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
  local place="" skip="" words="" kind="" word
  local line=("\${COMP_WORDS[@]:1:COMP_CWORD - 1}")
${walkAndCases(places)}  if [[ $kind == directory ]]; then
    COMPREPLY=($(compgen -d -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -o default -F _troupe troupe
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef troupe
# Completion of troupe for zsh: put it into a directory of $fpath as _troupe
_troupe() {
  local before="\${words[CURRENT - 1]}" place="" skip="" kind="" word
  local -a line
  line=("\${(@)words[2,CURRENT - 1]}")
  local words=""
${walkAndCases(places)}  if [[ $kind == directory ]]; then
    _files -/
  elif [[ -n $words ]]; then
    compadd -- \${=words}
  else
    _files
  fi
}
if [[ $funcstack[1] == _troupe ]]; then _troupe "$@"; else compdef _troupe troupe; fi
`;
}

function fishScript(places: readonly Place[]): string {
  const valued = valuedOptions(places).join(" ");
  const known = places.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  const lines = places.flatMap(({ path, words, options }) => {
    const when = `complete -c troupe -n '__troupe_at "${path}"'`;
    const all = words.length === 0 ? [] : [`${when} -f -a "${words.join(" ")}"`];
    return [...all, ...options.map((option) => `${when} ${fishOption(option)}`)];
  });
  return `# Completion of troupe for fish: put it into ~/.config/fish/completions/troupe.fish
function __troupe_at
    set -l place ""
    set -l skip ""
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip ""
            continue
        end
        if contains -- $word ${valued}
            set skip 1
        else if contains -- "$place $word" ${known.join(" ")}
            set place "$place $word"
        end
    end
    test "$place" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function fishOption({ name, takesValue, choices }: OptionWord): string {
  const long = `-l ${name.slice(2)}`;
  if (choices.length > 0) return `-x ${long} -a "${choices.join(" ")}"`;
  return takesValue ? `-r ${long}` : `-f ${long}`;
}
