// Deterministic inputs and bit comparison for conformance cases. Plain modules: run by vitest and, where vitest does not
// start (emulators), by run.mjs over dist/.

/** Uniform in [0, 1) from a 32-bit state; the same on every runtime. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let h = state ^ (state >>> 15);
    h = Math.imul(h, 0x2c1b3c6d) >>> 0;
    h ^= h >>> 12;
    return (h >>> 0) / 4294967296;
  };
}

const SPECIAL = [
  NaN,
  Infinity,
  -Infinity,
  -0,
  0,
  1e-40,
  -1e-40,
  1.401298464324817e-45,
  1.1754943508222875e-38,
  -1.2e-38,
  1e20,
  -1e20,
  3.4e38,
  -3.4e38,
  1e-20,
  -1e-20,
  1,
  -1,
  5e-324,
  1e300,
  -1e-310,
];

/** Ordinary values with a special one at about every seventh place, at other places for each `phase`. */
export function values(count, seed, specials, phase = 0) {
  const next = generator(seed);
  return Float64Array.from({ length: count }, (_, i) => {
    const ordinary = (next() - 0.5) * 4;
    return specials && (i + phase) % 7 === 3 ? SPECIAL[(i * 5 + seed + phase) % SPECIAL.length] : ordinary;
  });
}

/** Throws unless both arrays have the same bits; any NaN equals any NaN. */
export function assertSameBits(expected, actual, what) {
  if (expected.length !== actual.length) throw new Error(`${what}: ${actual.length} elements instead of ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [expected[i], actual[i]];
    if (!Object.is(a, b) && !(Number.isNaN(a) && Number.isNaN(b))) throw new Error(`${what}[${i}]: ${b} instead of ${a}`);
  }
}

/** A view of `count` elements that starts `offset` elements into its buffer and has canaries around it. */
export function guarded(type, count, offset, content, CANARY = 12345.5) {
  const whole = new type(count + offset + 5).fill(CANARY);
  const view = whole.subarray(offset, offset + count);
  view.set(content);
  return {
    view,
    assertIntact(what) {
      for (let i = 0; i < whole.length; i++) {
        if ((i < offset || i >= offset + count) && whole[i] !== CANARY)
          throw new Error(`${what}: wrote outside at ${i - offset}`);
      }
    },
  };
}
