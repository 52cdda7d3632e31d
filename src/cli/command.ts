// What a command is, and where its output goes.
export interface Output {
  /** Standard output: results. */
  out(text: string): void;
  /** Standard error: progress and remarks. */
  err(text: string): void;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly help: () => string;
  run(args: readonly string[], output: Output): Promise<void>;
}

/** The options that choose how numbers are computed; shared by all commands that compute. */
export const computeOptions = {
  backend: {
    type: "string",
    oneOf: ["auto", "native", "reference"],
    help: "What computes (default auto: native where it is built)",
  },
  threads: { type: "integer", minimum: 1, help: "Threads of the native backend (default: what the machine offers)" },
} as const;

export const commonOptions = {
  json: { type: "boolean", help: "Print exactly one JSON document on standard output" },
  help: { type: "boolean", short: "h", help: "Show this text" },
} as const;
