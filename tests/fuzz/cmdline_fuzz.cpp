/// The kernel command line: words as the kernel splits them, then all of them taken.
#include <memory>

#include "init/cmdline.h"
#include "input.h"

using mainstay::fuzz::is_within;
using mainstay::fuzz::require;
using mainstay::init::Cmdline;
using mainstay::init::RootKind;
using mainstay::init::take_word;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    const std::string_view line = rest;
    std::size_t before = rest.size() + 1;
    while (const auto word = take_word(rest)) {
        require(rest.size() < before);
        before = rest.size();
        require(is_within(word->key, line) && is_within(word->value, line));
        require(word->has_value || word->value.empty());
        require(word->key.find('=') == std::string_view::npos);
    }
    require(rest.empty());

    const auto once = std::make_unique<Cmdline>();
    once->read(line);
    const auto twice = std::make_unique<Cmdline>(*once);
    twice->read(line);
    require(once->root == twice->root && once->init == twice->init.view());
    require(once->root_timeout == twice->root_timeout && once->level.level == twice->level.level);
    require(once->root.kind != RootKind::None || once->root.value.empty());
    require(once->root_timeout >= mainstay::Duration::zero());
    require(once->shutdown_timeout >= mainstay::Duration::zero());
    return 0;
}
