// Runs a program in a Node of its own, over dist/: for what happens at first use, at exit and in other environments.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Every DOWNHILL_ variable of ours is dropped, then `env` is added. `main` is the module that `m` names. */
export function runChild(program: string, env: Record<string, string> = {}, main = `${root}dist/index.cjs`): Outcome {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("DOWNHILL_"));
  const text = `const m = require(${JSON.stringify(main)});\n${program}`;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["-e", text], {
    env: { ...Object.fromEntries(inherited), ...env },
    encoding: "utf8",
    timeout: 100_000,
  });
  return { status, signal, stdout: stdout.trim(), stderr };
}
