// Memory of the addon's own, at the limits of the runtime.
import { expect, test } from "vitest";
import { runChild } from "./child.ts";

// Node 20 takes no more than 4 GiB of foreign memory at once. The memory is reserved only: nothing touches it.
test.each(["native", "reference"])(
  "more than 4 GiB at once are there or ERR_OUT_OF_MEMORY, and all else goes on: %s",
  (backend) => {
    const program = `
    const length = 2 ** 30 + 1024;
    for (let round = 0; round < 3; ++round) {
      try {
        const array = m.allocate("float32", length);
        array[length - 1] = 1;
        console.log(array.length === length && array[length - 1] === 1 ? "there" : "wrong");
      } catch (error) {
        console.log(error.code === "ERR_OUT_OF_MEMORY" ? "there" : error);
      }
    }
    const arrays = Array.from({ length: 100 }, (_, i) => m.allocate("float32", i + 1).fill(i));
    console.log(arrays.every((array, i) => array.every((value) => value === i)));`;
    const { status, signal, stdout, stderr } = runChild(program, { DOWNHILL_BACKEND: backend });
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: "there\nthere\nthere\ntrue",
      stderr: "",
    });
  },
);
