// A strict reader for the JSON header of a safetensors file: JSON.parse would accept a key twice and keep the last.
import { fault } from "../core/errors.ts";

/** Deeper nesting than the format has is refused, so that no input can exhaust the stack. */
const MAX_DEPTH = 4;

/**
 * Parses one JSON object and refuses duplicate keys at any depth.
 * @param convert checks each value of the outermost object as soon as it is read (nested objects are Maps), so that a
 *   hostile header fails at its first bad entry and not after it filled the memory.
 * @throws Error ERR_FORMAT.
 */
export function parseStrictObject<T>(text: string, name: string, convert: (key: string, value: unknown) => T): Map<string, T> {
  const fail = (why: string) => fault("ERR_FORMAT", `${name}: header: ${why}`);
  let at = 0;
  const skip = () => {
    while (at < text.length && " \t\n\r".includes(text[at]!)) at++;
  };
  const expect = (character: string) => {
    skip();
    if (text[at] !== character)
      throw fail(`expected ${character} at position ${at}, received ${text.slice(at, at + 10) || "the end"}`);
    at++;
  };
  const string = (): string => {
    expect('"');
    const start = at - 1;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at++;
    return parsed(start) as string;
  };
  const parsed = (start: number): unknown => {
    try {
      return JSON.parse(text.slice(start, at));
    } catch {
      throw fail(`expected JSON at position ${start}, received ${text.slice(start, start + 20)}`);
    }
  };
  const value = (depth: number): unknown => {
    if (depth > MAX_DEPTH) throw fail(`nested deeper than ${MAX_DEPTH}`);
    skip();
    const character = text[at];
    if (character === "{") return object(depth + 1, (_, inner) => inner);
    if (character === "[") return array(depth + 1);
    if (character === '"') return string();
    const start = at;
    while (at < text.length && /[-+.\w]/.test(text[at]!)) at++;
    return parsed(start);
  };
  const array = (depth: number): unknown[] => {
    const items: unknown[] = [];
    expect("[");
    skip();
    if (text[at] === "]") {
      at++;
      return items;
    }
    for (;;) {
      items.push(value(depth));
      skip();
      if (text[at] !== ",") break;
      at++;
    }
    expect("]");
    return items;
  };
  const object = <V>(depth: number, convertValue: (key: string, value: unknown) => V): Map<string, V> => {
    const entries = new Map<string, V>();
    expect("{");
    skip();
    if (text[at] === "}") {
      at++;
      return entries;
    }
    for (;;) {
      skip();
      const key = string();
      if (entries.has(key)) throw fail(`the key "${key.slice(0, 60)}" is there twice`);
      expect(":");
      entries.set(key, convertValue(key, value(depth)));
      skip();
      if (text[at] !== ",") break;
      at++;
    }
    expect("}");
    return entries;
  };
  const result = object(0, convert);
  skip();
  if (at !== text.length) throw fail(`text after the object at position ${at}`);
  return result;
}
