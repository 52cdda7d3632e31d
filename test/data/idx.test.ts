import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIdx } from "../../src/data/idx.ts";
import { loadIdxDataset, loadMnist } from "../../src/data/idx-dataset.ts";

function idx(type: number, shape: number[], body: Uint8Array | number[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = type;
  header[3] = shape.length;
  shape.forEach((dimension, axis) => {
    header.writeUInt32BE(dimension, 4 + 4 * axis);
  });
  return Buffer.concat([header, Buffer.from(body)]);
}

describe("parseIdx", () => {
  test("reads bytes in row-major order", () => {
    expect(parseIdx(idx(8, [2, 3], [1, 2, 3, 4, 5, 255]))).toEqual({ shape: [2, 3], data: new Uint8Array([1, 2, 3, 4, 5, 255]) });
  });
  test("reads every element type as big-endian", () => {
    expect(parseIdx(idx(9, [2], [255, 1])).data).toEqual(new Int8Array([-1, 1]));
    expect(parseIdx(idx(0x0b, [1], [255, 254])).data).toEqual(new Int16Array([-2]));
    expect(parseIdx(idx(0x0c, [1], [0, 0, 1, 0])).data).toEqual(new Int32Array([256]));
    expect(parseIdx(idx(0x0d, [1], [0xbf, 0x80, 0, 0])).data).toEqual(new Float32Array([-1]));
    expect(parseIdx(idx(0x0e, [1], [0x40, 4, 0, 0, 0, 0, 0, 0])).data).toEqual(new Float64Array([2.5]));
  });
  test("unpacks gzip", () => {
    expect(parseIdx(gzipSync(idx(8, [3], [7, 8, 9]))).data).toEqual(new Uint8Array([7, 8, 9]));
  });
  test("reads an empty first dimension", () => {
    expect(parseIdx(idx(8, [0, 4], []))).toEqual({ shape: [0, 4], data: new Uint8Array(0) });
  });
  test.each([
    ["nothing", new Uint8Array(0)],
    ["three bytes", new Uint8Array(3)],
    ["a wrong magic", idx(8, [1], [1]).fill(1, 0, 1)],
    ["an unknown type", idx(0x0a, [1], [1])],
    ["rank 0", idx(8, [], [])],
    ["a header cut off", idx(8, [1, 1], [1]).subarray(0, 9)],
    ["one byte too few", idx(8, [4], [1, 2, 3])],
    ["one byte too many", idx(8, [2], [1, 2, 3])],
    ["dimensions whose product overflows", idx(8, [0xffffffff, 0xffffffff, 0xffffffff], [1])],
    ["damaged gzip", gzipSync(idx(8, [3], [7, 8, 9])).subarray(0, 15)],
  ])("refuses %s with ERR_FORMAT", (_, bytes) => {
    expect(() => parseIdx(bytes)).toThrow(expect.objectContaining({ code: "ERR_FORMAT" }));
  });
  test("refuses a gzip bomb without unpacking it", () => {
    const bomb = gzipSync(idx(8, [1 << 20], new Uint8Array(1 << 20)));
    expect(() => parseIdx(bomb, { maxBytes: 1 << 16 })).toThrow(expect.objectContaining({ code: "ERR_FORMAT" }));
  });
  test("refuses what is not bytes with ERR_DTYPE", () => {
    expect(() => parseIdx([0, 0, 8, 1] as unknown as Uint8Array)).toThrow(expect.objectContaining({ code: "ERR_DTYPE" }));
  });
});

describe("loadIdxDataset", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "downhill-idx-"));
    await writeFile(join(folder, "train-images-idx3-ubyte.gz"), gzipSync(idx(8, [2, 1, 2], [0, 255, 51, 102])));
    await writeFile(join(folder, "train-labels.idx1-ubyte"), idx(8, [2], [3, 0]));
    await writeFile(join(folder, "t10k-images-idx3-ubyte"), idx(8, [1, 1, 2], [255, 255]));
    await writeFile(join(folder, "t10k-labels-idx1-ubyte"), idx(8, [1], [1]));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("reads gzipped and plain files of either naming, scaled to [0, 1]", async () => {
    const dataset = await loadIdxDataset(folder);
    expect(dataset.train).toEqual({
      x: new Float32Array([0, 1, 51 / 255, 102 / 255]),
      y: new Int32Array([3, 0]),
      count: 2,
      features: 2,
    });
    expect(dataset.classes).toBe(4);
    expect(dataset.imageShape).toEqual([1, 2]);
  });
  test("refuses files that are not MNIST where MNIST is asked for", async () => {
    await expect(loadIdxDataset(folder, { verifyMnist: true })).rejects.toMatchObject({ code: "ERR_FORMAT" });
  });
  test("names what is missing", async () => {
    await expect(loadIdxDataset(tmpdir())).rejects.toMatchObject({ code: "ERR_FORMAT", message: /train-images/ });
  });
  test("refuses as many labels as do not fit", async () => {
    await writeFile(join(folder, "t10k-labels-idx1-ubyte"), idx(8, [2], [1, 1]));
    await expect(loadIdxDataset(folder)).rejects.toMatchObject({ code: "ERR_FORMAT", message: /expected 1 bytes/ });
  });
});

test("loadMnist reads all 70,000 images and checks them", async () => {
  const { train, test, classes, imageShape } = await loadMnist();
  expect([train.count, test.count, train.features, classes, imageShape]).toEqual([60000, 10000, 784, 10, [28, 28]]);
  expect([...train.y.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
  expect(train.x.reduce((a, b) => Math.max(a, b), 0)).toBe(1);
});
