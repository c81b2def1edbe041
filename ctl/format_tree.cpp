#include "ctl/format_tree.h"

#include <algorithm>
#include <map>
#include <set>

#include "ctl/describe.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

/// The lines that lead to a member.
struct Branches {
    std::string_view fork;   ///< to one that others follow
    std::string_view last;   ///< to the last one
    std::string_view trunk;  ///< past what is below one that others follow
    std::string_view blank;
};

constexpr Branches kAscii{"|- ", "`- ", "|  ", "   "};
constexpr Branches kUtf8{"├─ ", "└─ ", "│  ", "   "};

struct Child {
    std::string name;
    std::string_view how;  ///< behind the state; empty for a need
};

class Tree {
  public:
    Tree(const std::vector<ServiceView>& views, const Style& style)
        : style_(style), branches_(style.charset == Charset::Utf8 ? kUtf8 : kAscii) {
        for (const ServiceView& view : views) {
            by_name_[view.name] = &view;
        }
    }

    std::string print(const std::vector<std::string>& roots) {
        if (!roots.empty()) {
            for (const std::string& root : roots) {
                print_root(root);
            }
            return std::move(text_);
        }
        for (const std::string& root : tops()) {
            print_root(root);
        }
        // What is left is below nothing but itself: a cycle.
        for (const auto& [name, view] : by_name_) {
            if (shown_.count(name) == 0) {
                print_root(name);
            }
        }
        return std::move(text_);
    }

  private:
    static std::vector<Child> children_of(const ServiceView& view) {
        std::vector<Child> children;
        const ServiceDetails& details = view.details();
        for (const RelatedView& need : details.needs) {
            children.push_back({need.name, ""});
        }
        for (const RelatedView& member : details.members) {
            children.push_back({member.name, ", member"});
        }
        for (const RelatedView& wanted : details.wants) {
            children.push_back({wanted.name, ", wanted"});
        }
        return children;
    }

    /// Services that are below no other one, in order of name.
    std::vector<std::string> tops() const {
        std::set<std::string> below;
        for (const auto& [name, view] : by_name_) {
            for (const Child& child : children_of(*view)) {
                below.insert(child.name);
            }
        }
        std::vector<std::string> names;
        for (const auto& [name, view] : by_name_) {
            if (below.count(name) == 0) {
                names.push_back(name);
            }
        }
        return names;
    }

    std::string label(const std::string& name, std::string_view how) const {
        std::string text = visible(name, style_.charset) + " (";
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) {
            text.append(coloured("does not exist", Colour::Red, style_));
        } else {
            text.append(coloured(to_string(found->second->state),
                                 colour_of(standing(*found->second)), style_));
        }
        return text.append(how).append(")");
    }

    void print_root(const std::string& name) {
        text_.append(label(name, "")).append("\n");
        if (shown_.insert(name).second) {
            path_.push_back({name, {}, 0, ""});
            path_.back().children = children(name);
            print_path();
        }
    }

    std::vector<Child> children(const std::string& name) const {
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? std::vector<Child>() : children_of(*found->second);
    }

    /// One service on the way from the root to what is printed.
    struct Step {
        std::string name;
        std::vector<Child> children;
        std::size_t next = 0;
        std::string indent;
    };

    /// Goes down without recursion: a chain of needs may be as long as there are services.
    void print_path() {
        while (!path_.empty()) {
            Step& step = path_.back();
            if (step.next == step.children.size()) {
                path_.pop_back();
                continue;
            }
            const Child child = step.children[step.next++];
            const bool is_last = step.next == step.children.size();
            text_.append(step.indent).append(is_last ? branches_.last : branches_.fork);
            text_.append(label(child.name, child.how));
            std::string below = step.indent;
            below.append(is_last ? branches_.blank : branches_.trunk);
            descend(child.name, std::move(below));
        }
    }

    void descend(const std::string& name, std::string indent) {
        const bool is_cycle = std::any_of(path_.begin(), path_.end(),
                                          [&](const Step& step) { return step.name == name; });
        std::vector<Child> below = children(name);
        if (is_cycle) {
            text_.append(" ").append(coloured("cycle", Colour::Red, style_));
        } else if (!below.empty() && !shown_.insert(name).second) {
            text_.append(" see above");
        } else {
            shown_.insert(name);
            path_.push_back({name, std::move(below), 0, std::move(indent)});
        }
        text_.append("\n");
    }

    Style style_;
    const Branches& branches_;
    std::map<std::string, const ServiceView*> by_name_;
    std::set<std::string> shown_;
    std::vector<Step> path_;
    std::string text_;
};

}  // namespace

std::string format_tree(const std::vector<ServiceView>& views,
                        const std::vector<std::string>& roots, const Style& style) {
    return Tree(views, style).print(roots);
}

}  // namespace mainstay::ctl
