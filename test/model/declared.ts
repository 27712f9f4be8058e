/** Our own table in the form of the published model, so that the two can be compared line by line. */

import type { Member } from "#src/model/member.ts";
import type { AnyOperation } from "#src/model/operation.ts";
import type { Shape, StructureShape } from "#src/model/shape.ts";
import type { OperationModel } from "./published.ts";

const describeShape = (shape: Shape): string => {
  switch (shape.kind) {
    case "enum":
    case "string":
      return "string";
    case "integer":
      return "number";
    case "timestamp":
      return shape.format === null ? "timestamp" : `timestamp ${shape.format}`;
    case "list":
      return `list of ${describeShape(shape.member)}${shape.memberName === "member" ? "" : ` named ${shape.memberName}`}`;
    case "structure": {
      const kind = shape.union === true || shape.eventStream === true ? "union" : "structure";
      return `${kind} ${shape.name}${shape.xmlName === undefined ? "" : ` as ${shape.xmlName}`}`;
    }
    default:
      return shape.kind;
  }
};

const placeOf = ({ traits }: Member): string => {
  if (traits.hostLabel !== undefined) return "host";
  if (traits.httpLabel !== undefined) return "label";
  if (traits.httpHeader !== undefined) return `header ${traits.httpHeader.toLowerCase()}`;
  if (traits.httpQuery !== undefined) return `query ${traits.httpQuery}`;
  if (traits.httpPrefixHeaders !== undefined) return `headers ${traits.httpPrefixHeaders}`;
  if (traits.httpPayload !== undefined) return "payload";
  if (traits.eventPayload !== undefined) return "event payload";
  return traits.xmlAttribute === undefined ? "body" : "attribute";
};

const describeMember = (member: Member): string => {
  const { xmlName, xmlFlattened, xmlNamespace, required } = member.traits;
  return [
    placeOf(member),
    describeShape(member.shape),
    xmlName === undefined ? "" : `named ${xmlName}`,
    xmlFlattened === undefined ? "" : "flattened",
    xmlNamespace === undefined ? "" : `namespace ${xmlNamespace.prefix} ${xmlNamespace.uri}`,
    required ? "required" : "",
  ]
    .filter((word) => word !== "")
    .join(", ");
};

const collect = (path: string, structure: StructureShape, members: Map<string, string>): void => {
  for (const [name, member] of Object.entries(structure.members)) {
    const here = `${path}.${name}`;
    members.set(here, describeMember(member));
    const { shape } = member;
    if (shape.kind === "structure") collect(here, shape, members);
    if (shape.kind === "list" && shape.member.kind === "structure") collect(`${here}[]`, shape.member, members);
  }
};

/** One row as the published model would have it. */
export const declaredModel = (operation: AnyOperation): OperationModel => {
  const members = new Map<string, string>();
  collect("input", operation.input, members);
  collect("output", operation.output, members);
  const { method, uri, status } = operation.http;
  const input = describeShape(operation.input);
  const output = describeShape(operation.output);
  return { name: operation.name, method, uri, status, input, output, members };
};
