// Plain data with typed arrays in it ⇄ JSON text and named tensors, so that any state fits into a safetensors file.
import { arrayKind } from "../core/checks.ts";
import { fault } from "../core/errors.ts";
import type { NumericArray } from "../core/types.ts";
import type { StoredTensor } from "./safetensors.ts";
import { storedDtype } from "./safetensors.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Turns `value` into JSON text; each typed array goes into `tensors` under `prefix` + its path. Numbers keep their bits:
 * NaN, infinities and −0 are spelled out.
 */
export function encodeTree(value: unknown, tensors: Map<string, StoredTensor>, prefix: string): string {
  const walk = (node: unknown, path: string): Json => {
    if (typeof node === "number")
      return Number.isFinite(node) && !Object.is(node, -0) ? node : { $number: Object.is(node, -0) ? "-0" : String(node) };
    if (node === null || typeof node === "boolean" || typeof node === "string") return node;
    if (arrayKind(node) !== undefined) {
      const data = node as NumericArray;
      tensors.set(path, { dtype: storedDtype(data), shape: [data.length], data });
      return { $tensor: path };
    }
    if (Array.isArray(node)) return node.map((item, index) => walk(item, `${path}.${index}`));
    if (typeof node === "object") {
      const entries = Object.entries(node).filter(([, item]) => item !== undefined);
      return Object.fromEntries(entries.map(([key, item]) => [key, walk(item, `${path}.${key}`)]));
    }
    throw fault("ERR_STATE", `${path}: expected plain data, received ${typeof node}`);
  };
  return JSON.stringify(walk(value, prefix));
}

/** Levels of nesting that a state may have; ours has under ten, and the walk below must not exhaust the stack. */
const MAX_DEPTH = 64;

/** The inverse of encodeTree. @throws Error ERR_FORMAT for text that is not JSON, nested too deeply, or a missing tensor. */
export function decodeTree(text: string, tensors: ReadonlyMap<string, StoredTensor>): unknown {
  const walk = (node: Json, depth: number): unknown => {
    if (node === null || typeof node !== "object") return node;
    if (depth > MAX_DEPTH) throw fault("ERR_FORMAT", `checkpoint: the state is nested more than ${MAX_DEPTH} levels deep`);
    if (Array.isArray(node)) return node.map((item) => walk(item, depth + 1));
    if (typeof node.$number === "string") return Number(node.$number);
    if (typeof node.$tensor === "string") {
      const tensor = tensors.get(node.$tensor);
      if (tensor === undefined) throw fault("ERR_FORMAT", `checkpoint: the tensor ${node.$tensor} is missing`);
      return tensor.data;
    }
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, depth + 1)]));
  };
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch (cause) {
    throw fault("ERR_FORMAT", "checkpoint: the state is not JSON", { cause });
  }
  return walk(parsed, 0);
}
