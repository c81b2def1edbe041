// The library's out-of-line throwing functions, defined here so that the linker does not take them,
// and with them the whole machinery of exceptions, from libstdc++. Each is reached by a bug of ours
// only (a position past the end of a text), never by input.

#include <cstdlib>

// NOLINTBEGIN: the names are the library's.
namespace std {

void __throw_out_of_range_fmt(const char*, ...) {
    abort();
}
void __throw_length_error(const char*) {
    abort();
}
void __throw_logic_error(const char*) {
    abort();
}
void __throw_bad_function_call() {
    abort();
}

}  // namespace std
// NOLINTEND
