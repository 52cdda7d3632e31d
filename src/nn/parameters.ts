// Parameters as a whole: copied in by name, hashed.
import { createHash } from "node:crypto";
import { checkFloatArray, dtypeOf } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import type { NamedTensor } from "./types.ts";

/** Copies values in by name. The first `required` of the known names must be there; everything is checked first. */
export function copyParameters(known: readonly NamedTensor[], required: number, values: readonly NamedTensor[]): void {
  if (!Array.isArray(values)) throw wrongKind("values", "an array of named tensors", values);
  const byName = new Map(known.map((entry) => [entry.name, entry.tensor]));
  const given = new Set<string>();
  for (const { name, tensor } of values) {
    const own = byName.get(name);
    if (!own || given.has(name)) throw wrongValue("values", "names of this network, each once", name, "ERR_STATE");
    given.add(name);
    checkFloatArray(name, tensor.data, dtypeOf(own.data));
    if (tensor.shape.join() !== own.shape.join()) {
      throw wrongValue(name, `a shape of [${own.shape}]`, `[${tensor.shape}]`, "ERR_SHAPE");
    }
  }
  const missing = known.slice(0, required).find(({ name }) => !given.has(name));
  if (missing) throw wrongValue("values", `a value for ${missing.name}`, "none", "ERR_STATE");
  for (const { name, tensor } of values) byName.get(name)?.data.set(tensor.data);
}

/** The bytes of an array, little-endian, every NaN written as the canonical one. */
function bytesOf(array: FloatArray): Uint8Array {
  const size = array.BYTES_PER_ELEMENT;
  const view = new DataView(new ArrayBuffer(array.length * size));
  for (let i = 0; i < array.length; i++) {
    // JavaScript may keep a NaN's payload; a fixed pattern may not depend on who computed it.
    if (size === 4) {
      if (Number.isNaN(array[i])) view.setUint32(4 * i, 0x7fc00000, true);
      else view.setFloat32(4 * i, array[i], true);
    } else if (Number.isNaN(array[i])) view.setBigUint64(8 * i, 0x7ff8000000000000n, true);
    else view.setFloat64(8 * i, array[i], true);
  }
  return new Uint8Array(view.buffer);
}

/** SHA-256 in hex over all parameters in order. */
export function hashParameters(parameters: readonly NamedTensor[]): string {
  const hash = createHash("sha256");
  for (const { tensor } of parameters) hash.update(bytesOf(tensor.data));
  return hash.digest("hex");
}
