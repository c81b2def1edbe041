/// PURE. The newest output of services that have no logger of their own: a ring of bytes a service,
/// and a budget over all of them. Old bytes give way, never new ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::supervisor {

/// Keeps the last capacity() bytes of what was appended.
class LogRing {
  public:
    std::size_t capacity() const noexcept { return bytes_.size(); }
    std::size_t size() const noexcept { return size_; }
    std::uint64_t total() const noexcept { return total_; }  ///< bytes ever appended

    void append(std::string_view text) noexcept;

    /// Keeps the newest bytes that fit into the new capacity.
    void set_capacity(std::size_t capacity);

    std::string content() const;

    /// The last @p count whole or begun lines, oldest first, without their newlines; a line of
    /// which the beginning is lost is left out unless nothing else is there.
    std::vector<std::string> last_lines(std::size_t count) const;

  private:
    std::vector<char> bytes_;
    std::size_t start_ = 0;
    std::size_t size_ = 0;
    std::uint64_t total_ = 0;
};

struct LogLimits {
    std::size_t per_ring = std::size_t{64} * 1024;
    std::size_t in_all = std::size_t{16} * 1024 * 1024;
};

/// The rings of all services. A ring grows with what it is given, up to the limit of one; where
/// all together reach theirs, the largest ring gives way to the one that has less than a fair
/// share.
class LogStore {
  public:
    using Key = std::uint32_t;

    explicit LogStore(LogLimits limits) noexcept : limits_(limits) {}

    void append(Key key, std::string_view text);
    void forget(Key key);
    std::vector<std::string> last_lines(Key key, std::size_t count) const;

    /// Memory that all rings hold together. Never more than the limit.
    std::size_t allocated() const noexcept { return allocated_; }

  private:
    void grow(LogRing& ring, std::size_t wanted);
    void shrink_largest();

    LogLimits limits_;
    std::size_t allocated_ = 0;
    std::map<Key, LogRing> rings_;
};

}  // namespace mainstay::supervisor
