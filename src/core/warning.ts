// Warnings that a process sees once. DOWNHILL_SILENT=1 turns them off.
import { environment } from "./env.ts";

const seen = new Set<string>();

/** Emits a process warning the first time this code is used. */
export function warnOnce(code: string, message: string): void {
  if (seen.has(code) || environment().silent) return;
  seen.add(code);
  process.emitWarning(`downhill: ${message}`, { code });
}
