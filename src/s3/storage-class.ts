/** Storage classes by name. Every class of the model is stored and answered; none changes how bytes are kept. */

import type { ValueOf } from "../model/shape.ts";
import { StorageClass } from "./enumerations.ts";

export type StorageClassName = ValueOf<typeof StorageClass>;

/** @returns the class that `name` is; STANDARD for undefined; undefined for a name that the model does not have */
export const storageClassOf = (name: string | undefined): StorageClassName | undefined =>
  name === undefined ? "STANDARD" : StorageClass.values.find((value) => value === name);
