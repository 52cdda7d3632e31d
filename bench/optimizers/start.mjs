// The numbers that every side starts from.
export const parameterAt = (i) => Math.fround(1 + (i % 7) / 8);
export const gradientAt = (i) => Math.fround(((i % 1000) - 500) / 1024);
