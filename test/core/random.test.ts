import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fillNormal,
  fillUniform,
  integer,
  normal,
  permutation,
  philox,
  philoxRounds,
  uniform,
  uniform32,
  word,
} from "../../src/core/random.ts";

const hex = (words: Uint32Array): string => [...words].map((w) => w.toString(16).padStart(8, "0")).join(" ");

// Known answers: Random123 1.14, examples/kat_vectors, philox4x32 10.
test.each([
  [[0, 0, 0, 0, 0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
  [[-1, -1, -1, -1, -1, -1], "408f276d 41c83b0e a20bc7c6 6d5451fd"],
  [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
] as const)("philox4x32-10 gives the published words for %j", ([a, b, c, d, k0, k1], expected) => {
  expect(hex(philoxRounds(a, b, c, d, k0, k1))).toBe(expected);
});

test("philox4x32-10 equals the definition in 64-bit integers", () => {
  const reference = (counter: bigint[], key: bigint[]): string => {
    let [a, b, c, d] = counter as [bigint, bigint, bigint, bigint];
    let [k0, k1] = key as [bigint, bigint];
    const mask = 0xffffffffn;
    for (let i = 0; i < 10; i++) {
      const p0 = 0xd2511f53n * a;
      const p1 = 0xcd9e8d57n * c;
      [a, b, c, d] = [(p1 >> 32n) ^ b ^ k0, p1 & mask, (p0 >> 32n) ^ d ^ k1, p0 & mask];
      k0 = (k0 + 0x9e3779b9n) & mask;
      k1 = (k1 + 0xbb67ae85n) & mask;
    }
    return hex(Uint32Array.of(Number(a), Number(b), Number(c), Number(d)));
  };
  const u32 = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(u32, u32, u32, u32, u32, (low, high, stream, i, j) => {
      expect(hex(philox(low, high, stream, i, j))).toBe(reference([i, j, stream, 0].map(BigInt), [low, high].map(BigInt)));
    }),
  );
});

describe("draws", () => {
  test("words of one stream are the blocks in order", () => {
    const words = Array.from({ length: 8 }, (_, i) => word(7, 3, i));
    expect(words).toEqual([...philox(7, 0, 3, 0, 0), ...philox(7, 0, 3, 1, 0)]);
  });
  test("seeds and indices beyond 2^32 reach the high words", () => {
    expect(word(2 ** 32 + 5, 1, 0)).toBe(philox(5, 1, 1, 0, 0)[0]);
    expect(word(5, 1, 4 * 2 ** 32 + 4)).toBe(philox(5, 0, 1, 1, 1)[0]);
  });
  test("uniform draws lie in [0, 1) with the moments of the uniform distribution", () => {
    const count = 20000;
    for (const draw of [uniform, uniform32]) {
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < count; i++) {
        const u = draw(1, 2, i);
        expect(u >= 0 && u < 1).toBe(true);
        sum += u;
        squares += u * u;
      }
      // Five standard deviations: 5 / sqrt(12 n), 5 · sqrt(4 / 45 / n).
      expect(Math.abs(sum / count - 1 / 2)).toBeLessThan(0.0103);
      expect(Math.abs(squares / count - 1 / 3)).toBeLessThan(0.0106);
    }
    expect(Math.fround(uniform32(1, 2, 3))).toBe(uniform32(1, 2, 3));
  });
  test("normal draws have the moments and the tails of the normal distribution", () => {
    const count = 20000;
    const x = Array.from({ length: count }, (_, i) => normal(9, 0, i));
    const moment = (k: number): number => x.reduce((s, v) => s + v ** k, 0) / count;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
    const beyond2 = x.filter((v) => Math.abs(v) > 2).length / count;
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(5 * Math.sqrt((0.0455 * 0.9545) / count));
    // Neighbours (one block's cosine and sine) are uncorrelated.
    const pairs = x.reduce((s, v, i) => (i % 2 ? s + v * x[i - 1]! : s), 0) / (count / 2);
    expect(Math.abs(pairs)).toBeLessThan(5 / Math.sqrt(count / 2));
  });
  test("integer draws cover their range evenly", () => {
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) counts[integer(3, 1, i, 6)]!++;
    for (const c of counts) expect(Math.abs(c - 1000)).toBeLessThan(5 * Math.sqrt(1000 * (5 / 6)));
    expect(integer(3, 1, 0, 1)).toBe(0);
  });
  test("arrays hold the addressed draws, rounded once", () => {
    const f32 = new Float32Array(9);
    fillUniform(f32, 4, 5, -2, 2);
    expect([...f32]).toEqual(Array.from(f32, (_, i) => Math.fround(-2 + 4 * uniform32(4, 5, i))));
    const f64 = new Float64Array(9);
    fillNormal(f64, 4, 5, 1, 0.5);
    expect([...f64]).toEqual(Array.from(f64, (_, i) => 1 + 0.5 * normal(4, 5, i)));
  });
  test("a few draws never change", () => {
    expect([uniform(42, 0, 0), uniform32(42, 0, 0), normal(42, 0, 0), normal(42, 0, 1)]).toMatchInlineSnapshot(`
      [
        0.6129598801477738,
        0.6129598617553711,
        1.2345418209781556,
        0.6118499302684758,
      ]
    `);
  });
});

describe("permutation", () => {
  test("exchanges the places that integer() draws", () => {
    for (const n of [0, 1, 2, 3, 8, 65]) {
      const expected: number[] = [];
      for (let i = 0; i < n; i++) {
        const j = integer(7, 3, i, i + 1);
        expected[i] = expected[j] as number;
        expected[j] = i;
      }
      expect([...permutation(7, 3, n)]).toEqual(expected);
    }
  });

  test("is a permutation for every size", () => {
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), fc.nat(0xffffffff), fc.integer({ min: 0, max: 300 }), (seed, stream, n) => {
        expect([...permutation(seed, stream, n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });
  test("repeats for a seed and stream and differs between streams", () => {
    expect(permutation(1, 2, 50)).toEqual(permutation(1, 2, 50));
    expect(permutation(1, 3, 50)).not.toEqual(permutation(1, 2, 50));
    expect(permutation(2, 2, 50)).not.toEqual(permutation(1, 2, 50));
  });
  test("all orders of three occur evenly", () => {
    const counts = new Map<string, number>();
    for (let s = 0; s < 6000; s++) {
      const key = permutation(11, s, 3).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const c of counts.values()) expect(Math.abs(c - 1000)).toBeLessThan(5 * Math.sqrt(1000 * (5 / 6)));
  });
  test("writes into the array given", () => {
    const out = new Uint32Array(10);
    expect(permutation(1, 1, 10, out)).toBe(out);
    expect(out).toEqual(permutation(1, 1, 10));
  });
  test("refuses what it cannot address", () => {
    const code = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "nothing thrown";
    };
    expect(code(() => permutation(-1, 0, 3))).toBe("ERR_RANGE");
    expect(code(() => permutation(0.5, 0, 3))).toBe("ERR_RANGE");
    expect(code(() => permutation(0, 2 ** 32, 3))).toBe("ERR_RANGE");
    expect(code(() => permutation(0, 0, 2 ** 32))).toBe("ERR_RANGE");
    expect(code(() => permutation(0, 0, 3, new Uint32Array(2)))).toBe("ERR_LENGTH");
    expect(code(() => permutation(0, 0, 3, new Int32Array(3) as unknown as Uint32Array))).toBe("ERR_DTYPE");
    expect(code(() => fillNormal([] as unknown as Float32Array, 0, 0))).toBe("ERR_DTYPE");
  });
});
