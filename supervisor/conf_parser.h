/// PURE. Reads service.conf and what overrides it into a definition: every mistake with its place,
/// all of them at once. The grammar is conf_lexer's, the keys are conf_keys', and what may not go
/// together is conf_rules'.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/conf_keys.h"
#include "supervisor/definition.h"
#include "supervisor/problem.h"

namespace mainstay::supervisor {

/// Files of a service directory that say what a key of service.conf can say as well.
enum class RoleFile : std::uint8_t {
    Run,
    Setup,
    Finish,
    Check,
    NotificationFd,
    DownSignal,
    TimeoutKill,
    TimeoutFinish,
};
inline constexpr std::size_t kRoleFileCount = 8;

std::string_view to_string(RoleFile file) noexcept;

class RoleFiles {
  public:
    constexpr void add(RoleFile file) noexcept { bits_ |= bit(file); }
    constexpr bool has(RoleFile file) const noexcept { return (bits_ & bit(file)) != 0; }

  private:
    static constexpr unsigned bit(RoleFile file) noexcept {
        return 1U << static_cast<unsigned>(file);
    }
    unsigned bits_ = 0;
};

struct ConfFile {
    std::string path;  ///< as messages name it
    std::string_view text;
};

enum class ConfUse : std::uint8_t {
    Service,   ///< what one service says of itself
    Defaults,  ///< what all say who say nothing: keys of is_for_all() only
};

struct ConfContext {
    std::string_view name;                     ///< of the service: %n
    std::optional<std::string_view> instance;  ///< %i; none: it is no instance of a template
    RoleFiles files;                           ///< that are in the directory
    ConfUse use = ConfUse::Service;
};

/// A place in one of the files.
struct ConfPlace {
    std::size_t file = 0;  ///< index
    Place place;
};

/// A word that names something outside: a service, a user, a group, the program of a command.
struct ConfMention {
    ConfKey key;
    std::string word;
    ConfPlace at;
};

struct ConfOutcome {
    std::vector<Problem> problems;      ///< by file, then place; all are errors
    std::vector<ConfMention> mentions;  ///< in the order of the files
};

/// @param files service.conf first, then what overrides it in the order of names: a scalar replaces
///        that of the files before, a list goes on. At most 64 problems of a file are told.
/// @param definition as the files of its directory have it; changed only where there is no problem.
ConfOutcome apply_conf(std::span<const ConfFile> files, const ConfContext& context,
                       Definition& definition);

}  // namespace mainstay::supervisor
