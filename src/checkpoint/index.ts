export { readSafetensors, writeFileAtomic, writeSafetensors } from "./file.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors, type StoredDtype, type StoredTensor } from "./safetensors.ts";
