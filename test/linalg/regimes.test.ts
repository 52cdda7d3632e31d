// The choice of algorithm: each is reached by a shape that names it, thresholds lie where they are documented, and whichever
// is taken computes the same bits.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { distanceSweeps, edgesOf, type SweepShape, sweeps } from "../../bench/regimes/sweeps.mjs";
import { DOT_WIDTH, dotLength, isDotOrder } from "../../src/backend/gemm.ts";
import type { Regime } from "../../src/backend/native/gemm.ts";
import { createNative } from "../../src/backend/native/native.ts";
import { callOf, DOT_LENGTH, firstDifference, generator, resultOf, SHAPES, TRANSPOSES } from "./cases.ts";
import { addonForTests, forEachIsa } from "./isas.ts";

const addon = addonForTests();
const native = createNative(addon);
const noAvx512 = !addon.isas().includes("avx512");

/** The longest k at which sides of five and more are one chain an element. */
const SHORT = dotLength(5) - 1;

const REGIMES: readonly Regime[] = ["scale", "dot", "shallow", "direct", "few", "swapped", "pairs", "blocked", "small", "tiny"];

/** [m, n, k, "" | "A" | "B" | "AB" transposed, regime] on AVX-512, whose vectors hold 16 float32. */
const FLOAT32 = [
  [5, 5, 0, "", "scale"],
  // One register tile: 24 × 16, 14 × 32, 9 × 48, 6 × 64.
  [8, 8, 8, "", "tiny"],
  [24, 16, 9, "", "tiny"],
  [25, 16, 13, "", "small"],
  [14, 32, 9, "", "tiny"],
  [15, 32, 9, "", "small"],
  [9, 48, 9, "A", "tiny"],
  [10, 48, 9, "A", "small"],
  [6, 64, 9, "", "tiny"],
  [7, 64, 9, "", "small"],
  [6, 65, 9, "", "small"],
  // At most ten k beside twice as many rows; a transposed A beside narrow C to n + 2.
  [300, 300, 10, "", "shallow"],
  [300, 300, 11, "", "direct"],
  [20, 65, 10, "B", "shallow"],
  [19, 65, 10, "", "small"],
  [7, 65, 7, "", "shallow"],
  [6, 65, 7, "", "small"],
  [8, 600, 8, "", "small"],
  [300, 5, 7, "A", "shallow"],
  [300, 5, 8, "A", "swapped"],
  [300, 5, 8, "", "shallow"],
  [784, 256, 1, "AB", "shallow"],
  // To 27 where C is one vector wide: eight columns or more, 12 beside a transposed A.
  [300, 16, 27, "", "shallow"],
  [300, 16, 28, "", "small"],
  [46, 16, 23, "B", "shallow"],
  [45, 16, 23, "", "small"],
  [300, 17, 11, "", "small"],
  [300, 8, 23, "", "shallow"],
  [300, 7, 23, "", "swapped"],
  [300, 12, 23, "A", "shallow"],
  [300, 11, 23, "A", "swapped"],
  // Up to 200,000 multiply-adds without a plan.
  [50, 64, 62, "", "small"],
  [50, 64, 63, "", "direct"],
  [4, 4096, 12, "", "small"],
  [4, 4097, 12, "", "direct"],
  // Contiguous k on both sides, at most four rows or columns.
  [4, 300, 50, "B", "dot"],
  [5, 300, 50, "B", "direct"],
  [300, 4, 50, "B", "dot"],
  [1, 1, 50, "", "dot"],
  [300, 1, 50, "", "dot"],
  [1, 300, 1000, "A", "direct"],
  // Up to three rows, wider than a register tile of 448, 224 or 144 columns, B larger than L1 and from two rows on not than L2.
  [1, 449, 28, "", "few"],
  [1, 449, 27, "", "direct"],
  [1, 448, 28, "", "tiny"],
  [1, 3000, 3000, "", "few"],
  [2, 225, 100, "", "few"],
  [2, 224, 100, "", "tiny"],
  [2, 512, 512, "", "few"],
  [2, 513, 512, "", "direct"],
  [3, 145, 100, "A", "few"],
  [3, 400, 512, "", "few"],
  [3, 401, 512, "", "direct"],
  [4, 400, 300, "", "direct"],
  // One column from a transposed A is a row of C transposed.
  [300, 1, 1000, "A", "direct"],
  [300, 1, 1000, "AB", "direct"],
  [448, 1, 100, "A", "tiny"],
  [449, 1, 100, "A", "few"],
  // Long k, contiguous in one operand, and a narrow other side (rows of A transposed, columns of B, or both lie otherwise).
  [300, DOT_WIDTH, DOT_LENGTH, "", "dot"],
  [1, DOT_WIDTH, DOT_LENGTH, "", "dot"],
  [300, 5, dotLength(5), "", "dot"],
  [DOT_WIDTH, 300, DOT_LENGTH, "B", "dot"],
  [DOT_WIDTH, 300, DOT_LENGTH, "AB", "dot"],
  // Few columns of a row-major B: C, and A where it is not transposed, are turned where that leaves fewer lanes empty.
  [256, 6, SHORT, "", "swapped"],
  [256, 10, SHORT, "", "swapped"],
  [48, 10, SHORT, "", "swapped"],
  [26, 10, SHORT, "", "small"],
  [256, 12, SHORT, "", "direct"],
  [600, 13, SHORT, "", "direct"],
  [256, 17, 200, "", "swapped"],
  [128, 20, 256, "", "direct"],
  [256, 23, 128, "", "swapped"],
  [256, 31, 128, "", "direct"],
  [256, 32, 128, "A", "direct"],
  [256, 10, 128, "A", "swapped"],
  [256, 17, 128, "A", "swapped"],
  [24, 2, 11, "A", "swapped"],
  [24, 2, 10, "A", "tiny"],
  [20, 5, 40, "A", "swapped"],
  [20, 5, 15, "A", "tiny"],
  [12, 8, 300, "A", "swapped"],
  [7, 4, 500, "A", "tiny"],
  // Transposed B: C and A are turned, or B is, whichever is less work; lanes that stay empty count.
  [13, 784, SHORT, "B", "direct"],
  [16, 784, SHORT, "B", "swapped"],
  [11, 784, SHORT, "AB", "direct"],
  [6, 784, SHORT, "B", "direct"],
  [32, 784, 16, "B", "direct"],
  [32, 784, 32, "B", "swapped"],
  [28, 784, 100, "B", "direct"],
  [32, 784, SHORT, "B", "swapped"],
  [100, 768, 20, "B", "direct"],
  [64, 512, 512, "B", "swapped"],
  [300, 300, 100, "B", "direct"],
  [256, 20, 48, "AB", "swapped"],
  [256, 784, 100, "AB", "direct"],
  [17, 256, 100, "AB", "direct"],
  // Both along k, up to 128 columns: eight rows by two columns, where they leave few lanes empty and k is long enough.
  [16, 16, 500, "B", "pairs"],
  [28, 70, 100, "B", "pairs"],
  [64, 128, 200, "B", "pairs"],
  [64, 129, 200, "B", "swapped"],
  [24, 20, 15, "B", "direct"],
  [24, 20, 16, "B", "pairs"],
  [28, 47, 100, "B", "direct"],
  [28, 33, 100, "B", "pairs"],
  [28, 31, 100, "B", "direct"],
  [28, 30, 100, "B", "pairs"],
  [17, 24, 300, "B", "pairs"],
  // A look ahead: A and C beyond 2 MiB or B copied, at least 48 rows, a panel of 64 columns, k from 128; where tiles turn B (A as stored,
  // rows of B not a multiple of 2 KiB apart), A and C beyond 6 MiB.
  [300, 300, 128, "B", "direct"],
  [1100, 400, 128, "AB", "blocked"],
  [1100, 400, 127, "AB", "direct"],
  [5000, 63, 128, "AB", "direct"],
  [5000, 64, 128, "AB", "blocked"],
  [512, 512, 512, "B", "direct"],
  [513, 512, 512, "B", "blocked"],
  [513, 512, 511, "B", "direct"],
  [1024, 768, 768, "B", "direct"],
  [1025, 768, 768, "B", "blocked"],
  [2048, 2048, 2048, "", "blocked"],
  // B of up to 4 MiB is packed from 384 rows on, a larger one from 128.
  [383, 1024, 256, "", "direct"],
  [384, 1024, 256, "", "blocked"],
  [127, 1536, 1536, "", "direct"],
  [128, 1536, 1536, "", "blocked"],
] as const;

describe.skipIf(noAvx512)("on AVX-512 (skipped where the machine lacks it)", () => {
  test("every regime is reached, and thresholds lie where they are documented", () => {
    const before = addon.isa();
    addon.setIsa("avx512");
    const chosen = FLOAT32.map(([m, n, k, t]) => addon.gemmRegime(m, n, k, t.includes("A"), t.includes("B")));
    addon.setIsa(before);
    FLOAT32.forEach(([m, n, k, t, regime], i) => {
      expect(chosen[i], `${m}×${n}×${k} ${t}`).toBe(regime);
    });
    expect(new Set(chosen)).toEqual(new Set(REGIMES));
  });

  test("every sweep of the benchmark crosses a threshold, and every regime but scale is timed", () => {
    const before = addon.isa();
    addon.setIsa("avx512");
    const edges = sweeps.map((sweep) =>
      edgesOf(sweep, ([m, n, k, transA = false, transB = false]) => addon.gemmRegime(m, n, k, transA, transB)),
    );
    addon.setIsa(before);
    sweeps.forEach(({ name }, i) => {
      expect(edges[i]!.length, name).toBeGreaterThan(0);
    });
    const timed = edges.flat().flatMap(({ regimes }) => regimes);
    expect(new Set(timed)).toEqual(new Set(REGIMES.filter((regime) => regime !== "scale")));
  });
});

describe.skipIf(noAvx512)("what depends on how far apart rows lie, on AVX-512 (skipped where the machine lacks it)", () => {
  const decided = ([m, n, k, transA = false, transB = false, apart = 0]: SweepShape) => {
    const next = generator(m + n + k);
    const call = callOf({ dtype: "float32", transA, transB, m, n, k, apart }, () => next() - 0.5);
    addon.gemmDecide("none");
    resultOf(native, call);
    return { call, answers: addon.gemmDecided() };
  };
  const before = { isa: addon.isa(), threads: addon.threads() };
  beforeAll(() => {
    addon.setIsa("avx512");
    addon.setThreads(1);
  });
  afterAll(() => {
    addon.gemmDecide("");
    addon.setIsa(before.isa);
    addon.setThreads(before.threads);
  });

  test("every sweep of the benchmark crosses its threshold, and every decision has one", () => {
    for (const sweep of distanceSweeps) {
      const edges = edgesOf(sweep, (shape) => String(decided(shape).answers[sweep.decision]));
      const what = `${sweep.decision}: ${sweep.name}`;
      expect(edges.length, what).toBeGreaterThan(0);
      expect(
        edges.flatMap(({ regimes }) => regimes),
        what,
      ).toContain("true");
    }
    expect(new Set(distanceSweeps.map(({ decision }) => decision))).toEqual(new Set(Object.keys(addon.gemmDecided())));
  });

  test("decided the other way, the bits are the same", () => {
    for (const { decision, values, shape } of distanceSweeps) {
      for (const value of [values[0]!, values.at(-1)!]) {
        const { call, answers } = decided(shape(value));
        const expected = resultOf(native, call);
        addon.gemmDecide(decision);
        expect(firstDifference(resultOf(native, call), expected), `${decision}: ${shape(value)}`).toBe(-1);
        if (answers[decision] !== null) expect(addon.gemmDecided()[decision]).toBe(answers[decision]);
      }
    }
  });
});

/** Both sides of every edge of the dot order, and beyond. */
const SIDES = [1, 2, 3, 4, 5, 6, DOT_WIDTH - 1, DOT_WIDTH, DOT_WIDTH + 1, 100];

test("dot order is what the contract says", () => {
  for (const m of SIDES) {
    for (const n of SIDES) {
      for (const k of [1, dotLength(m) - 1, dotLength(m), dotLength(n) - 1, dotLength(n), 1000]) {
        const long = (width: number) => width <= DOT_WIDTH && k >= dotLength(width);
        const four = Math.min(m, n) <= 4;
        const what = `${m}×${n}×${k}`;
        // k is contiguous in A alone: few columns. In both: few of either. In B alone: few rows. In neither: one element.
        expect(isDotOrder(m, n, k, false, false), what).toBe(n === 1 || long(n));
        expect(isDotOrder(m, n, k, false, true), what).toBe(four || long(Math.min(m, n)));
        expect(isDotOrder(m, n, k, true, true), what).toBe(m === 1 || long(m));
        expect(isDotOrder(m, n, k, true, false), what).toBe(m === 1 && n === 1);
        for (const [transA, transB] of TRANSPOSES) {
          expect(isDotOrder(n, m, k, !transB, !transA), "C transposed").toBe(isDotOrder(m, n, k, transA, transB));
        }
      }
    }
  }
});

test("on every ISA and in both dtypes, dot order is taken exactly where the contract says, scale where k is 0", () => {
  forEachIsa((isa) => {
    for (const wide of [false, true]) {
      for (const [transA, transB] of TRANSPOSES) {
        for (const m of SIDES) {
          for (const n of SIDES) {
            for (const k of [1, dotLength(m) - 1, dotLength(m), dotLength(n) - 1, dotLength(n), 1500]) {
              const regime = addon.gemmRegime(m, n, k, transA, transB, wide);
              const what = `${isa} ${m}×${n}×${k} ${transA} ${transB}`;
              expect(regime === "dot", what).toBe(isDotOrder(m, n, k, transA, transB));
            }
            expect(addon.gemmRegime(m, n, 0, transA, transB, wide)).toBe("scale");
          }
        }
      }
    }
  });
});

test("a regime that is forced is taken where it has kernels, and computes the same bits", () => {
  const next = generator(101);
  const large = [
    { m: 70, n: 130, k: 40 },
    { m: 60, n: 100, k: 900 },
    { m: 40, n: 10, k: 30 },
  ];
  const taken = new Map(addon.isas().map((isa) => [isa, new Set<Regime>()]));
  try {
    for (const dtype of ["float32", "float64"] as const) {
      for (const [transA, transB] of TRANSPOSES) {
        for (const shape of [...SHAPES, ...large]) {
          const call = callOf({ dtype, transA, transB, ...shape, beta: 0.5, bias: true, activation: "gelu" }, () => next() - 0.5);
          const { m, n, k } = shape;
          addon.gemmForce("");
          const expected = resultOf(native, call);
          const inDotOrder = isDotOrder(m, n, k, transA, transB);
          forEachIsa((isa) => {
            for (const forced of REGIMES) {
              addon.gemmForce(forced);
              const regime = addon.gemmRegime(m, n, k, transA, transB, dtype === "float64");
              const what = `${isa} ${forced} ${JSON.stringify({ dtype, transA, transB, ...shape })}`;
              if (regime === forced) taken.get(isa)!.add(regime);
              if (forced === "direct" || forced === "swapped") expect(regime, what).toBe(forced);
              const result = resultOf(native, call);
              // Dot order against the contract, or none against it, has other bits.
              if ((regime === "dot") === inDotOrder) expect(firstDifference(result, expected), what).toBe(-1);
            }
          });
        }
      }
    }
  } finally {
    addon.gemmForce("");
  }
  // Not every instruction set has kernels for shallow, few and pairs.
  const everywhere = REGIMES.filter((regime) => !["scale", "shallow", "few", "pairs"].includes(regime));
  for (const [isa, regimes] of taken) expect([...regimes], isa).toEqual(expect.arrayContaining(everywhere));
  if (!noAvx512) expect(taken.get("avx512")).toEqual(new Set(REGIMES.filter((regime) => regime !== "scale")));
});

test("a product with nothing to sum is scaled, whatever is forced", () => {
  try {
    for (const forced of REGIMES) {
      addon.gemmForce(forced);
      const call = callOf({ dtype: "float32", m: 5, n: 70, k: 9, transA: false, transB: false, alpha: 0, beta: 0.5 }, () => 2);
      expect(resultOf(native, { ...call, a: call.a.map(() => Number.NaN) })).toEqual(new Float32Array(350).fill(1));
      expect(addon.gemmRegime(5, 70, 0, false, false), forced).toBe("scale");
    }
  } finally {
    addon.gemmForce("");
  }
});
