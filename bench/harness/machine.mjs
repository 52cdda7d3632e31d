// The machine that results came from. A figure without this line says nothing.
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { backendInfo } from "../../dist/index.js";

/** The compiler that built the addon: GCC and clang leave their name in the .comment section. */
function compiler(path) {
  if (path === null) return null;
  const found = /(GCC: \([^)]*\) [\d.]+|[\w ]*clang version [\d.]+)/.exec(readFileSync(path, "latin1"));
  return found ? found[1].trim() : "unknown";
}

export function machine() {
  const info = backendInfo();
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()} ${release()}`,
    runtime: process.versions.bun ? `Bun ${process.versions.bun}` : `Node ${process.versions.node}`,
    backend: info.name,
    isa: info.isa,
    threads: info.threads,
    compiler: compiler(info.path),
    date: new Date().toISOString(),
  };
}

export function machineLine(m) {
  return [
    `${m.cpu} (${m.cores} cores, ${m.memoryGiB} GiB)`,
    m.platform,
    m.runtime,
    `backend ${m.backend}`,
    `isa ${m.isa}`,
    `${m.threads} threads`,
    m.compiler ?? "no addon",
  ].join(" · ");
}
