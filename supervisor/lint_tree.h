/// Gathers the facts that the lint judges: the enabled services of a directory, the definitions
/// that are not enabled, their programs, the accounts. Reads only, on the machine or another root.
#pragma once

#include <string>

#include "supervisor/file_tree.h"
#include "supervisor/lint.h"

namespace mainstay::supervisor {

/// Whether definitions that are not enabled are looked for where they usually lie.
enum class SearchIn : std::uint8_t { DirectoryOnly, System };

/// @param directory of the enabled services; absolute within the tree where that is another root
LintedTree gather_facts(const FileTree& tree, const std::string& directory, SearchIn which);

}  // namespace mainstay::supervisor
