/// The texts of depmod. The input is five texts with NULs between them: modules.dep,
/// modules.alias, modules.builtin, a name to find and an alias to match.
#include "init/module_index.h"
#include "input.h"

using mainstay::fuzz::is_within;
using mainstay::fuzz::require;
using mainstay::fuzz::take_part;
using mainstay::init::Found;
using mainstay::init::LoadOrder;
using mainstay::init::ModuleIndex;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    const std::string_view dep = take_part(rest);
    const std::string_view aliases = take_part(rest);
    const std::string_view builtin = take_part(rest);
    const std::string_view name = take_part(rest);
    const std::string_view alias = take_part(rest);
    const ModuleIndex index(dep, aliases, builtin);

    LoadOrder order;
    const Found found = index.find(name, order);
    require((found == Found::Yes) == !order.empty());
    for (const std::string_view path : order) {
        require(is_within(path, dep));
    }
    if (found == Found::Yes) {
        require(mainstay::init::is_same_module(mainstay::init::module_name(order[order.size() - 1]),
                                               name));
    }
    index.match_alias(alias, [&](std::string_view module) {
        require(!module.empty() && is_within(module, aliases));
    });
    return 0;
}
