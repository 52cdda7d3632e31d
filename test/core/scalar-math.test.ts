import { describe, expect, test } from "vitest";
import { cos, exp, expm1, log, log1p, pow, powInteger, sin, tanh } from "../../src/core/scalar-math.ts";
import { expFixed, fixed, logFixed, ONE, sinCosFixed, times, ulps } from "./oracle.ts";

/** Deterministic points in [low, high): a Weyl sequence, so that the cases never change. */
function points(count: number, low: number, high: number): number[] {
  return Array.from({ length: count }, (_, i) => low + (high - low) * ((i * 0.6180339887498949 + 0.1234567) % 1));
}

/** Points spread evenly over exponents. */
function spread(count: number, lowExponent: number, highExponent: number): number[] {
  return points(count, lowExponent, highExponent).map((e, i) => (1 + ((i * 0.7548776662466927) % 1)) * 2 ** Math.floor(e));
}

const worst = (xs: number[], error: (x: number) => number): number => xs.reduce((most, x) => Math.max(most, error(x)), 0);

describe("error bounds against 400-bit references", () => {
  const expError = (x: number): number => {
    const { mantissa, exponent } = expFixed(fixed(x));
    return ulps(exp(x), mantissa, exponent);
  };
  test("exp stays below 1 ulp, subnormal results included", () => {
    const xs = [...points(1500, -745, 709.7), ...points(500, -1, 1), ...spread(200, -60, 8), 709.782712893384, -745.1332, -708.4];
    expect(worst(xs, expError)).toBeLessThan(1);
  });
  test("expm1 stays below 2 ulp", () => {
    const xs = [...points(800, -40, 709), ...points(1500, -2, 2), ...spread(400, -60, 3), ...spread(400, -60, 3).map((x) => -x)];
    expect(
      worst(xs, (x) => {
        const { mantissa, exponent } = expFixed(fixed(x));
        const exact = exponent >= 0n ? (mantissa << exponent) - ONE : (mantissa >> -exponent) - ONE;
        return ulps(expm1(x), exact);
      }),
    ).toBeLessThan(2);
  });
  test("log stays below 1 ulp", () => {
    const xs = [...points(1500, 0.5, 2), ...spread(800, -290, 290), ...points(300, 0.999, 1.001)];
    expect(worst(xs, (x) => ulps(log(x), logFixed(fixed(x))))).toBeLessThan(1);
  });
  test("log of subnormal and huge numbers", () => {
    const shifted = (x: number, by: number): bigint => logFixed(fixed(x), BigInt(by));
    for (const x of points(200, 1, 2)) {
      expect(ulps(log(x * 2 ** 1023), shifted(x, 1023))).toBeLessThan(1);
      const tiny = Math.floor(x * 2 ** 30) * 2 ** -1074;
      expect(ulps(log(tiny), shifted(Math.floor(x * 2 ** 30), -1074))).toBeLessThan(1);
    }
  });
  test("log1p stays below 1 ulp", () => {
    const xs = [
      ...points(1500, -0.99, 3),
      ...spread(400, -100, 60),
      ...spread(400, -100, -1).map((x) => -x),
      -0.2929,
      0.41421356,
      -0.9999999,
    ];
    expect(worst(xs, (x) => ulps(log1p(x), logFixed(ONE + fixed(x))))).toBeLessThan(1);
  });
  test("sin and cos stay below 1 ulp, up to the largest double", () => {
    const quarterTurns = Array.from({ length: 300 }, (_, i) => (i + 1) * 1.5707963267948966);
    const xs = [
      ...points(1500, -7, 7),
      ...points(300, -1e6, 1e6),
      ...spread(300, -60, 20),
      ...spread(200, 20, 300),
      ...quarterTurns,
    ];
    expect(worst(xs, (x) => ulps(sin(x), sinCosFixed(fixed(x)).sin))).toBeLessThan(1);
    expect(worst(xs, (x) => ulps(cos(x), sinCosFixed(fixed(x)).cos))).toBeLessThan(1);
    // The double nearest to a multiple of π/2, and the value W. Kahan made famous with it.
    const kahan = 6381956970095103 * 2 ** 797;
    expect(cos(kahan)).toBe(-4.687165924254628e-19);
  });
  test("tanh stays below 3 ulp", () => {
    const xs = [...points(1000, -23, 23), ...points(500, -1.2, 1.2), ...spread(300, -60, 0)];
    expect(
      worst(xs, (x) => {
        const { mantissa, exponent } = expFixed(2n * fixed(x));
        const e = exponent >= 0n ? mantissa << exponent : mantissa >> -exponent;
        return ulps(tanh(x), ((e - ONE) * ONE) / (e + ONE));
      }),
    ).toBeLessThan(3);
  });
  test("pow stays below 1 ulp", () => {
    const bases = [...spread(120, -200, 200), ...points(200, 0.5, 2), ...points(60, 0.9999, 1.0001)];
    const exponents = [0.5, -0.5, 1 / 3, 2, 3, -1, 10.25, 0.001, 100.7, -31.4];
    for (const y of exponents) {
      const xs = bases.filter((x) => y * Math.log(x) < 709 && y * Math.log(x) > -740);
      const error = worst(xs, (x) => {
        const { mantissa, exponent } = expFixed(times(fixed(y), logFixed(fixed(x))));
        return ulps(pow(x, y), mantissa, exponent);
      });
      expect(error, `exponent ${y}`).toBeLessThan(1);
    }
    // A large exponent multiplies the error of the logarithm: 1.0000001^5e9.
    const { mantissa, exponent } = expFixed(times(fixed(5e9), logFixed(fixed(1.0000001))));
    expect(ulps(pow(1.0000001, 5e9), mantissa, exponent)).toBeLessThan(1);
  });
  test("powInteger stays below n · 2⁻⁵³ relative error (n / 2 + 1 ulp here)", () => {
    for (const [x, n] of [
      [0.9, 10],
      [0.999, 1000],
      [0.9999999, 100000],
      [0.95, 4000],
      [1.01, -700],
    ] as const) {
      const { mantissa, exponent } = expFixed(BigInt(n) * logFixed(fixed(x)));
      expect(ulps(powInteger(x, n), mantissa, exponent)).toBeLessThan(Math.abs(n) + 1);
    }
  });
});

describe("special values are those of Math", () => {
  const values = [0, -0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1e308, -1e308, 5e-324, -5e-324, 1e-17, Infinity, -Infinity, NaN];
  const special = (x: number): boolean => Number.isNaN(x) || x === 0 || Math.abs(x) === Infinity || Math.abs(x) === 1;
  const pairs = [
    ["exp", exp, Math.exp],
    ["expm1", expm1, Math.expm1],
    ["log", log, Math.log],
    ["log1p", log1p, Math.log1p],
    ["sin", sin, Math.sin],
    ["cos", cos, Math.cos],
    ["tanh", tanh, Math.tanh],
  ] as const;
  test.each(pairs)("%s", (_, own, builtin) => {
    for (const x of values) if (special(builtin(x))) expect(own(x)).toBe(builtin(x));
    for (const x of [710, -746, 23, -23, -41]) if (special(builtin(x))) expect(own(x)).toBe(builtin(x));
  });
  test("pow special cases", () => {
    for (const x of values) for (const y of values) if (special(x ** y)) expect(pow(x, y), `${x} ^ ${y}`).toBe(x ** y);
    expect(pow(-2, 3)).toBe(-8);
    expect(pow(-2, -3)).toBe(-0.125);
    expect(pow(7, 1)).toBe(7);
  });
  test("powInteger", () => {
    expect(powInteger(0.9, 0)).toBe(1);
    expect(powInteger(NaN, 0)).toBe(1);
    expect(powInteger(2, 1023)).toBe(2 ** 1023);
    expect(powInteger(2, -1022)).toBe(2 ** -1022);
    expect(powInteger(-3, 3)).toBe(-27);
    expect(powInteger(0.9999999, 2 ** 31 + 1)).toBeCloseTo(Math.exp((2 ** 31 + 1) * Math.log1p(-1e-7)), 98);
    expect(powInteger(1, Number.MAX_SAFE_INTEGER)).toBe(1);
  });
});

test("results never change: bits of a few values, so that another runtime can be compared", () => {
  const bits = (x: number): string => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, x);
    return view.getBigUint64(0).toString(16);
  };
  expect(
    [exp(1), log(10), sin(1), cos(1), tanh(0.5), pow(0.9, 0.1), powInteger(0.999, 1000), expm1(1e-5), log1p(1e-5)].map(bits),
  ).toMatchInlineSnapshot(`
    [
      "4005bf0a8b14576a",
      "40026bb1bbb55516",
      "3feaed548f090cee",
      "3fe14a280fb5068c",
      "3fdd9353d7568af3",
      "3fefaa244a98407a",
      "3fd788526411edac",
      "3ee4f8bc681cdfb6",
      "3ee4f8aea9ae7317",
    ]
  `);
});
