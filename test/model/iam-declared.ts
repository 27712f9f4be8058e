/** Our own actions in the form of the published models. */

import type { QueryAction } from "#src/iam/action.ts";
import type { Shape, StructureShape } from "#src/model/shape.ts";
import type { ActionModel } from "./iam-published.ts";

const describe = (shape: Shape): string => {
  switch (shape.kind) {
    case "enum":
    case "string":
      return "string";
    case "integer":
      return "number";
    case "list":
      return `list of ${describe(shape.member)}`;
    default:
      return shape.kind;
  }
};

const collectShape = (path: string, shape: Shape, members: Map<string, string>): void => {
  if (shape.kind === "list") collectShape(`${path}[]`, shape.member, members);
  else if (shape.kind === "structure") collect(path, shape, members);
};

const collect = (path: string, structure: StructureShape, members: Map<string, string>): void => {
  for (const [name, { shape, traits }] of Object.entries(structure.members)) {
    const here = `${path}.${traits.xmlName ?? name}`;
    const isRequired = path.startsWith("input") && traits.required;
    members.set(here, `${describe(shape)}${isRequired ? ", required" : ""}`);
    collectShape(here, shape, members);
  }
};

/** One row as the published model would have it. */
export const declaredAction = ({ input, output }: QueryAction): ActionModel => {
  const members = new Map<string, string>();
  collect("input", input, members);
  if (output !== null) collect("output", output, members);
  return { members, hasResult: output !== null };
};
