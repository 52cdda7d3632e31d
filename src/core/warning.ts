// Warnings that a process sees once. DOWNHILL_SILENT=1 turns them off.
import { environment } from "./env.ts";

const seen = new Set<string>();

/** Emits a process warning with this code the first time `key` is used. */
export function warnOnce(key: string, message: string, code: string): void {
  if (seen.has(key) || environment().silent) return;
  seen.add(key);
  process.emitWarning(`downhill: ${message}`, { code });
}

/** Warns that a form which is offered as the texts have it can diverge. */
export function warnLiteral(form: string, why: string): void {
  warnOnce(form, `${form} can diverge: ${why}`, "DOWNHILL_LITERAL");
}
