// downhill info: what computes here, and why native is missing if it is.
import { backendInfo } from "../backend/select.ts";
import { optionHelp, parseCommand } from "./args.ts";
import { type Command, commonOptions } from "./command.ts";
import { packageVersion } from "./version.ts";

const OPTIONS = commonOptions;

function help(): string {
  return `downhill info: version, backend, instruction set, threads

  downhill info [--json]

Shows what computes on this machine: the native backend with the best instruction set that processor and operating system
offer, or pure TypeScript with the reason why native is missing. Results do not depend on it, only speed does.

${optionHelp(OPTIONS)}

Environment: DOWNHILL_BACKEND=auto|native|reference  DOWNHILL_ISA=avx512|avx2|neon|scalar  DOWNHILL_THREADS=N
             DOWNHILL_REFERENCE=fast|exact  DOWNHILL_ADDON=FILE  DOWNHILL_SILENT=1
`;
}

export const info: Command = {
  summary: "show version, backend, instruction set and threads",
  help,
  async run(args, { out }) {
    const { values } = parseCommand(args, OPTIONS, { min: 0, max: 0, names: "no arguments" });
    const backend = backendInfo();
    const version = packageVersion();
    const { node, v8, bun, deno } = process.versions;
    const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
    if (values.json) {
      const { name, ...rest } = backend;
      out(
        `${JSON.stringify({ version, backend: name, ...rest, runtime, v8, platform: process.platform, arch: process.arch }, null, 2)}\n`,
      );
      return;
    }
    const rows: [string, string][] = [
      ["downhill", version],
      ["runtime", `${runtime} on ${process.platform} ${process.arch}`],
      ["backend", backend.name === "native" ? "native" : `pure TypeScript (${backend.exact ? "exact" : "fast"} setting)`],
      ["instruction set", backend.name === "native" ? `${backend.isa} (available: ${backend.isas.join(", ")})` : "none"],
      ["threads", String(backend.threads)],
      ["numerics version", String(backend.numericsVersion)],
    ];
    if (backend.path) rows.push(["addon", backend.path]);
    for (const { path, error } of backend.tried) rows.push(["not loaded", `${path}: ${error}`]);
    out(rows.map(([name, value]) => `${name.padEnd(18)}${value}\n`).join(""));
    if (backend.isas.length === 0) out("\nnpm run build compiles the native backend; results stay the same, speed grows.\n");
  },
};
