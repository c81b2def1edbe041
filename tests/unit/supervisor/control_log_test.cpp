/// log with "follow": what comes, what was missed, and the end of it.
#include <catch2/catch.hpp>

#include "unit/supervisor/control_fixture.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

struct Following : Control {
    Following() {
        run("web");
        run("db");
    }

    Job follow(const char* names) {
        return begin(std::string(R"({"id":1,"verb":"log","follow":true,"services":)") + names +
                     "}");
    }

    void write(const char* name, const std::string& text) {
        outputs.written[id_of(name)] += text;
        const auto callbacks = outputs.callbacks;
        for (const auto& [id, callback] : callbacks) {
            callback();
        }
    }

    ServiceId id_of(std::string_view name) const {
        return name == kOwnMessagesName ? kOwnMessages : service(name).id;
    }
};

}  // namespace

TEST_CASE("what comes is told of each service that is followed", "[control][log]") {
    Following f;
    f.outputs.lines[f.id_of("web")] = {"old"};
    f.outputs.written[f.id_of("web")] = "old\n";
    const auto job = f.follow(R"(["web","db","@supervisor"])");
    const std::string first = Control::more_of(job);
    CHECK(has(first, R"("service":"web","lines":["old"],"cursor":"7.)"));
    CHECK(has(first, R"("service":"db","lines":[],"cursor":"7.)"));
    CHECK(Control::more_of(job).empty());
    const int wakes = f.wakes;
    f.write("db", "one\ntw");
    CHECK(f.wakes > wakes);
    CHECK(has(Control::more_of(job), R"("service":"db","lines":["one"],"cursor":"7.)"));
    f.write("db", "o\n");
    f.write("@supervisor", "said\n");
    const std::string both = Control::more_of(job);
    CHECK(has(both, R"("service":"db","lines":["two"])"));
    CHECK(has(both, R"("service":"@supervisor","lines":["said"])"));
}

TEST_CASE("a last line that is not ended is told when it is, and once", "[control][log]") {
    Following f;
    f.outputs.lines[f.id_of("web")] = {"whole", "hal"};
    f.outputs.written[f.id_of("web")] = "whole\nhal";
    const auto job = f.follow(R"(["web"])");
    CHECK(has(Control::more_of(job), R"("lines":["whole"])"));
    f.write("web", "f\n");
    CHECK(has(Control::more_of(job), R"("lines":["half"])"));
    CHECK(has(f.ask(R"({"id":1,"verb":"log","services":["web"]})"), R"("lines":["whole","hal"])"));
}

TEST_CASE("bytes that were overwritten before they were told are counted", "[control][log]") {
    Following f;
    const auto job = f.follow(R"(["web"])");
    CHECK(has(Control::more_of(job), R"("lines":[])"));
    f.write("web", "begun");
    CHECK(Control::more_of(job).empty());
    f.outputs.gone[f.id_of("web")] = 105;
    f.write("web", std::string(100, 'x') + "end\n");
    const std::string out = Control::more_of(job);
    CHECK(has(out, R"("lines":["begun"],)"));
    CHECK(has(out, R"("lines":["end"],"lost_bytes":100,)"));
}

TEST_CASE("a service that is removed ends its part, the last one the request", "[control][log]") {
    Following f;
    const auto job = f.follow(R"(["web","db"])");
    CHECK(has(Control::more_of(job), R"("lines":[])"));
    f.write("web", "last words");
    CHECK(Control::more_of(job).empty());
    const auto remove = [&](const char* name) {
        const std::int32_t pid = f.pid(name);
        f.services.remove(name);
        f.processes.end(pid, killed_by(15));
    };
    remove("web");
    const std::string gone = Control::more_of(job);
    CHECK(has(gone, R"("lines":["last words"])"));
    CHECK(has(gone, "it was removed meanwhile"));
    remove("db");
    CHECK(has(Control::end_of(job), R"("exit":4)"));
    CHECK(f.outputs.callbacks.empty());
}

TEST_CASE("services that appear later are followed where all or a pattern is", "[control][log]") {
    Following f;
    const char* names = GENERATE("[]", R"(["w*"])");
    const auto job = f.follow(names);
    static_cast<void>(Control::more_of(job));
    f.outputs.lines.clear();
    f.run("wiki");
    f.write("wiki", "first\n");
    std::string out = Control::more_of(job);
    out += Control::more_of(job);
    CHECK(has(out, R"("service":"wiki","lines":["first"])"));
    f.run("mail");
    f.write("mail", "letter\n");
    out = Control::more_of(job) + Control::more_of(job);
    CHECK(has(out, "letter") == (names == std::string_view("[]")));
}

TEST_CASE("all are followed although none is there (any more)", "[control][log]") {
    Control f;
    const auto job = f.begin(R"({"id":1,"verb":"log","follow":true})");
    CHECK(Control::more_of(job).empty());
}

TEST_CASE("who comes back with its cursor misses nothing and reads nothing twice",
          "[control][log]") {
    Following f;
    f.outputs.written[f.id_of("web")] = "old\n";
    auto job = f.follow(R"(["web"])");
    static_cast<void>(Control::more_of(job));
    f.write("web", "one\nhal");
    const std::string out = Control::more_of(job);
    const std::size_t begin = out.find("7.");
    const std::string cursor = out.substr(begin, out.find('"', begin) - begin);
    CHECK(cursor == "7." + std::to_string(f.id_of("web")) + ".8");
    job.reset();
    f.write("web", "f\ntwo\n");
    const auto again = [&](const std::string& words) {
        job = f.begin(R"({"id":1,"verb":"log","follow":true,"services":["web"],"resume":[)" +
                      words + "]}");
        return Control::more_of(job);
    };
    CHECK(has(again('"' + cursor + '"'), R"("lines":["half","two"])"));
    // Of another supervisor's memory: all that there is.
    f.outputs.memory = 8;
    CHECK(has(again('"' + cursor + '"'), R"("lines":["old","one","half","two"])"));
}

TEST_CASE("who goes away follows no more", "[control][log]") {
    Following f;
    auto job = f.follow(R"(["web","nix"])");
    CHECK(has(Control::more_of(job), "no service nix"));
    CHECK(f.outputs.callbacks.size() == 1);
    job.reset();
    CHECK(f.outputs.callbacks.empty());
    CHECK(has(Control::end_of(f.follow(R"(["nix"])")), R"("exit":4)"));
}
