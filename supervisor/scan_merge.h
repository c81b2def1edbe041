/// Two scanned directories as one: a name that is in both counts once, and goes when it is in
/// neither.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "supervisor/scan.h"

namespace mainstay::supervisor {

class ScanMerge {
  public:
    /// @param listener told of the whole; must outlive this
    explicit ScanMerge(ScanListener& listener)
        : sources_{Source(*this, 0), Source(*this, 1)}, to_(listener) {}
    ScanMerge(const ScanMerge&) = delete;
    ScanMerge& operator=(const ScanMerge&) = delete;

    /// What the scans of the two directories are given as their listeners.
    ScanListener& first() noexcept { return sources_[0]; }
    ScanListener& second() noexcept { return sources_[1]; }

  private:
    /// By name. Whose entry counts, and whether the other one has an entry of that name too: what
    /// several thousand services cost.
    struct Entry {
        std::uint8_t active;
        bool is_in_both = false;
    };

    class Source final : public ScanListener {
      public:
        Source(ScanMerge& merge, std::uint8_t index) noexcept : merge_(merge), index_(index) {}

        void entry_added(const std::string& name, const std::string& path) override {
            directory_ = path.substr(0, path.size() - name.size());
            merge_.added(index_, name);
        }
        void entry_removed(const std::string& name) override { merge_.removed(index_, name); }
        void entries_begin() override { merge_.to_.entries_begin(); }
        void entries_end() override { merge_.to_.entries_end(); }

        std::string path_of(const std::string& name) const { return directory_ + name; }

      private:
        ScanMerge& merge_;
        std::uint8_t index_;
        std::string directory_;  ///< with its slash, of whatever was added
    };

    void tell(const std::string& name, std::uint8_t source) {
        to_.entry_added(name, sources_[source].path_of(name));
    }

    void added(std::uint8_t source, const std::string& name) {
        const auto [found, is_new] = entries_.try_emplace(name, Entry{source});
        if (is_new) {
            tell(name, source);
        } else if (found->second.active != source) {
            found->second.is_in_both = true;
        }
    }

    void removed(std::uint8_t source, const std::string& name) {
        const auto found = entries_.find(name);
        if (found == entries_.end()) {
            return;
        }
        Entry& entry = found->second;
        if (entry.active != source) {
            entry.is_in_both = false;
            return;
        }
        const Entry was = entry;
        const auto other = static_cast<std::uint8_t>(1 - source);
        if (was.is_in_both) {
            entry = Entry{other};
        } else {
            entries_.erase(found);
        }
        to_.entry_removed(name);
        if (was.is_in_both) {
            tell(name, other);
        }
    }

    std::array<Source, 2> sources_;
    ScanListener& to_;
    std::map<std::string, Entry> entries_;
};

}  // namespace mainstay::supervisor
