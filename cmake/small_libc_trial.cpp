// Calls what drags the C library's larger parts into a static program: it links only where
// common/libc_unused.cpp and common/scanf_floats.cpp fit this library.
#include <libintl.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>

int main(int argc, char** argv) {
    try {
        int number = 0;
        if (std::sscanf(argv[0], "%d", &number) == argc) {
            throw std::runtime_error(dcgettext(nullptr, std::strerror(number), 0));
        }
        std::time_t now = std::time(nullptr);
        std::printf("%.3f %s", static_cast<double>(now), std::ctime(&now));
    } catch (const std::exception& error) {
        std::perror(error.what());
    }
    return 0;
}
