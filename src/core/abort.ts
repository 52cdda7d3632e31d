/**
 * What the library uses of an AbortSignal, so that its types need neither the DOM's nor Node's. Every AbortSignal is one.
 */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
