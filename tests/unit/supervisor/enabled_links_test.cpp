#include "supervisor/enabled_links.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "supervisor/scan_merge.h"

using namespace mainstay::supervisor;
using mainstay::protocol::ErrorCode;
using mainstay::protocol::Place;
namespace fs = std::filesystem;

namespace {

/// A tree of definitions and enabled services of its own.
struct Tree {
    Tree() {
        for (const char* name : {"sv/web", "sv/getty@", "lib/db", "service"}) {
            fs::create_directories(top / name);
        }
    }
    ~Tree() { fs::remove_all(top); }

    static fs::path make_top() {
        std::string pattern = (fs::temp_directory_path() / "links-XXXXXX").string();
        return ::mkdtemp(pattern.data());
    }

    fs::path top = make_top();
    int looks = 0;
    EnabledLinks links{{(top / "service").string(),
                        (top / "run/enabled").string(),
                        {(top / "sv").string(), (top / "lib").string()}},
                       [this] { ++looks; }};

    std::string target(const char* path) { return fs::read_symlink(top / path).string(); }
};

EnabledLink good(const EnableResult& result) {
    if (const auto* fault = std::get_if<EnableFault>(&result)) {
        FAIL(fault->message);
    }
    return std::get<EnabledLink>(result);
}

EnableFault bad(const EnableResult& result) {
    REQUIRE(std::holds_alternative<EnableFault>(result));
    return std::get<EnableFault>(result);
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// Writes down what it is told.
struct Told final : ScanListener {
    void entry_added(const std::string& name, const std::string& path) override {
        text += "+" + name + "=" + path + " ";
    }
    void entry_removed(const std::string& name) override { text += "-" + name + " "; }
    void entries_begin() override {}
    void entries_end() override {}
    std::string text;
};

}  // namespace

TEST_CASE("a name is looked up in the definition directories, in order", "[enable]") {
    Tree tree;
    const EnabledLink web = good(tree.links.enable("web", Place::Permanent));
    CHECK(web.path == (tree.top / "service/web").string());
    CHECK(tree.target("service/web") == (tree.top / "sv/web").string());
    good(tree.links.enable("db", Place::Permanent));
    CHECK(tree.target("service/db") == (tree.top / "lib/db").string());
    CHECK(tree.links.is_enabled("db"));
    CHECK_FALSE(tree.links.is_enabled("cron"));
}

TEST_CASE("an instance leads to its template", "[enable]") {
    Tree tree;
    good(tree.links.enable("getty@tty1", Place::Permanent));
    CHECK(tree.target("service/getty@tty1") == (tree.top / "sv/getty@").string());
    CHECK(has(bad(tree.links.enable("getty@", Place::Permanent)).message, "it is a template"));
}

TEST_CASE("what is enabled already is left as it is", "[enable]") {
    Tree tree;
    good(tree.links.enable("web", Place::Permanent));
    CHECK(good(tree.links.enable("web", Place::Permanent)).was_so);
    fs::create_directories(tree.top / "opt/web");
    const EnableFault fault =
        bad(tree.links.enable_path((tree.top / "opt/web/").string(), Place::Permanent));
    CHECK(has(fault.message, "leads to " + (tree.top / "sv/web").string() + " already"));
    fs::create_directories(tree.top / "service/db");
    CHECK(has(bad(tree.links.enable("db", Place::Permanent)).message,
              "is there already, and is no symlink"));
}

TEST_CASE("what cannot be enabled is named", "[enable]") {
    Tree tree;
    const EnableFault unknown = bad(tree.links.enable("wbe", Place::Permanent));
    CHECK(unknown.code == ErrorCode::UnknownService);
    CHECK(has(unknown.message, "no service wbe is defined in "));
    CHECK(has(unknown.message, "did you mean web?"));
    for (const char* name : {"", "../web", ".web", "a/b"}) {
        CAPTURE(name);
        CHECK(bad(tree.links.enable(name, Place::Permanent)).code == ErrorCode::BadRequest);
        CHECK(bad(tree.links.disable(name, Place::Permanent)).code == ErrorCode::BadRequest);
    }
    CHECK(bad(tree.links.enable_path("/nonexistent/x", Place::Permanent)).message ==
          "No such file or directory");
    std::ofstream(tree.top / "file") << "x";
    CHECK(bad(tree.links.enable_path((tree.top / "file").string(), Place::Permanent)).message ==
          "Not a directory");
    CHECK(bad(tree.links.examine("/")).code == ErrorCode::BadRequest);
    fs::remove(tree.top / "service");
    CHECK(has(bad(tree.links.enable("web", Place::Permanent)).message, "No such file"));
}

TEST_CASE("a service may be enabled until the next boot", "[enable]") {
    Tree tree;
    fs::create_directories(tree.top / "run");
    good(tree.links.enable("web", Place::Runtime));
    CHECK(tree.target("run/enabled/web") == (tree.top / "sv/web").string());
    CHECK_FALSE(fs::exists(tree.top / "service/web"));
    CHECK(tree.links.is_enabled("web"));
    CHECK_FALSE(good(tree.links.disable("web", Place::Permanent)).was_so);
    CHECK_FALSE(tree.links.is_enabled("web"));
}

TEST_CASE("disable removes a symlink and nothing else", "[enable]") {
    Tree tree;
    good(tree.links.enable("web", Place::Permanent));
    CHECK(good(tree.links.disable("web", Place::Runtime)).was_so);
    CHECK_FALSE(good(tree.links.disable("web", Place::Permanent)).was_so);
    CHECK(good(tree.links.disable("web", Place::Permanent)).was_so);
    CHECK(fs::exists(tree.top / "sv/web"));
    fs::create_directories(tree.top / "service/real");
    CHECK(has(bad(tree.links.disable("real", Place::Permanent)).message, "is no symlink"));
    CHECK(has(bad(tree.links.disable("rael", Place::Permanent)).message, "did you mean real?"));
    tree.links.look_again();
    CHECK(tree.looks == 1);
}

TEST_CASE("two directories are one set of services", "[enable]") {
    Told told;
    ScanMerge merge(told);
    merge.first().entry_added("web", "/a/web");
    merge.second().entry_added("web", "/b/web");
    merge.second().entry_added("db", "/b/db");
    CHECK(told.text == "+web=/a/web +db=/b/db ");
    merge.second().entry_removed("db");
    merge.first().entry_removed("web");
    CHECK(told.text == "+web=/a/web +db=/b/db -db -web +web=/b/web ");
    merge.first().entry_added("web", "/a/web");
    merge.first().entry_removed("web");
    merge.second().entry_removed("web");
    CHECK(told.text == "+web=/a/web +db=/b/db -db -web +web=/b/web -web ");
}
