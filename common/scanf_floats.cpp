// The C library's scanf(3), which libblkid and tzset(3) call for whole numbers, brings four parsers
// of floating-point numbers along, 36 KiB of a static program. These stand in for them: they
// convert nothing, which scanf reports as an input that does not match. No format of ours or theirs
// asks for such a number; strtod(3) itself is not touched. The names are those that vfscanf refers
// to (glibc 2.36, stdio-common/vfscanf-internal.c).

namespace {

/// Says that nothing could be converted.
void convert_nothing(const char* text, char** end) noexcept {
    if (end != nullptr) {
        *end = const_cast<char*>(text);  // as strtod(3) does it
    }
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the C library's own
// names
extern "C" {

float __strtof_internal(const char* text, char** end, int /*group*/) noexcept {
    convert_nothing(text, end);
    return 0;
}

double __strtod_internal(const char* text, char** end, int /*group*/) noexcept {
    convert_nothing(text, end);
    return 0;
}

long double __strtold_internal(const char* text, char** end, int /*group*/) noexcept {
    convert_nothing(text, end);
    return 0;
}

__extension__ __float128 __strtof128_internal(const char* text, char** end,
                                              int /*group*/) noexcept {
    convert_nothing(text, end);
    return 0;
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
