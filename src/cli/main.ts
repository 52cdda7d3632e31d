#!/usr/bin/env node
// The command line: finds the command, turns errors into one line and an exit code (2: arguments, 1: anything else).
import { suggestion, UsageError } from "./args.ts";
import { bench } from "./bench.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { info } from "./info.ts";
import { predict } from "./predict.ts";
import { train } from "./train.ts";
import { packageVersion } from "./version.ts";

const COMMANDS: Readonly<Record<string, Command>> = { info, train, predict, bench, demo };

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  downhill ${name.padEnd(width)}  ${summary}`);
  return `downhill ${packageVersion()}: fast optimizers, matrix multiply and training for Node.js

${rows.join("\n")}

downhill COMMAND --help explains a command with examples.

Examples:
  downhill info                                    what this machine offers
  downhill train iris.csv --target species         train on a table, save a model and a report
  downhill predict iris.safetensors new.csv        use the model
`;
}

async function run(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  const output = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
  };
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const command = name === "help" && rest[0] !== undefined ? COMMANDS[rest[0]] : undefined;
    if (name === undefined)
      throw new UsageError(`expected a command: ${Object.keys(COMMANDS).join(", ")} (downhill --help explains them)`);
    output.out(command ? command.help() : usage());
    return;
  }
  if (name === "--version" || name === "-v") return output.out(`${packageVersion()}\n`);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined)
    throw new UsageError(
      `unknown command "${name}"${suggestion(name, Object.keys(COMMANDS))} (commands: ${Object.keys(COMMANDS).join(", ")})`,
    );
  if (rest.includes("--help") || rest.includes("-h")) return output.out(command.help());
  await command.run(rest, output);
}

/** Faults that are the arguments' or the files', not the program's: a line is enough, a stack would hide it. */
function isExpected(error: unknown): error is Error {
  return (
    error instanceof Error &&
    typeof (error as { code?: unknown }).code === "string" &&
    /^E[A-Z]/.test((error as { code?: string }).code ?? "")
  );
}

// A reader that closes early (`downhill info | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

function report(error: unknown): void {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  if (error instanceof UsageError || isExpected(error)) process.stderr.write(`downhill: ${error.message.split("\n")[0]}\n`);
  else process.stderr.write(`downhill: unexpected error\n${error instanceof Error ? error.stack : String(error)}\n`);
}

run(process.argv.slice(2)).catch(report);
