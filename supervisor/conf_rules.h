/// PURE. What of a service.conf may not go together, each value being right by itself.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/conf_draft.h"
#include "supervisor/conf_keys.h"
#include "supervisor/conf_parser.h"

namespace mainstay::supervisor {

/// Where each key was given last.
using GivenKeys = std::array<std::optional<ConfPlace>, kConfKeyCount>;

struct RuleFault {
    ConfKey key;  ///< given, so it has a place
    std::string message;
};

enum class Extent : std::uint8_t {
    RolesOnly,  ///< what is given both as a file and as a key; does not look at values
    Everything,
};

std::vector<RuleFault> check_rules(const ConfDraft& draft, const GivenKeys& given,
                                   const ConfContext& context, Extent extent);

}  // namespace mainstay::supervisor
