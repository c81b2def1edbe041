/// What stands in /run/initctl: any bytes. Whole requests among them are found, and their variables
/// fit wherever they are put.
#include <cstring>

#include "init/extra_variables.h"
#include "init/initctl_request.h"
#include "input.h"

using namespace mainstay::init;  // NOLINT: every name of the code under test
using mainstay::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static ExtraVariables variables;
    InitctlReader reader(std::as_bytes(std::span(data, size)));
    std::size_t used = 0;
    while (const auto request = reader.next()) {
        require(request->magic == kInitctlMagic);
        used += kInitctlRequestSize;
        const auto change =
            request->command == static_cast<std::uint32_t>(InitctlCommand::UnsetVariables)
                ? ExtraVariables::Change::Unset
                : ExtraVariables::Change::Set;
        (void)variables.apply(request->text(), change);
    }
    require(used + reader.skipped() == size);
    std::size_t count = 0;
    variables.for_each([&](std::string_view variable) {
        require(variable.substr(0, 5) == "INIT_");
        require(variable.find('=') != variable.npos);
        ++count;
    });
    require(count <= kMaxExtraVariables);
    ExtraVariables again;
    again.restore(variables.bytes());
    require(std::memcmp(again.bytes().data(), variables.bytes().data(), kExtraVariablesSize) == 0);
    return 0;
}
