export interface MemoryBackend {
  /** Zeroed memory of `bytes` bytes, 64-byte aligned where the backend can. Throws ERR_OUT_OF_MEMORY. */
  allocate(bytes: number): ArrayBuffer;
}
