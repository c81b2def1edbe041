/// Reads a service directory into a definition. One without service.conf and env/ costs five
/// system calls and no memory beyond the definition's paths. Ordinary disk I/O: a directory on a
/// dead network mount blocks the supervisor here.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "supervisor/conf_parser.h"
#include "supervisor/file_tree.h"
#include "supervisor/os_definitions.h"
#include "supervisor/problem.h"

namespace mainstay::supervisor {

/// The programs of directories that have no service.conf, made once for each set of files.
class ProgramSets {
  public:
    /// @returns null for a directory with nothing but run.
    std::shared_ptr<const Programs> of(RoleFiles files);

  private:
    std::array<std::shared_ptr<const Programs>, 8> made_;
};

/// What to do with a directory that is a template itself, and none of its instances.
enum class TemplateItself : std::uint8_t {
    Refuse,  ///< it cannot run
    Sample,  ///< read it as the instance kSampleInstance, to find its mistakes
};
inline constexpr std::string_view kSampleInstance = "INSTANCE";

struct ReadDirectory {
    Definition definition;
    std::vector<Problem> problems;  ///< by file and place
    bool usable = true;             ///< see LoadedDefinition
    bool try_again = false;         ///< see LoadedDefinition
    RoleFiles files;
    std::vector<std::string> conf_paths;  ///< service.conf and its overrides, for the mentions
    std::vector<ConfMention> mentions;
};

/// @param path absolute within the tree, where that is not the machine's. Its last part is the
///        service's name; a directory `log` of a service is called SERVICE/log.
ReadDirectory read_service_directory(const FileTree& tree, const std::string& path,
                                     TemplateItself template_itself, ProgramSets& programs);

class ServiceDirs final : public Definitions {
  public:
    LoadedDefinition load(const std::string& path) override;

  private:
    FileTree tree_;
    ProgramSets programs_;
    std::set<std::string> said_of_defaults_;
};

}  // namespace mainstay::supervisor
