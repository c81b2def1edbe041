/// PURE. Changing a state table so that it is whole after each single store: words, and
/// transactions through the journal. The table is memory that is mapped, of a geometry that was
/// checked.
///
/// Every store goes through Stores, so that a test can look at the memory after each.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "common/state_table.h"

namespace mainstay::state_table {

/// Stores that the compiler leaves whole and in their order. More is not needed: the reader runs
/// when the writer is dead.
struct DirectStores {
    template <typename Word>
    static void store(std::byte* at, Word value) noexcept {
        std::atomic_ref<Word>(*reinterpret_cast<Word*>(at)).store(value, std::memory_order_release);
    }
};

/// Reads a word of a table.
template <typename Word>
Word load(const std::byte* at) noexcept {
    Word value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// The journal's first word is how many bytes of it count. Behind it: pieces, each an offset into
/// the table and a size (one word), and as many bytes.
template <typename Stores>
class Journal {
  public:
    Journal(std::span<std::byte> table, const Geometry& geometry) noexcept
        : table_(table), geometry_(geometry) {}

    /// @param offset,bytes both multiples of 8, in slots or details
    /// @returns false where the journal has no room for it; the transaction goes on without
    bool add(std::size_t offset, std::span<const std::byte> bytes) noexcept {
        if (used_ + kWord + bytes.size() > geometry_.journal_size - kWord) {
            return false;
        }
        std::byte* at = begin() + kWord + used_;
        Stores::template store<std::uint64_t>(at, std::uint64_t{offset} << 32U | bytes.size());
        copy(at + kWord, bytes.data(), bytes.size());
        used_ += kWord + bytes.size();
        return true;
    }

    /// From here on it happens, whatever happens to us.
    void commit() noexcept {
        Stores::template store<std::uint64_t>(begin(), used_);
        carry_out();
        empty();
    }

    void carry_out() noexcept {
        const auto size = load<std::uint64_t>(begin());
        for (std::uint64_t at = 0; at < size;) {
            const Piece piece = piece_at(at);
            copy(table_.data() + piece.offset, begin() + kWord + at + kWord, piece.size);
            at += kWord + piece.size;
        }
    }

    void empty() noexcept {
        Stores::template store<std::uint64_t>(begin(), 0);
        used_ = 0;
    }

    /// Whether all that it says lies in slots and details.
    bool is_sound() const noexcept {
        const auto size = load<std::uint64_t>(begin());
        if (size > geometry_.journal_size - kWord || size % kWord != 0) {
            return false;
        }
        const std::uint64_t end = std::uint64_t{geometry_.details_offset} +
                                  std::uint64_t{geometry_.slot_count} * geometry_.detail_size;
        for (std::uint64_t at = 0; at < size;) {
            const Piece piece = piece_at(at);
            if (piece.size % kWord != 0 || piece.size > size - at - kWord ||
                piece.offset % kWord != 0 || piece.offset < geometry_.slots_offset ||
                piece.offset + piece.size > end) {
                return false;
            }
            at += kWord + piece.size;
        }
        return true;
    }

  private:
    static constexpr std::size_t kWord = sizeof(std::uint64_t);
    struct Piece {
        std::uint64_t offset;
        std::uint64_t size;
    };

    std::byte* begin() const noexcept { return table_.data() + geometry_.journal_offset; }

    Piece piece_at(std::uint64_t at) const noexcept {
        const auto word = load<std::uint64_t>(begin() + kWord + at);
        return {word >> 32U, word & 0xffffffffU};
    }

    static void copy(std::byte* to, const std::byte* from, std::size_t size) noexcept {
        for (std::size_t at = 0; at < size; at += kWord) {
            Stores::template store<std::uint64_t>(to + at, load<std::uint64_t>(from + at));
        }
    }

    std::span<std::byte> table_;
    Geometry geometry_;
    std::size_t used_ = 0;
};

/// Changes a table whose slots and details are those of this program.
template <typename Stores = DirectStores>
class Writer {
  public:
    /// @param table aligned to 8 bytes; sound with @p geometry
    Writer(std::span<std::byte> table, const Geometry& geometry) noexcept
        : table_(table), geometry_(geometry), journal_(table, geometry) {}

    /// Makes a table of memory that is all zeros.
    void format(std::string_view boot) noexcept {
        Header header;
        header.version = kVersion;
        header.header_size = sizeof header;
        header.geometry = geometry_;
        std::memcpy(header.boot.data(), boot.data(),
                    boot.size() < header.boot.size() ? boot.size() : header.boot.size() - 1);
        std::memcpy(table_.data(), static_cast<const void*>(&header), sizeof header);
        // Nobody takes it for a table before it is one.
        word<std::uint32_t>(offsetof(Header, magic), kMagic);
    }

    std::uint32_t slot_count() const noexcept { return geometry_.slot_count; }

    void set_flags(std::uint32_t flags) noexcept {
        word<std::uint32_t>(offsetof(Header, flags), flags);
    }
    void set_last_incarnation(std::uint32_t number) noexcept {
        word<std::uint32_t>(offsetof(Header, last_incarnation), number);
    }

    /// Gives the slot to a service. Its record says nothing yet, so that what is in its detail
    /// means nothing either; a name that is too long for the slot is to be put there with the first
    /// record.
    /// @param number less than the geometry's slot_count
    void take(std::uint32_t number, std::uint32_t service, std::string_view name) noexcept {
        if (number >= load<std::uint32_t>(table_.data() + offsetof(Header, used_slots))) {
            word<std::uint32_t>(offsetof(Header, used_slots), number + 1);
        }
        Slot slot;
        slot.service = service;
        if (name.size() < kNameSize) {
            std::memcpy(slot.name.data(), name.data(), name.size());
        }
        journal_.add(slot_offset(number), bytes_of(slot));
        journal_.commit();
    }

    void release(std::uint32_t number) noexcept {
        word<std::uint32_t>(slot_offset(number) + offsetof(Slot, service), 0);
    }

    /// Parts of one transaction; nothing counts before commit().
    void put_record(std::uint32_t number, const Record& record) noexcept {
        journal_.add(slot_offset(number) + offsetof(Slot, record), bytes_of(record));
    }
    /// @param offset of a field in Detail, a multiple of 8 as the field's size is
    void put_detail(std::uint32_t number, std::size_t offset,
                    std::span<const std::byte> field) noexcept {
        journal_.add(detail_offset(number) + offset, field);
    }
    void put_detail(std::uint32_t number, std::size_t offset, const Detail& detail) noexcept {
        put_detail(number, offset, bytes_of(detail));
    }
    void commit() noexcept { journal_.commit(); }

    /// All effects of the step are done.
    void set_performed(std::uint32_t number, std::uint32_t step) noexcept {
        word<std::uint32_t>(slot_offset(number) + offsetof(Slot, performed), step);
    }

    /// A process of that generation is about to be born.
    void expect(std::uint32_t number, Role role, std::uint32_t generation,
                std::int64_t now) noexcept {
        const std::size_t at = process_offset(number, role);
        word<std::int32_t>(at + offsetof(ProcessWords, pid), 0);
        word<std::uint32_t>(at + offsetof(ProcessWords, generation), generation);
        word<std::int64_t>(at + offsetof(ProcessWords, begun), now);
    }

    /// Where the kernel is to store the pid.
    std::int32_t* pid_word(std::uint32_t number, Role role) noexcept {
        return reinterpret_cast<std::int32_t*>(table_.data() + process_offset(number, role) +
                                               offsetof(ProcessWords, pid));
    }

    void set_pid(std::uint32_t number, Role role, std::int32_t pid) noexcept {
        word<std::int32_t>(process_offset(number, role) + offsetof(ProcessWords, pid), pid);
    }
    void set_exit(std::uint32_t number, Role role, std::uint64_t exit) noexcept {
        word<std::uint64_t>(process_offset(number, role) + offsetof(ProcessWords, exit), exit);
    }

  private:
    template <typename Word>
    void word(std::size_t offset, Word value) noexcept {
        Stores::template store<Word>(table_.data() + offset, value);
    }
    template <typename Value>
    static std::span<const std::byte> bytes_of(const Value& value) noexcept {
        return std::as_bytes(std::span(&value, 1));
    }
    std::size_t slot_offset(std::uint32_t number) const noexcept {
        return geometry_.slots_offset + std::size_t{number} * sizeof(Slot);
    }
    std::size_t detail_offset(std::uint32_t number) const noexcept {
        return geometry_.details_offset + std::size_t{number} * sizeof(Detail);
    }
    std::size_t process_offset(std::uint32_t number, Role role) const noexcept {
        return slot_offset(number) + offsetof(Slot, processes) +
               static_cast<std::size_t>(role) * sizeof(ProcessWords);
    }

    std::span<std::byte> table_;
    Geometry geometry_;
    Journal<Stores> journal_;
};

}  // namespace mainstay::state_table
