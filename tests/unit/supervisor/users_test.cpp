/// Who is meant by names and numbers, by the texts of passwd and group.
#include "supervisor/users.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "supervisor/process_words.h"
#include "supervisor/words.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr char kPasswd[] =
    "root:x:0:0:root:/root:/bin/bash\n"
    "# a comment:x:7:7:::\n"
    "nonsense\n"
    "bad:x:-1:5::/:\n"
    "web:x:1000:1001:Web,,,:/srv/web:/bin/sh\n"
    "123:x:2000:2000::/home/123:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin";
constexpr char kGroup[] =
    "root:x:0:\n"
    "web:x:1001:\n"
    "adm:x:4:syslog,web\n"
    "broken:x:\n"
    "tls:x:50:web\n"
    "ssl:x:51:webb,we\n";

Result<Identity, ExecFault> resolve(const ProcessSettings& settings) {
    return resolve_identity(settings, kPasswd, kGroup, 7, 8);
}

ProcessSettings user(const std::string& name) {
    ProcessSettings settings;
    settings.user = name;
    return settings;
}

using Groups = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("a user has the group and the groups that the files say", "[users]") {
    CHECK(*resolve(user("web")) ==
          Identity{1000, 1001, {1001, 4, 50}, "web", "/srv/web", "/bin/sh"});
    CHECK(*resolve(user("1000")) == *resolve(user("web")));
    CHECK(resolve(user("nobody"))->shell == "/usr/sbin/nologin");
}

TEST_CASE("a number needs no entry, and a name of digits goes before a number", "[users]") {
    CHECK(*resolve(user("4711")) == Identity{4711, 4711, {4711}, "", "", ""});
    CHECK(resolve(user("123"))->uid == 2000);
}

TEST_CASE("group and supplementary groups replace the user's own", "[users]") {
    auto settings = user("web");
    settings.group = "adm";
    CHECK(resolve(settings)->gid == 4);
    CHECK(resolve(settings)->groups == Groups{4, 50});
    settings.supplementary_groups = {"tls", "77"};
    CHECK(resolve(settings)->groups == Groups{50, 77});
    settings.supplementary_groups = std::vector<std::string>();
    CHECK(resolve(settings)->groups.empty());
}

TEST_CASE("without a user the supervisor's stays", "[users]") {
    ProcessSettings settings;
    CHECK_FALSE(has_identity(settings));
    settings.group = "adm";
    CHECK(has_identity(settings));
    CHECK(*resolve(settings) == Identity{7, 4, {4}, "", "", ""});
}

TEST_CASE("who is not there is named, with the nearest who is", "[users]") {
    CHECK(text_of(resolve(user("webb")).error()) == "user webb: not in /etc/passwd; is it web?");
    CHECK(text_of(resolve(user("somebody-else")).error()) ==
          "user somebody-else: not in /etc/passwd");
    auto settings = user("web");
    settings.group = "amd";
    CHECK(text_of(resolve(settings).error()) == "group amd: not in /etc/group; is it adm?");
    settings.group.clear();
    settings.supplementary_groups = {"tsl"};
    CHECK(resolve(settings).error().path == "tsl");
    // 2^32 - 1 means "leave it" to the kernel.
    CHECK_FALSE(resolve(user("4294967295")).has_value());
    CHECK_FALSE(resolve(user("-1")).has_value());
    CHECK_FALSE(resolve(user("# a comment")).has_value());
    CHECK_FALSE(resolve(user("bad")).has_value());
}

TEST_CASE("no text is too odd for the parser", "[users]") {
    std::mt19937 random(1);
    const std::string alphabet = "ab:,\n0129#";
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (auto i = random() % 60; i > 0; --i) {
            text += alphabet[random() % alphabet.size()];
        }
        auto settings = user("a");
        settings.group = "b";
        static_cast<void>(resolve_identity(settings, text, text, 0, 0));
    }
}

TEST_CASE("the files are read again when they change", "[users]") {
    const std::string path = "/tmp/users-test-" + std::to_string(std::random_device()());
    CachedText text(path);
    CHECK(text.read().empty());
    std::ofstream(path) << "one";
    CHECK(text.read() == "one");
    CHECK(text.read() == "one");
    std::ofstream(path) << "three";
    CHECK(text.read() == "three");
    std::remove(path.c_str());
    CHECK(text.read().empty());
}

TEST_CASE("a script's interpreter is what execve reads", "[users]") {
    CHECK(interpreter_of("#!/bin/sh\nexec x") == "/bin/sh");
    CHECK(interpreter_of("#! /usr/bin/env  python3\n") == "/usr/bin/env");
    CHECK(interpreter_of("#!/bin/sh\r\n") == "/bin/sh\r");
    CHECK(interpreter_of("#!") == "");
    CHECK_FALSE(interpreter_of("\177ELF").has_value());
    CHECK_FALSE(interpreter_of("").has_value());
    CHECK(limit_name(7) == "nofile");
    CHECK(limit_name(99) == "?");
}
