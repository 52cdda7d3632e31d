export { type CsvOptions, type CsvSource, csvRows, readCsv, type Table } from "./csv.ts";
export { type IdxArray, parseIdx, readIdx } from "./idx.ts";
export { type ClassificationSet, type ImageDataset, loadIdxDataset, loadMnist } from "./idx-dataset.ts";
export { type JsonlSource, jsonLines, readJsonl } from "./jsonl.ts";
export { encodeNpy, type NpyArray, parseNpy, readNpy, writeNpy } from "./npy.ts";
export { applyScaling, fitScaling, oneHot, type Scaling, type Split, standardise, takeRows, trainTestSplit } from "./prepare.ts";
