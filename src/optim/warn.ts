// One-time warnings of forms that are offered as the texts have them.
import { environment } from "../core/env.ts";

const warned = new Set<string>();

/** Warns once per process that a class's literal form can diverge; silent under DOWNHILL_SILENT=1. */
export function warnLiteral(name: string, why: string): void {
  if (warned.has(name) || environment().silent) return;
  warned.add(name);
  process.emitWarning(`downhill: ${name}({ mode: "literal" }) can diverge: ${why}`, { code: "DOWNHILL_LITERAL" });
}
