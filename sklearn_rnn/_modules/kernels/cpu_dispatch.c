/* What the library reports about itself. */
#include <stddef.h>

/* A hash of the sources: a library of another version may read arguments in another order. */
__attribute__((visibility("default"))) const char *sklearn_rnn_sources(void) { return SOURCES; }

/* The best instruction set that both this library and this machine support. */
__attribute__((visibility("default"))) const char *sklearn_rnn_instructions(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return "plain";
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return "avx512";
    return "avx2";
#else
    return "plain";
#endif
}
