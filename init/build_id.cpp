#include "init/build_id.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <string_view>

// NOLINTNEXTLINE: the linker's name for where our file begins
extern "C" [[gnu::visibility("hidden")]] const ElfW(Ehdr) __ehdr_start;

namespace mainstay::init {
namespace {

std::size_t round_up(std::size_t size, std::size_t alignment) noexcept {
    return (size + alignment - 1) / alignment * alignment;
}

}  // namespace

std::optional<BuildId> find_build_id(std::span<const std::byte> notes,
                                     std::size_t alignment) noexcept {
    constexpr std::string_view kOwner("GNU\0", 4);
    alignment = alignment == 8 ? 8 : 4;  // as the kernel and libc have it
    while (notes.size() >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        std::memcpy(&head, notes.data(), sizeof head);
        const std::size_t content = round_up(sizeof head + head.n_namesz, alignment);
        const std::size_t end = content + head.n_descsz;
        if (end > notes.size()) {
            break;
        }
        BuildId found;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == kOwner.size() &&
            std::memcmp(notes.data() + sizeof head, kOwner.data(), kOwner.size()) == 0 &&
            head.n_descsz == found.size()) {
            std::memcpy(found.data(), notes.data() + content, found.size());
            return found;
        }
        notes = notes.subspan(std::min(round_up(end, alignment), notes.size()));
    }
    return std::nullopt;
}

BuildId own_build_id() noexcept {
    const auto* const file = reinterpret_cast<const std::byte*>(&__ehdr_start);
    const std::span segments(reinterpret_cast<const ElfW(Phdr)*>(file + __ehdr_start.e_phoff),
                             __ehdr_start.e_phnum);
    const auto first = std::find_if(segments.begin(), segments.end(), [](const ElfW(Phdr) & each) {
        return each.p_type == PT_LOAD && each.p_offset == 0;
    });
    for (const ElfW(Phdr) & segment : segments) {
        if (segment.p_type != PT_NOTE || first == segments.end()) {
            continue;
        }
        const std::byte* const notes = file + (segment.p_vaddr - first->p_vaddr);
        if (const auto found = find_build_id({notes, segment.p_filesz}, segment.p_align)) {
            return *found;
        }
    }
    return {};
}

}  // namespace mainstay::init
