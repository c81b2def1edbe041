/// Two scanned directories as one: a name that is in both counts once, and goes when it is in
/// neither.
#pragma once

#include <array>
#include <map>
#include <string>

#include "supervisor/scan.h"

namespace mainstay::supervisor {

class ScanMerge {
  public:
    /// @param listener told of the whole; must outlive this
    explicit ScanMerge(ScanListener& listener)
        : sources_{Source(*this), Source(*this)}, to_(listener) {}
    ScanMerge(const ScanMerge&) = delete;
    ScanMerge& operator=(const ScanMerge&) = delete;

    /// What the scans of the two directories are given as their listeners.
    ScanListener& first() noexcept { return sources_[0]; }
    ScanListener& second() noexcept { return sources_[1]; }

  private:
    class Source final : public ScanListener {
      public:
        explicit Source(ScanMerge& merge) noexcept : merge_(merge) {}
        Source(Source&& other) noexcept : merge_(other.merge_) {}

        void entry_added(const std::string& name, const std::string& path) override {
            paths_[name] = path;
            merge_.added(*this, name, path);
        }
        void entry_removed(const std::string& name) override {
            paths_.erase(name);
            merge_.removed(*this, name);
        }
        void entries_begin() override { merge_.to_.entries_begin(); }
        void entries_end() override { merge_.to_.entries_end(); }

        const std::string* find(const std::string& name) const {
            const auto found = paths_.find(name);
            return found == paths_.end() ? nullptr : &found->second;
        }

      private:
        ScanMerge& merge_;
        std::map<std::string, std::string> paths_;
    };

    Source& other_than(const Source& source) noexcept {
        return &source == &sources_[0] ? sources_[1] : sources_[0];
    }

    void added(const Source& source, const std::string& name, const std::string& path) {
        if (active_.emplace(name, &source).second) {
            to_.entry_added(name, path);
        }
    }

    void removed(const Source& source, const std::string& name) {
        const auto found = active_.find(name);
        if (found == active_.end() || found->second != &source) {
            return;
        }
        active_.erase(found);
        to_.entry_removed(name);
        Source& other = other_than(source);
        if (const std::string* path = other.find(name)) {
            added(other, name, *path);
        }
    }

    std::array<Source, 2> sources_;
    ScanListener& to_;
    std::map<std::string, const Source*> active_;  ///< whose entry of that name counts
};

}  // namespace mainstay::supervisor
