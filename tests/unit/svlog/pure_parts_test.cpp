#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "supervisor/svlog/file_names.h"
#include "supervisor/svlog/lines.h"
#include "supervisor/svlog/link_message.h"
#include "supervisor/svlog/stamp.h"

using namespace mainstay::svlog;

TEST_CASE("times before lines", "[svlog]") {
    Stamp iso(StampFormat::Iso);
    CHECK(iso.text({0, 0}) == "1970-01-01T00:00:00.000000Z ");
    CHECK(iso.text({0, 999'999'999}) == "1970-01-01T00:00:00.999999Z ");
    CHECK(iso.text({951'827'696, 5000}) == "2000-02-29T12:34:56.000005Z ");
    CHECK(iso.text({1'795'249'831, 0}) == "2026-11-21T08:30:31.000000Z ");
    CHECK(iso.text({253'402'300'799, 0}) == "9999-12-31T23:59:59.000000Z ");
    CHECK(iso.text({253'402'300'800, 0}) == "1970-01-01T00:00:00.000000Z ");
    CHECK(iso.text({-5, 0}) == "1970-01-01T00:00:00.000000Z ");
    CHECK(Stamp(StampFormat::Tai64n).text({0, 1}) == "@400000000000000a00000001 ");
    CHECK(Stamp(StampFormat::None).text({0, 1}).empty());
}

TEST_CASE("TAI64N is read back, and nothing else is", "[svlog]") {
    const WallTime time{1'795'249'831, 123'456'789};
    const auto text = tai64n(time);
    CHECK(parse_tai64n({text.data(), text.size()}) == time);
    CHECK_FALSE(parse_tai64n(""));
    CHECK_FALSE(parse_tai64n("@400000000000000a0000000"));
    CHECK_FALSE(parse_tai64n("@400000000000000a0000000g"));
    CHECK_FALSE(parse_tai64n("@400000000000000A00000001"));
    CHECK_FALSE(parse_tai64n("@400000000000000a3b9aca00"));  // a whole second of nanoseconds
    CHECK_FALSE(parse_tai64n("@000000000000000a00000001"));
    CHECK_FALSE(parse_tai64n("@ffffffffffffffff00000001"));
}

TEST_CASE("no service name leads out of the log directory", "[svlog]") {
    CHECK(directory_name("web") == "web");
    CHECK(directory_name("getty@tty1") == "getty@tty1");
    CHECK(directory_name("a.b_c+d:e-f") == "a.b_c+d:e-f");
    CHECK(directory_name("web/log") == "web%2Flog");
    CHECK(directory_name("..") == "%2E.");
    CHECK(directory_name(".") == "%2E");
    CHECK(directory_name("../../etc") == "%2E.%2F..%2Fetc");
    CHECK(directory_name("@supervisor") == "%40supervisor");
    CHECK(directory_name("") == "%");
    CHECK(directory_name("a%2Fb") == "a%252Fb");
    CHECK(directory_name(std::string("a\0b\n", 4)) == "a%00b%0A");
    CHECK(directory_name("\xc3\xa4") == "%C3%A4");
}

TEST_CASE("long names are cut, and stay different", "[svlog]") {
    const std::string long_name(240, 'x');
    CHECK(directory_name(long_name) == long_name);
    std::set<std::string> names;
    for (char last = 'a'; last <= 'z'; ++last) {
        const std::string name = directory_name(long_name + last);
        CHECK(name.size() == 240);
        names.insert(name);
    }
    CHECK(names.size() == 26);
}

TEST_CASE("names of rotated files", "[svlog]") {
    CHECK(rotated_name({0, 1}) == "@400000000000000a00000001.s");
    CHECK(parse_rotated_name("@400000000000000a00000001.s") == WallTime{0, 1});
    CHECK_FALSE(parse_rotated_name("@400000000000000a00000001.u"));
    CHECK_FALSE(parse_rotated_name("@400000000000000a00000001.s.gz"));
    CHECK_FALSE(parse_rotated_name("current"));
}

namespace {

std::vector<std::string> cut(std::string_view text) {
    LineCutter cutter;
    std::vector<std::string> pieces;
    for (;;) {
        const Piece piece = cutter.next(text);
        if (piece.size == 0) {
            return pieces;
        }
        pieces.push_back((piece.is_continued ? "+" : " ") + std::to_string(piece.size) +
                         (piece.ends_in_newline ? "n" : ""));
        text.remove_prefix(piece.size);
    }
}

}  // namespace

TEST_CASE("lines are cut at newlines, and where they are too long", "[svlog]") {
    using List = std::vector<std::string>;
    CHECK(cut("").empty());
    CHECK(cut("half").empty());
    CHECK(cut("a\n\nbc\nrest") == List{" 2n", " 1n", " 3n"});
    const std::string longest(kLongestLine - 1, 'x');
    CHECK(cut(longest + "\n") == List{" 8192n"});
    CHECK(cut(longest + "xy\nz\n") == List{" 8192", "+2n", " 2n"});
    CHECK(cut(longest + "x\n") == List{" 8192", "+1n"});
    CHECK(cut(longest + "x" + longest + "xend\n") == List{" 8192", "+8192", "+4n"});
    LineCutter cutter;
    CHECK(cutter.next(longest + "x").size == kLongestLine);
    CHECK(cutter.rest("end").is_continued);
    CHECK_FALSE(cutter.rest("next").is_continued);
    CHECK(cutter.next(longest + "x").size == kLongestLine);
    cutter.start_afresh();
    CHECK_FALSE(cutter.next("new\n").is_continued);
}

TEST_CASE("messages of the link come out as they went in", "[svlog]") {
    Message message{MessageType::Add, 17, 4, {}, "web"};
    message.settings = {1 << 20, 4096, 3, 10, std::chrono::hours(24), StampFormat::Tai64n};
    CHECK(decode(encode(message)) == message);

    message.text = std::string(kLongestText + 50, 'n');
    const std::string bytes = encode(message);
    CHECK(bytes.size() <= kLongestMessage);
    CHECK(decode(bytes)->text.size() == kLongestText);

    CHECK_FALSE(decode(""));
    CHECK_FALSE(decode(bytes.substr(0, bytes.size() - 1)));
    CHECK_FALSE(decode(bytes + "x"));
    CHECK_FALSE(decode(std::string(48, '\0')));
    CHECK_FALSE(decode(std::string(48, '\xff')));
}

TEST_CASE("settings out of reason are brought into it", "[svlog]") {
    Message message{MessageType::Change, 1, 0, {}, ""};
    message.settings.min_free_percent = 250;
    message.settings.max_age = std::chrono::seconds(-3);
    const auto read = decode(encode(message));
    REQUIRE(read);
    CHECK(read->settings.min_free_percent == 100);
    CHECK(read->settings.max_age == std::chrono::seconds(1));
}
