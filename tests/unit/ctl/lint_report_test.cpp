#include "ctl/lint_report.h"

#include <catch2/catch.hpp>

using mainstay::ctl::LintReport;

TEST_CASE("problems of both programs are one answer", "[lint]") {
    LintReport report;
    report.add_object(
        R"({"file":"a/service.conf","line":3,"column":1,"severity":"error","message":"x"})");
    report.add_object(R"({"done":true,"errors":1,"warnings":2})");
    report.add_text("/etc/inittab: read the way of busybox, as it has no initdefault entry");
    report.add_text("/etc/inittab:12: no such action: respwan");
    report.add_text("/etc/inittab: no valid entry");
    CHECK(
        report.take() ==
        R"({"file":"a/service.conf","line":3,"column":1,"severity":"error","message":"x"})"
        "\n"
        R"({"file":"/etc/inittab","line":12,"column":0,"severity":"error",)"
        R"("message":"no such action: respwan"})"
        "\n"
        R"({"file":"/etc/inittab","line":0,"column":0,"severity":"error","message":"no valid entry"})"
        "\n"
        R"({"done":true,"errors":3,"warnings":2})"
        "\n");
}

TEST_CASE("what is no line of a lint is left out", "[lint]") {
    LintReport report;
    report.add_object("garbage");
    report.add_object("");
    report.add_text("");
    report.add_text("no colon");
    CHECK(report.take() == "{\"done\":true,\"errors\":0,\"warnings\":0}\n");
}
