/** The part of fs-native-extensions (which has no types of its own) that storage/directory-lock.ts uses. */
declare module "fs-native-extensions" {
  /** Tries to lock the whole file exclusively; false when another open file description holds it. */
  export function tryLock(file: number): boolean;
}
