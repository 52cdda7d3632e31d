// PyTorch and tfjs as sides of bench/optimizers.mjs, where they are installed; one line that says how for each that is not.
import { spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { hasTfjs, Peer } from "../training/peers.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const INSTALL = {
  PyTorch: "not installed (apt install python3-torch)",
  "tfjs-wasm":
    "not installed (npm install --prefix /tmp/peers --ignore-scripts @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm; DOWNHILL_PEERS=/tmp/peers)",
};

function commands() {
  const python = ["python3", "/usr/bin/python3"].find(
    (command) => spawnSync(command, ["-c", "import torch"], { stdio: "ignore" }).status === 0,
  );
  return [
    ...(python ? [[python, here("./pytorch.py")]] : []),
    ...(hasTfjs(["core", "backend-wasm"]) ? [[process.execPath, here("./tfjs.mjs")]] : []),
  ];
}

export async function findPeers(note) {
  const peers = [];
  for (const [command, script] of commands()) {
    const peer = new Peer(command, [script], {});
    const { sides, versions } = await peer.ask({ do: "sides" });
    peers.push({ side: sides[0], peer });
    note(`${sides[0]} ${versions[sides[0]]}`);
  }
  for (const [side, how] of Object.entries(INSTALL)) if (!peers.some((other) => other.side === side)) note(`${side}: ${how}`);
  return {
    /** The sides of a row that have its method, prepared: three steps were made. */
    async sidesOf({ torch, shapes, name }, threads) {
      if (!torch) return [];
      const [method, options] = torch;
      const made = [];
      for (const { side, peer } of peers) {
        if (side === "tfjs-wasm" && (method !== "Adam" || threads > 1 || name.includes("25,"))) continue;
        const { values } = await peer.ask({ do: "prepare", class: method, options, shapes, threads });
        const sample = async (seconds) => {
          const { seconds: result } = await peer.ask({ do: "sample", seconds });
          // Its idle workers poll for a while and would take the next side's core.
          await pause(20);
          return result;
        };
        made.push({ side, sample, values: () => values });
      }
      return made;
    },
    close: () => {
      for (const { peer } of peers) peer.close();
    },
  };
}
