// What all families of conformance cases share: each row on every ISA and with several threads, native against reference.
import { assertSameBits } from "./compare.mjs";

/** Under an emulator, where everything takes thirty times as long: fewer lengths, all of them edges. */
export const emulated = process.env.DOWNHILL_TEST_EMULATED !== undefined;

/** The ISAs to compare: all of the machine's, under an emulator the one that it was started for. */
const isasOf = (addon) => (emulated ? [addon.isa()] : addon.isas());

/**
 * Cases of the rows { name, inputs(), execute(backend, input): arrays, label(input, index) }. The reference computes each
 * input once. `threads` are the counts on the best ISA, 2 on the others; `compare` and `claim` where it is not bit for bit.
 * @returns {{ name: string, run: () => void, skip?: string }[]}
 */
export function walk(api, family, rows) {
  const { addon, tried } = api.loadAddon();
  if (!addon) return [{ name: family, run() {}, skip: `no native addon: ${tried.map(({ error }) => error).join("; ")}` }];
  const native = api.createNative(addon);
  const reference = api.createReference(true);
  const best = addon.isa();
  return rows.flatMap(({ name, inputs, execute, label, threads = [2], compare = assertSameBits, claim = "has the bits of" }) => {
    let made;
    const run = (isa, count) => () => {
      made ??= inputs().map((input) => ({ input, expected: execute(reference, input) }));
      const before = addon.threads();
      addon.setIsa(isa);
      addon.setThreads(count);
      try {
        for (const { input, expected } of made) {
          const actual = execute(native, input);
          expected.forEach((array, index) => {
            compare(array, actual[index], label(input, index), input);
          });
        }
      } finally {
        addon.setIsa(best);
        addon.setThreads(before);
      }
    };
    return isasOf(addon).flatMap((isa) =>
      (isa === best && !emulated ? threads : [2]).map((count) => ({
        name: `${name} on ${isa} with ${count} threads ${claim} the reference`,
        run: run(isa, count),
      })),
    );
  });
}
