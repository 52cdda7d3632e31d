// The addon with a choice of ISA, for tests that walk over all ISAs of the machine.

import type { Addon } from "../../src/backend/native/addon.ts";
import { loadAddon } from "../../src/backend/native/load.ts";

export function addonForTests(): Addon {
  const { addon, tried } = loadAddon();
  if (!addon) throw new Error(`no addon: ${JSON.stringify(tried)}`);
  return addon;
}

/** Runs `body` once per ISA of the machine and restores the best one. */
export function forEachIsa(body: (isa: string) => void): void {
  const addon = addonForTests();
  const before = addon.isa();
  try {
    for (const isa of addon.isas()) {
      if (!addon.setIsa(isa)) throw new Error(`cannot select ${isa}`);
      body(isa);
    }
  } finally {
    addon.setIsa(before);
  }
}
