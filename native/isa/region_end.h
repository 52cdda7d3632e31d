// Closes the target region that an isa/*/region.h opened. Include as the last line of every file that opened one:
// clang refuses a translation unit that ends inside a region.
#if defined(DOWNHILL_REGION_OPEN)
#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
#undef DOWNHILL_REGION_OPEN
#endif
