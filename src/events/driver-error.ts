/** What a target needs and is not there. */

/** A package that only some targets need. Its message says how to install it. */
export class MissingDriverError extends Error {
  override readonly name = "MissingDriverError";

  constructor(kind: string, packageName: string, version: string, options: ErrorOptions) {
    super(
      `a target of events is at ${kind}, whose driver is not installed: npm install ${packageName}@${version} beside the product`,
      options,
    );
  }
}

/** @throws MissingDriverError when the package is not installed; anything else it throws itself */
export async function loadDriver<T>(
  kind: string,
  packageName: string,
  version: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    throw isMissing ? new MissingDriverError(kind, packageName, version, { cause: error }) : error;
  }
}
