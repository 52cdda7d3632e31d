import fc from "fast-check";
import { expect, test } from "vitest";
import { powInteger } from "../../src/core/scalar-math.ts";
import { power } from "../../src/optim/powers.ts";

test("power has the bits of powInteger for any β and t", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.maxSafeNat(), (x, n) => {
      expect(power(x, n)).toBe(powInteger(x, n));
      expect(power(x, n % 100_000)).toBe(powInteger(x, n % 100_000));
    }),
    { numRuns: 2000 },
  );
});

test("power is exact in t far beyond 2²⁴", () => {
  const beta = 0.9999999;
  for (const t of [2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 40 + 3]) expect(power(beta, t)).toBe(powInteger(beta, t));
  expect(power(beta, 2 ** 24 + 1)).not.toBe(power(beta, 2 ** 24));
});
