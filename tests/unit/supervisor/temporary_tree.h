/// A directory of files that goes with its owner.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace mainstay::supervisor {

class TemporaryTree {
  public:
    TemporaryTree() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tree-XXXXXX").string();
        top_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryTree() {
        std::error_code ignored;
        std::filesystem::remove_all(top_, ignored);
    }
    TemporaryTree(const TemporaryTree&) = delete;
    TemporaryTree& operator=(const TemporaryTree&) = delete;

    std::string path(const std::string& relative = {}) const { return (top_ / relative).string(); }

    void write(const std::string& relative, const std::string& text = {}) const {
        std::filesystem::create_directories((top_ / relative).parent_path());
        std::ofstream(top_ / relative, std::ios::binary) << text;
    }

    void make_directory(const std::string& relative) const {
        std::filesystem::create_directories(top_ / relative);
    }

    void link(const std::string& relative, const std::string& target) const {
        std::filesystem::create_directories((top_ / relative).parent_path());
        std::filesystem::create_symlink(target, top_ / relative);
    }

  private:
    std::filesystem::path top_;
};

}  // namespace mainstay::supervisor
