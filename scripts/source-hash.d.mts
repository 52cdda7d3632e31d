export function filesBelow(folder: string): string[];
export function hashOf(files: readonly string[], salt?: string): string;
export function sourceHash(): string;
