// The closed list of error codes and the one helper per kind that builds argument errors.

export type ErrorCode =
  | "ERR_DTYPE"
  | "ERR_LENGTH"
  | "ERR_SHAPE"
  | "ERR_STRIDE"
  | "ERR_DETACHED"
  | "ERR_ALIAS"
  | "ERR_DUPLICATE"
  | "ERR_RANGE"
  | "ERR_OPTION"
  | "ERR_STATE"
  | "ERR_BUSY"
  | "ERR_BACKEND"
  | "ERR_ISA"
  | "ERR_FORMAT"
  | "ERR_OUT_OF_MEMORY"
  | "ERR_ABORTED";

export type DownhillError = Error & { readonly code: ErrorCode };

function withCode<E extends Error>(error: E, code: ErrorCode): E & { readonly code: ErrorCode } {
  return Object.assign(error, { code });
}

/** A short description of any value for an error message; never throws. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return value.length > 40 ? `"${value.slice(0, 40)}…"` : `"${value}"`;
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "undefined":
    case "symbol":
      return String(value);
    case "function":
      return "a function";
    default:
      return objectKind(value as object);
  }
}

function objectKind(value: object): string {
  try {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return "an object";
  }
}

/** The wrong kind of value: `argument: expected …, received …`. */
export function wrongKind(
  argument: string,
  expected: string,
  received: unknown,
  code: ErrorCode = "ERR_DTYPE",
): TypeError & DownhillError {
  return withCode(new TypeError(`${argument}: expected ${expected}, received ${describe(received)}`), code);
}

/** The right kind with a value that is not allowed. `received` is described unless it is already text from `says`. */
export function wrongValue(
  argument: string,
  expected: string,
  received: unknown,
  code: ErrorCode = "ERR_RANGE",
): RangeError & DownhillError {
  return withCode(new RangeError(`${argument}: expected ${expected}, received ${describe(received)}`), code);
}

/** A fault that no argument caused (missing backend, exhausted memory, hostile file, abort). */
export function fault(code: ErrorCode, message: string, options?: ErrorOptions): DownhillError {
  return withCode(new Error(message, options), code);
}
