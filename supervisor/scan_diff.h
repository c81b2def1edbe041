/// PURE. What changed between two readings of the scanned directory.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mainstay::supervisor {

/// What a name leads to. A dangling symlink leads nowhere: all zero but its text.
struct EntryTarget {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string link;  ///< what the symlink says; empty for a real directory

    friend bool operator==(const EntryTarget&, const EntryTarget&) = default;
};

using Entries = std::map<std::string, EntryTarget>;

struct ScanDiff {
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::vector<std::string> retargeted;  ///< same name, other directory

    friend bool operator==(const ScanDiff&, const ScanDiff&) = default;
};

/// A dangling symlink that begins to lead somewhere is not retargeted: it is the same service,
/// which could not start until now. The same in the other direction.
ScanDiff diff_entries(const Entries& before, const Entries& after);

}  // namespace mainstay::supervisor
