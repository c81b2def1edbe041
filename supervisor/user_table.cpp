#include "supervisor/user_table.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/nearest.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMaxGroups = 65536;  // NGROUPS_MAX of the kernel

std::optional<std::uint32_t> number_of(std::string_view text) noexcept {
    std::uint32_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    // The largest number means "leave it" to setresuid(2).
    const bool is_whole = !text.empty() && parsed.ec == std::errc() && parsed.ptr == end;
    return is_whole && number != UINT32_MAX ? std::optional(number) : std::nullopt;
}

std::string_view take_field(std::string_view& rest, char separator) noexcept {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return field;
}

struct PasswdLine {
    std::string_view name, home, shell;
    std::uint32_t uid = 0, gid = 0;
};

/// name:password:uid:gid:gecos:home:shell
std::optional<PasswdLine> parse_passwd_line(std::string_view line) noexcept {
    PasswdLine entry;
    entry.name = take_field(line, ':');
    take_field(line, ':');
    const auto uid = number_of(take_field(line, ':'));
    const auto gid = number_of(take_field(line, ':'));
    take_field(line, ':');
    entry.home = take_field(line, ':');
    entry.shell = line;
    if (entry.name.empty() || entry.name.front() == '#' || !uid || !gid) {
        return std::nullopt;
    }
    entry.uid = *uid;
    entry.gid = *gid;
    return entry;
}

struct GroupLine {
    std::string_view name, members;
    std::uint32_t gid = 0;
};

/// name:password:gid:member,member
std::optional<GroupLine> parse_group_line(std::string_view line) noexcept {
    GroupLine entry;
    entry.name = take_field(line, ':');
    take_field(line, ':');
    const auto gid = number_of(take_field(line, ':'));
    entry.members = line;
    if (entry.name.empty() || entry.name.front() == '#' || !gid) {
        return std::nullopt;
    }
    entry.gid = *gid;
    return entry;
}

/// Calls @p use with each entry that @p parse makes of a line, until it returns true.
template <typename Parse, typename Use>
void for_each_entry(std::string_view text, Parse parse, Use use) {
    while (!text.empty()) {
        if (const auto entry = parse(take_field(text, '\n')); entry && use(*entry)) {
            return;
        }
    }
}

template <typename Entry, typename Parse, typename Matches>
std::optional<Entry> find_entry(std::string_view text, Parse parse, Matches matches) {
    std::optional<Entry> found;
    for_each_entry(text, parse, [&](const Entry& entry) {
        if (matches(entry)) {
            found = entry;
        }
        return found.has_value();
    });
    return found;
}

template <typename Parse>
ExecFault unknown(const char* kind, const std::string& name, const char* path,
                  std::string_view text, Parse parse) {
    std::vector<std::string_view> names;
    for_each_entry(text, parse, [&](const auto& entry) {
        names.push_back(entry.name);
        return false;
    });
    std::string reason = std::string("not in ") + path;
    if (const std::string_view near = nearest_word(name, names); !near.empty()) {
        reason.append("; is it ").append(near).append("?");
    }
    return {kind, name, 0, std::move(reason)};
}

Result<std::uint32_t, ExecFault> group_number(const std::string& name, std::string_view text) {
    const auto entry = find_entry<GroupLine>(text, parse_group_line,
                                             [&](const auto& e) { return e.name == name; });
    if (entry) {
        return std::uint32_t{entry->gid};
    }
    if (const auto number = number_of(name)) {
        return std::uint32_t{*number};
    }
    return unknown("group", name, "/etc/group", text, parse_group_line);
}

bool has_member(std::string_view members, std::string_view name) noexcept {
    while (!members.empty()) {
        if (take_field(members, ',') == name) {
            return true;
        }
    }
    return false;
}

/// As initgroups(3): the groups that list the user, and the user's own.
std::vector<std::uint32_t> groups_of(const Identity& identity, std::string_view text) {
    std::vector<std::uint32_t> groups = {identity.gid};
    for_each_entry(text, parse_group_line, [&](const GroupLine& entry) {
        const bool is_new = std::find(groups.begin(), groups.end(), entry.gid) == groups.end();
        if (!identity.name.empty() && is_new && has_member(entry.members, identity.name)) {
            groups.push_back(entry.gid);
        }
        return groups.size() == kMaxGroups;
    });
    return groups;
}

/// @returns false where there is nobody of that name; then it is no number either.
bool take_user(Identity& identity, const std::string& user, std::string_view passwd) {
    auto entry = find_entry<PasswdLine>(passwd, parse_passwd_line,
                                        [&](const auto& e) { return e.name == user; });
    const auto number = number_of(user);
    if (!entry && number) {
        entry = find_entry<PasswdLine>(passwd, parse_passwd_line,
                                       [&](const auto& e) { return e.uid == *number; });
        identity.uid = identity.gid = *number;
    }
    if (entry) {
        identity = {entry->uid,
                    entry->gid,
                    {},
                    std::string(entry->name),
                    std::string(entry->home),
                    std::string(entry->shell)};
    }
    return entry || number;
}

}  // namespace

bool has_identity(const ProcessSettings& settings) noexcept {
    return !settings.user.empty() || !settings.group.empty() ||
           settings.supplementary_groups.has_value();
}

Result<Identity, ExecFault> resolve_identity(const ProcessSettings& settings,
                                             std::string_view passwd, std::string_view group,
                                             std::uint32_t own_uid, std::uint32_t own_gid) {
    Identity identity{own_uid, own_gid, {}, {}, {}, {}};
    if (!settings.user.empty() && !take_user(identity, settings.user, passwd)) {
        return unknown("user", settings.user, "/etc/passwd", passwd, parse_passwd_line);
    }
    if (!settings.group.empty()) {
        TRY(identity.gid, group_number(settings.group, group));
    }
    if (!settings.supplementary_groups) {
        identity.groups = groups_of(identity, group);
        return identity;
    }
    for (const std::string& name : *settings.supplementary_groups) {
        TRY(const std::uint32_t number, group_number(name, group));
        identity.groups.push_back(number);
    }
    return identity;
}

}  // namespace mainstay::supervisor
