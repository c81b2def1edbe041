#include "init/machine_id.h"

namespace mainstay::init {
namespace {

constexpr std::size_t kDigits = 32;

/// Where the form with dashes has one, counted in digits.
bool may_have_dash(std::size_t digits) noexcept {
    return digits == 8 || digits == 12 || digits == 16 || digits == 20;
}

bool is_hexadecimal(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

FixedString<40> machine_id_of(std::string_view uuid) noexcept {
    FixedString<40> id;
    bool is_zero = true;
    char before = '\0';
    if (!uuid.empty() && uuid.back() == '\n') {
        uuid.remove_suffix(1);
    }
    for (char c : uuid) {
        if (c == '-' && before != '-' && may_have_dash(id.size())) {
            before = c;
            continue;
        }
        c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        if (!is_hexadecimal(c) || id.size() == kDigits) {
            return {};
        }
        is_zero = is_zero && c == '0';
        before = c;
        id.append({&c, 1});
    }
    return id.size() == kDigits && !is_zero ? id : FixedString<40>();
}

}  // namespace mainstay::init
