/** Scalars between text and value, the same in headers, query and XML. */

import { unreachable } from "../base/assert.ts";
import type { Shape, TimestampFormat } from "./shape.ts";
import { formatDateTime, formatHttpDate, parseTimestamp } from "./timestamp.ts";

/** A shape that text can hold. */
export type ScalarShape = Extract<Shape, { kind: "string" | "enum" | "integer" | "boolean" | "timestamp" }>;

/** Why text is not a value of its shape. */
export interface ScalarFault {
  readonly fault: string;
}

const integerPattern = /^-?\d{1,16}$/;

export const isScalar = (shape: Shape): shape is ScalarShape =>
  shape.kind !== "list" && shape.kind !== "map" && shape.kind !== "structure" && shape.kind !== "stream";

const parseInteger = (text: string, min: number, max: number): number | ScalarFault => {
  if (!integerPattern.test(text)) return { fault: "not an integer or within integer range" };
  const value = Number(text);
  return value >= min && value <= max ? value : { fault: `must be an integer between ${min} and ${max}` };
};

/** @returns the value, or what is wrong with `text`. Never throws. */
export const parseScalar = (
  shape: ScalarShape,
  text: string,
  defaultFormat: TimestampFormat,
): string | number | boolean | ScalarFault => {
  switch (shape.kind) {
    case "string":
      return text;
    case "enum": {
      if (shape.values.includes(text)) return text;
      const same = (value: string): boolean => value.toUpperCase() === text.toUpperCase();
      const value = shape.ignoresCase === true ? shape.values.find(same) : undefined;
      return value ?? { fault: `must be one of ${shape.values.join(", ")}` };
    }
    case "integer":
      return parseInteger(text, shape.min, shape.max);
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      return /^(?:true|false)$/i.test(text) ? text.toLowerCase() === "true" : { fault: "must be true or false" };
    case "timestamp":
      return parseTimestamp(text, shape.format ?? defaultFormat) ?? { fault: "not a valid timestamp" };
    default:
      return unreachable(shape);
  }
};

/** The writer of a scalar's text, chosen once. */
export const scalarFormatter = (shape: ScalarShape, defaultFormat: TimestampFormat): ((value: unknown) => string) => {
  if (shape.kind !== "timestamp") return String;
  return (shape.format ?? defaultFormat) === "http-date"
    ? (value) => formatHttpDate(value as number)
    : (value) => formatDateTime(value as number);
};
