/// Reading files of the machine, or of another root that an image is built in. There, symbolic
/// links are followed inside that root, absolute ones too, and `..` never leaves it
/// (openat2(2) with RESOLVE_IN_ROOT, Linux 5.6).
///
/// All opens are close-on-exec and do not wait for a fifo's other end. Ordinary disk I/O: a dead
/// network mount blocks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::supervisor {

class FileTree {
  public:
    /// The machine's own.
    FileTree() = default;
    /// Below @p root, a directory.
    static Result<FileTree> below(const char* root);

    bool is_machine() const noexcept { return !root_.valid(); }

    /// @param path absolute, within the tree
    Result<UniqueFd> open(const std::string& path, int flags) const;

    /// The path within the tree that an open descriptor has, without symbolic links; empty where
    /// /proc is not mounted.
    std::string path_of(int fd) const;

    /// A path within the tree as it is on the machine, for messages.
    std::string on_machine(const std::string& path) const { return prefix_ + path; }

  private:
    UniqueFd root_;
    std::string prefix_;  ///< path of the root, as given, without a slash at its end
    std::string real_prefix_;
};

enum class EntryKind : unsigned char { Directory, File, Link, Other, Unknown };

struct DirectoryEntry {
    std::string name;
    EntryKind kind = EntryKind::Unknown;
};

/// An open directory of a tree.
class OpenDirectory {
  public:
    /// @param path absolute, within the tree, unless that is the machine
    static Result<OpenDirectory> open(const FileTree& tree, const std::string& path);

    const std::string& path() const noexcept { return path_; }
    /// Without symbolic links; path() where that is not to be had.
    std::string resolved_path() const;

    Result<UniqueFd> open_entry(const char* name, int flags) const;
    Result<OpenDirectory> open_directory(const char* name) const;
    /// What a symbolic link leads to; Unknown where that is nothing.
    EntryKind kind_behind(const char* name) const;

    /// @returns the first @p limit bytes of a regular file; EFBIG where it has more, EINVAL where
    /// it is none.
    Result<std::string> read(const char* name, std::size_t limit) const;

    /// Calls @p visit(const char* name, EntryKind) for each entry but . and .. in no order.
    /// @returns E2BIG after 10,000 of them.
    template <typename Visit>
    Result<void> for_each(Visit visit) const {
        Listing listing{fd_.get()};
        for (;;) {
            TRY(const bool is_there, listing.next());
            if (!is_there) {
                return {};
            }
            visit(listing.name, listing.kind);
        }
    }

    /// All entries whose names do not begin with a dot, in the order of their names.
    Result<std::vector<DirectoryEntry>> entries() const;

  private:
    struct Listing {
        int fd;
        const char* name = nullptr;
        EntryKind kind = EntryKind::Unknown;
        std::size_t at = 0;
        std::size_t end = 0;
        std::size_t count = 0;
        alignas(8) char buffer[4096];

        explicit Listing(int directory) noexcept : fd(directory) {}
        Result<bool> next();
    };

    OpenDirectory(const FileTree& tree, std::string path, UniqueFd fd) noexcept
        : tree_(&tree), path_(std::move(path)), fd_(std::move(fd)) {}

    const FileTree* tree_;
    std::string path_;
    UniqueFd fd_;
};

/// The part behind the last slash, and what stands before it ("." where there is none).
std::string_view base_name(std::string_view path) noexcept;
std::string_view parent_path(std::string_view path) noexcept;

}  // namespace mainstay::supervisor
