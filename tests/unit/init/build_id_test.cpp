#include "init/build_id.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace mainstay::init;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view kOwner = "GNU\0"sv;
const std::string kId = "0123456789abcdefghij";

std::string note(std::string_view owner, std::string_view content, std::uint32_t type,
                 std::size_t alignment = 4) {
    ElfW(Nhdr) head{};
    head.n_namesz = static_cast<std::uint32_t>(owner.size());
    head.n_descsz = static_cast<std::uint32_t>(content.size());
    head.n_type = type;
    std::string bytes(sizeof head, '\0');
    std::memcpy(bytes.data(), &head, sizeof head);
    const auto pad = [&] { bytes.resize((bytes.size() + alignment - 1) / alignment * alignment); };
    bytes += owner;
    pad();
    bytes += content;
    pad();
    return bytes;
}

std::optional<std::string> find_in(const std::string& bytes, std::size_t alignment = 4) {
    // In memory of its own size, so that the sanitizer sees who reads on.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    const auto found = find_build_id(std::as_bytes(std::span(exact)), alignment);
    return found ? std::optional(std::string(found->begin(), found->end())) : std::nullopt;
}

}  // namespace

TEST_CASE("a build id is found among other notes", "[build_id]") {
    const std::string id = note(kOwner, kId, NT_GNU_BUILD_ID);
    CHECK(find_in(id) == kId);
    CHECK(find_in(note(kOwner, "abi", NT_GNU_ABI_TAG) + note("", "", 1) + id) == kId);
    CHECK(find_in(note(kOwner, "sixteen bytes of", 5, 8) + note(kOwner, kId, NT_GNU_BUILD_ID, 8),
                  8) == kId);
}

TEST_CASE("what is no build id of ours is none", "[build_id]") {
    CHECK(find_in("") == std::nullopt);
    CHECK(find_in(note(kOwner, kId.substr(1), NT_GNU_BUILD_ID)) == std::nullopt);
    CHECK(find_in(note(kOwner, kId, NT_GNU_ABI_TAG)) == std::nullopt);
    CHECK(find_in(note("Xen\0"sv, kId, NT_GNU_BUILD_ID)) == std::nullopt);
    CHECK(find_in(note("GNU"sv, kId, NT_GNU_BUILD_ID)) == std::nullopt);
}

TEST_CASE("notes that are cut off or lie about their sizes are read no further", "[build_id]") {
    const std::string whole = note(kOwner, "abi", NT_GNU_ABI_TAG) + note(kOwner, kId, 3);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK(find_in(whole.substr(0, size)) == std::nullopt);
    }
    for (const std::size_t field : {0U, 4U}) {
        std::string lying = note(kOwner, kId, NT_GNU_BUILD_ID);
        const std::uint32_t most = ~std::uint32_t{0};
        std::memcpy(lying.data() + field, &most, sizeof most);
        CHECK(find_in(lying) == std::nullopt);
    }
}

TEST_CASE("a program finds its own build id, if it has one", "[build_id]") {
    const BuildId own = own_build_id();
    CHECK(own == own_build_id());
    // The compiler asks for one by default here, as in most distributions.
    CHECK(std::any_of(own.begin(), own.end(), [](unsigned char byte) { return byte != 0; }));
}
