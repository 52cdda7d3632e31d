// Files that are either the old or the new version, whatever kills the process: temporary file, fsync, rename, fsync of
// the directory. Reading checks the header length before it reads anything else.
import { constants } from "node:fs";
import { type FileHandle, open, readdir, rename, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fault } from "../core/errors.ts";
import { checkHeaderLength, decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";

let counter = 0;

/** A name that tells host and process, so that what a killed process left behind can be recognised. */
function temporaryName(path: string): string {
  const host = hostname().replaceAll(/[^\w]/g, "_");
  return `.${basename(path)}.${host}.${process.pid}.${counter++}.tmp`;
}

/** Removes temporary files of this target whose process, on this host, no longer runs. */
async function removeOrphans(path: string): Promise<void> {
  const prefix = `.${basename(path)}.${hostname().replaceAll(/[^\w]/g, "_")}.`;
  const directory = dirname(path);
  for (const name of await readdir(directory)) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.\d+\.tmp$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid))) await unlink(join(directory, name)).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

async function syncDirectory(directory: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(directory, constants.O_RDONLY);
  } catch {
    return; // Windows cannot open a directory; its rename is durable by itself.
  }
  try {
    await handle.sync();
  } catch {
    // Some network file systems refuse fsync of a directory; the file itself is synced.
  } finally {
    await handle.close();
  }
}

/**
 * Replaces `path` by `bytes` so that at every moment, power loss included, the old or the new content is there in full.
 * @throws the system's errors; the old file is then unchanged and no temporary file is left.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const target = resolve(path);
  await removeOrphans(target);
  const temporary = join(dirname(target), temporaryName(target));
  const handle = await open(temporary, "wx", 0o666);
  try {
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(target));
}

/** Encodes and writes atomically. Errors as encodeSafetensors and writeFileAtomic. */
export async function writeSafetensors(path: string, content: Safetensors): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(content.tensors, content.metadata));
}

/**
 * Reads a safetensors file of any tool.
 * @throws Error ERR_FORMAT for a damaged or hostile file, before memory beyond its own size is used; the system's errors.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const start = new Uint8Array(8);
    const { bytesRead } = await handle.read(start, 0, 8, 0);
    if (bytesRead < 8) throw fault("ERR_FORMAT", `${path}: expected at least 8 bytes, received ${bytesRead}`);
    checkHeaderLength(new DataView(start.buffer).getBigUint64(0, true), size, path);
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead: count } = await handle.read(bytes, at, Math.min(size - at, 1_073_741_824), at);
      if (count === 0) throw fault("ERR_FORMAT", `${path}: the file shrank while it was read`);
      at += count;
    }
    return decodeSafetensors(bytes, { name: path });
  } finally {
    await handle.close();
  }
}
