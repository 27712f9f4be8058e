/** The one way in which both servers say that they cannot listen. */

/** The address cannot be bound: in use, not permitted, or not an address of this machine. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}
