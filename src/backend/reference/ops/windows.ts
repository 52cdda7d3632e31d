// Windows over images [samples, height, width, channels]: twin of native/engine/windows.h. Elements are moved, or added in
// the order of output rows, output columns, window rows, window columns, channels.
import type { Dtype, FloatArray } from "../../../core/types.ts";
import { arithmetic } from "./elementwise.ts";

interface Windows {
  readonly samples: number;
  readonly channels: number;
  /** Elements of an image, and pixels of an output. */
  readonly image: number;
  readonly outputs: number;
  readonly kernel: number;
  /** First element of the pixel that position k of the window of output o sees, or −1 in the padding. */
  pixel(o: number, k: number): number;
}

function windowsOf(n: readonly number[]): Windows {
  const [samples, height, width, channels, outHeight, outWidth, kernelHeight, kernelWidth] = n;
  const [strideHeight, strideWidth, padHeight, padWidth, dilationHeight, dilationWidth] = n.slice(8);
  return {
    samples,
    channels,
    image: height * width * channels,
    outputs: outHeight * outWidth,
    kernel: kernelHeight * kernelWidth,
    pixel(o, k) {
      const y = Math.floor(o / outWidth) * strideHeight + Math.floor(k / kernelWidth) * dilationHeight - padHeight;
      const x = (o % outWidth) * strideWidth + (k % kernelWidth) * dilationWidth - padWidth;
      return y < 0 || y >= height || x < 0 || x >= width ? -1 : (y * width + x) * channels;
    },
  };
}

export function patches(n: readonly number[], image: FloatArray, out: FloatArray): void {
  const w = windowsOf(n);
  let at = 0;
  for (let s = 0; s < w.samples; s++)
    for (let o = 0; o < w.outputs; o++)
      for (let k = 0; k < w.kernel; k++) {
        const from = w.pixel(o, k);
        for (let c = 0; c < w.channels; c++) out[at++] = from < 0 ? 0 : image[s * w.image + from + c];
      }
}

export function patchesGradient(dtype: Dtype, n: readonly number[], dy: FloatArray, dx: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  const w = windowsOf(n);
  dx.fill(0, 0, w.samples * w.image);
  let at = 0;
  for (let s = 0; s < w.samples; s++)
    for (let o = 0; o < w.outputs; o++)
      for (let k = 0; k < w.kernel; k++, at += w.channels) {
        const to = w.pixel(o, k);
        for (let c = 0; to >= 0 && c < w.channels; c++) {
          const i = s * w.image + to + c;
          dx[i] = round(read(dx[i]) + read(dy[at + c]));
        }
      }
}

/** The first largest element of a window in one channel, a NaN before all others; −1 where it sees only padding. */
function largest(read: (x: number) => number, w: Windows, image: FloatArray, base: number, o: number, c: number): number {
  let best = -1;
  for (let k = 0; k < w.kernel; k++) {
    const pixel = w.pixel(o, k);
    if (pixel < 0) continue;
    const at = base + pixel + c;
    const value = read(image[at]);
    const most = best < 0 ? 0 : read(image[best]);
    if (best < 0 || value > most || (Number.isNaN(value) && !Number.isNaN(most))) best = at;
  }
  return best;
}

export function maxPool(dtype: Dtype, n: readonly number[], image: FloatArray, out: FloatArray): void {
  const { read } = arithmetic(dtype);
  const w = windowsOf(n);
  let i = 0;
  for (let s = 0; s < w.samples; s++)
    for (let o = 0; o < w.outputs; o++)
      for (let c = 0; c < w.channels; c++) {
        const at = largest(read, w, image, s * w.image, o, c);
        out[i++] = at < 0 ? 0 : image[at];
      }
}

export function maxPoolGradient(dtype: Dtype, n: readonly number[], image: FloatArray, dy: FloatArray, dx: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  const w = windowsOf(n);
  dx.fill(0, 0, w.samples * w.image);
  let i = 0;
  for (let s = 0; s < w.samples; s++)
    for (let o = 0; o < w.outputs; o++)
      for (let c = 0; c < w.channels; c++, i++) {
        const at = largest(read, w, image, s * w.image, o, c);
        if (at >= 0) dx[at] = round(read(dx[at]) + read(dy[i]));
      }
}

/** Pixels that an output sees, the padding not counted; at least 1. */
function pixelsOf(w: Windows, o: number): number {
  let count = 0;
  for (let k = 0; k < w.kernel; k++) count += Number(w.pixel(o, k) >= 0);
  return Math.max(1, count);
}

export function averagePool(dtype: Dtype, n: readonly number[], image: FloatArray, out: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  const w = windowsOf(n);
  let i = 0;
  for (let s = 0; s < w.samples; s++)
    for (let o = 0; o < w.outputs; o++) {
      const count = pixelsOf(w, o);
      for (let c = 0; c < w.channels; c++) {
        let sum = 0;
        for (let k = 0; k < w.kernel; k++) {
          const pixel = w.pixel(o, k);
          if (pixel >= 0) sum += read(image[s * w.image + pixel + c]);
        }
        out[i++] = round(sum / count);
      }
    }
}

export function averagePoolGradient(dtype: Dtype, n: readonly number[], dy: FloatArray, dx: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  const w = windowsOf(n);
  dx.fill(0, 0, w.samples * w.image);
  for (let s = 0; s < w.samples; s++)
    for (let o = 0; o < w.outputs; o++) {
      const count = pixelsOf(w, o);
      for (let k = 0; k < w.kernel; k++) {
        const to = w.pixel(o, k);
        for (let c = 0; to >= 0 && c < w.channels; c++) {
          const i = s * w.image + to + c;
          dx[i] = round(read(dx[i]) + round(read(dy[(s * w.outputs + o) * w.channels + c]) / count));
        }
      }
    }
}
