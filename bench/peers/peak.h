// The machine's arithmetic limit, measured: independent fused multiply-adds in registers.
#pragma once

// GFLOP/s of one core, in the widest vectors of the machine, or in those of `isa` ("avx512", "avx2").
double peak_gflops(const char* isa, bool is_double);
