// Philox4x32-10 for a block of 256 elements with 16 random bits each: 32 counters side by side. Twin of
// src/core/random.ts. No include guard: included once per ISA, inside the region.

constexpr size_t kDraws = kStateBlock / 8;
alignas(64) constexpr uint64_t kCounters[kDraws] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

// words[32·w + k] is word w of the draw with counter (first + k, index_high, stream, 0) and key `seed`. Lanes hold a
// 32-bit word in their lower half; what the upper half holds does not matter to a multiply, and is not stored.
inline void philox_block(uint32_t* words, uint32_t first, uint32_t index_high, uint32_t stream, uint64_t seed) {
  const VecU64 multiplier_a = broadcast_u64(0xd2511f53u), multiplier_c = broadcast_u64(0xcd9e8d57u);
  // Four registers side by side hide the latency of the multiply.
  constexpr size_t kLanes = VecU64::kLanes, kWays = 4;
  static_assert(kDraws % (kLanes * kWays) == 0);
  for (size_t start = 0; start < kDraws; start += kLanes * kWays) {
    VecU64 a[kWays], b[kWays], c[kWays], d[kWays];
    for (size_t w = 0; w < kWays; ++w) {
      a[w] = add(load_u64(kCounters + start + w * kLanes), broadcast_u64(first));
      b[w] = broadcast_u64(index_high);
      c[w] = broadcast_u64(stream);
      d[w] = broadcast_u64(0);
    }
    uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const VecU64 k0 = broadcast_u64(key0), k1 = broadcast_u64(key1);
      for (size_t w = 0; w < kWays; ++w) {
        const VecU64 x = multiply_low_halves(a[w], multiplier_a), y = multiply_low_halves(c[w], multiplier_c);
        a[w] = bits_xor(high_halves(y), b[w], k0);
        c[w] = bits_xor(high_halves(x), d[w], k1);
        b[w] = y;
        d[w] = x;
      }
      key0 += 0x9e3779b9u;
      key1 += 0xbb67ae85u;
    }
    for (size_t w = 0; w < kWays; ++w) {
      uint32_t* to = words + start + w * kLanes;
      store_low_halves(to, a[w]);
      store_low_halves(to + kDraws, b[w]);
      store_low_halves(to + 2 * kDraws, c[w]);
      store_low_halves(to + 3 * kDraws, d[w]);
    }
  }
}
