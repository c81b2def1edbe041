/// service.conf's grammar: lines, keys, values, words, places.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "supervisor/conf_lexer.h"
#include "supervisor/problem.h"

using namespace mainstay::supervisor;

namespace {

struct WordsRow {
    const char* value;
    std::vector<std::string> words;
};

ConfAssignment only(const LexedConf& lexed) {
    REQUIRE(lexed.faults.empty());
    REQUIRE(lexed.assignments.size() == 1);
    return lexed.assignments.front();
}

std::vector<std::string> texts(const SplitValue& split) {
    REQUIRE(split.faults.empty());
    std::vector<std::string> found;
    for (const ConfWord& word : split.words) {
        found.push_back(word.text);
    }
    return found;
}

ConfFault only_fault(const std::string& text) {
    const LexedConf lexed = lex_conf(text);
    REQUIRE(lexed.faults.size() == 1);
    return lexed.faults.front();
}

}  // namespace

TEST_CASE("conf lexer: lines are assignments, comments or blank", "[conf]") {
    const std::string text = "# exec = no\n\n  \t# neither\n key\t=  a b \t\nlast=\n";
    const LexedConf lexed = lex_conf(text);
    REQUIRE(lexed.faults.empty());
    REQUIRE(lexed.assignments.size() == 2);
    CHECK(lexed.assignments[0].key == "key");
    CHECK(text.substr(lexed.assignments[0].key_offset, 3) == "key");
    CHECK(lexed.assignments[0].value == "a b");
    CHECK(text.substr(lexed.assignments[0].value_offset, 3) == "a b");
    CHECK(lexed.assignments[1].key == "last");
    CHECK(lexed.assignments[1].value.empty());
    CHECK(lex_conf("").assignments.empty());
    CHECK(lex_conf("# only a comment").assignments.empty());
}

TEST_CASE("conf lexer: a comment ends with its line, whatever it ends in", "[conf]") {
    CHECK(only(lex_conf("# see below \\\na = b")).value == "b");
}

TEST_CASE("conf lexer: a # within a line is none of a comment", "[conf]") {
    CHECK(texts(split_words(only(lex_conf("exec = curl http://h/#x")))) ==
          std::vector<std::string>{"curl", "http://h/#x"});
}

TEST_CASE("conf lexer: words by the shell's quoting", "[conf]") {
    const std::vector<WordsRow> rows = {
        {"a  b\tc", {"a", "b", "c"}},
        {"'a b' c", {"a b", "c"}},
        {"\"a b\"c", {"a bc"}},
        {"a\\ b", {"a b"}},
        {"''", {""}},
        {"a'b'\"c\"", {"abc"}},
        {"'\\n'", {"\\n"}},
        {R"("\n\$\`\"\\")", {R"(\n$`"\)"}},
        {"\\n", {"n"}},
        {"\\\\", {"\\"}},
        {"$HOME *", {"$HOME", "*"}},
        {"a | b", {"a", "|", "b"}},
        {"it\\'s", {"it's"}},
        {"\"it's\"", {"it's"}},
        {"a \\\n  b", {"a", "b"}},
        {"a\\\nb", {"ab"}},
        {"'a\\\nb' \"c\\\nd\"", {"ab", "cd"}},
        {"\\\n a", {"a"}},
        {"a \\\n# b", {"a", "#", "b"}},
        {"a \\\n", {"a"}},
        {"", {}},
    };
    for (const WordsRow& row : rows) {
        INFO(row.value);
        const std::string text = std::string("k = ") + row.value;
        CHECK(texts(split_words(only(lex_conf(text)))) == row.words);
    }
}

TEST_CASE("conf lexer: an even number of backslashes continues nothing", "[conf]") {
    const LexedConf lexed = lex_conf("a = b\\\\\nc = d\\\\\\\ne");
    REQUIRE(lexed.assignments.size() == 2);
    CHECK(texts(split_words(lexed.assignments[0])) == std::vector<std::string>{"b\\"});
    CHECK(texts(split_words(lexed.assignments[1])) == std::vector<std::string>{"d\\e"});
}

TEST_CASE("conf lexer: words know where they are, over continued lines", "[conf]") {
    const std::string text = "exec = a \\\n   'b c'\\\n d";
    const SplitValue split = split_words(only(lex_conf(text)));
    REQUIRE(split.words.size() == 3);
    PlaceFinder places(text);
    CHECK(places.place_of(split.words[0].offset) == Place{1, 8});
    CHECK(places.place_of(split.words[1].offset) == Place{2, 4});
    CHECK(places.place_of(split.words[2].offset) == Place{3, 2});
    CHECK(places.place_of(0) == Place{1, 1});  // and back
}

TEST_CASE("conf lexer: an unsplit value keeps its quotes and joins its lines", "[conf]") {
    CHECK(joined_text(only(lex_conf("d = Bob's \\\nshop"))) == "Bob's shop");
    CHECK(joined_text(only(lex_conf("d = \"x\""))) == "\"x\"");
}

TEST_CASE("conf lexer: faults have a place, and the other lines count", "[conf]") {
    const LexedConf lexed = lex_conf("exec\n= b\nc = d\n\x01 = e\nf = \x7f\n");
    REQUIRE(lexed.faults.size() == 4);
    CHECK(lexed.faults[0].offset == 0);
    CHECK(lexed.faults[0].message == "no = in this line; write key = value, or # before a comment");
    CHECK(lexed.faults[1].offset == 5);
    CHECK(lexed.faults[1].message == "no key before the =; write key = value");
    CHECK(lexed.faults[2].offset == 15);
    CHECK(lexed.faults[3].offset == 25);
    REQUIRE(lexed.assignments.size() == 1);
    CHECK(lexed.assignments[0].key == "c");
}

TEST_CASE("conf lexer: NUL is a control character", "[conf]") {
    CHECK(only_fault(std::string("a = b\0c", 7)).offset == 5);
}

TEST_CASE("conf lexer: carriage returns are said once", "[conf]") {
    const ConfFault fault = only_fault("a = b\r\nc = d\r\n");
    CHECK(fault.offset == 5);
    CHECK(fault.message == "a carriage return; save the file with Unix line ends");
}

TEST_CASE("conf lexer: a byte order mark is named, and skipped", "[conf]") {
    const LexedConf lexed = lex_conf(
        "\xef\xbb\xbf"
        "a = b");
    REQUIRE(lexed.faults.size() == 1);
    CHECK(lexed.faults[0].offset == 0);
    REQUIRE(lexed.assignments.size() == 1);
    CHECK(lexed.assignments[0].key == "a");
}

TEST_CASE("conf lexer: a file has at most 64 KiB", "[conf]") {
    std::string text = "a = b\n" + std::string(kMaxConfSize, '#');
    CHECK(lex_conf(text).assignments.empty());
    CHECK(only_fault(text).message.find("64 KiB") != std::string::npos);
    text.resize(kMaxConfSize);
    CHECK(lex_conf(text).assignments.size() == 1);
}

TEST_CASE("conf lexer: quotes that stay open and a lone backslash are faults", "[conf]") {
    struct Row {
        const char* text;
        std::size_t offset;
        const char* message;
    };
    const std::vector<Row> rows = {
        {"k = a 'b c", 6, "this ' is not closed"},
        {R"(k = "a\")", 4, "this \" is not closed"},
        {"k = a \\ ", 6,
         "nothing behind the \\; where the line is to go on, no blank may follow it"},
        {"k = a\\", 5, "nothing behind the \\; where the line is to go on, no blank may follow it"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const SplitValue split = split_words(only(lex_conf(row.text)));
        REQUIRE(split.faults.size() == 1);
        CHECK(split.faults[0].offset == row.offset);
        CHECK(split.faults[0].message == row.message);
        CHECK(split.words.empty());
    }
}

TEST_CASE("problems are said with their place, and shown words are short and clean", "[conf]") {
    const Problem problem = {Severity::Warning, "a/run", {}, "is odd"};
    CHECK(to_line(problem) == "a/run: warning: is odd");
    CHECK(to_sentence({Severity::Error, "c", {3, 7}, "x"}) == "c:3:7: x");
    CHECK(to_line({Severity::Error, "c", {3, 7}, "x"}) == "c:3:7: error: x");
    CHECK(to_line({Severity::Note, "c", {}, "x"}) == "c: note: x");
    CHECK(to_string(static_cast<Severity>(9)).empty());
    CHECK(comes_before({Severity::Error, "c", {3, 7}, "x"}, {Severity::Error, "c", {3, 8}, "a"}));
    CHECK(shown("a\nb") == "a?b");
    CHECK(shown(std::string(70, 'x')) == std::string(60, 'x') + "...");
}

TEST_CASE("problems are sorted by file, place, severity and words, and each part tells them apart",
          "[conf]") {
    const Problem sorted[] = {
        {Severity::Error, "a", {9, 9}, "z"},   {Severity::Error, "b", {1, 2}, "y"},
        {Severity::Error, "b", {1, 3}, "y"},   {Severity::Warning, "b", {1, 3}, "x"},
        {Severity::Warning, "b", {1, 3}, "y"}, {Severity::Error, "b", {2, 1}, "a"}};
    for (const Problem& a : sorted) {
        for (const Problem& b : sorted) {
            CAPTURE(to_line(a), to_line(b));
            CHECK(comes_before(a, b) == (&a < &b));
            CHECK((a == b) == (&a == &b));
        }
    }
}

TEST_CASE("places are found in any order, and behind the end", "[conf]") {
    PlaceFinder finder("ab\n\ncd");
    CHECK(finder.place_of(4) == Place{3, 1});
    CHECK(finder.place_of(5) == Place{3, 2});
    CHECK(finder.place_of(1) == Place{1, 2});
    CHECK(finder.place_of(3) == Place{2, 1});
    CHECK(finder.place_of(6) == Place{3, 3});
    CHECK(PlaceFinder("").place_of(0) == Place{1, 1});
}
