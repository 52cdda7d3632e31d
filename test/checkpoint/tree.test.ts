import { expect, test } from "vitest";
import type { StoredTensor } from "../../src/checkpoint/safetensors.ts";
import { decodeTree, encodeTree } from "../../src/checkpoint/tree.ts";

test("numbers keep their bits and arrays come back as they went", () => {
  const tensors = new Map<string, StoredTensor>();
  const value = {
    a: [1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY],
    b: { c: Float32Array.of(1, 2), d: null, e: "text", f: true },
  };
  expect(decodeTree(encodeTree(value, tensors, "s"), tensors)).toStrictEqual(value);
});

test("hostile states are refused with ERR_FORMAT, however deep", () => {
  const none = new Map<string, StoredTensor>();
  const code = (text: string) => {
    try {
      decodeTree(text, none);
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return "accepted";
  };
  expect(code("{")).toBe("ERR_FORMAT");
  expect(code('{"$tensor":"missing"}')).toBe("ERR_FORMAT");
  expect(code("[".repeat(100_000) + "]".repeat(100_000))).toBe("ERR_FORMAT");
  expect(code("[".repeat(20) + "]".repeat(20))).toBe("accepted");
});
