// What every static program takes along from the C library and none of ours may ever run, 120 KiB
// of each: loading shared objects (for converters of character sets and for the unwinder of
// cancelled threads), translating the library's messages, and printing to wide streams. These
// definitions stand in for theirs, so that the archive's members are not linked. As a PID 1 we want
// it so: whatever GCONV_PATH, LANGUAGE or LD_LIBRARY_PATH say, no code or catalogue is read.
//
// The names and types are glibc 2.36's (elf/dl-libc.c, elf/dl-support.c, intl/dcgettext.c,
// stdio-common/vfprintf-internal.c). CMake links a trial program first and leaves this file out
// where another version does not fit (cmake/flags.cmake).
#include <cstdarg>
#include <cstdio>

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the C library's own
// names
extern "C" {

/// As if the shared object were not there.
void* __libc_dlopen_mode(const char* /*name*/, int /*mode*/) noexcept {
    return nullptr;
}

void* __libc_dlsym(void* /*object*/, const char* /*name*/) noexcept {
    return nullptr;
}

void* __libc_dlsym_private(void* /*object*/, const char* /*name*/) noexcept {
    return nullptr;
}

void* __libc_dlvsym(void* /*object*/, const char* /*name*/, const char* /*version*/) noexcept {
    return nullptr;
}

int __libc_dlclose(void* /*object*/) noexcept {
    return -1;
}

/// Called at each start to work out where shared objects are looked for: nowhere.
void _dl_init_paths(const char* /*library_path*/, const char* /*source*/, const char* /*prepended*/,
                    const char* /*mask*/) noexcept {}

/// The message itself: no locale but "C" is ever set.
char* __dcgettext(const char* /*domain*/, const char* message, int /*category*/) noexcept {
    return const_cast<char*>(message);  // as gettext(3) does it
}

/// The same for libraries, under its public name.
char* dcgettext(const char* domain, const char* message, int category) noexcept {
    return __dcgettext(domain, message, category);
}

/// As on a stream that cannot be written. No stream of ours is a wide one.
int __vfwprintf_internal(std::FILE* /*stream*/, const wchar_t* /*format*/, std::va_list /*values*/,
                         unsigned /*mode*/) noexcept {
    return -1;
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
