/** Owns the one import of commander. */

export { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
