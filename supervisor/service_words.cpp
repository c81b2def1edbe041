/// What ServiceSet makes of what services say of themselves.
#include "supervisor/notify_events.h"
#include "supervisor/service_set.h"

namespace mainstay::supervisor {
namespace {

/// Empty where it reports none.
std::string error_in(const NotifyMessage& message) {
    if (message.error_number) {
        return errno_text(*message.error_number);
    }
    if (message.bus_error) {
        return "D-Bus error " + *message.bus_error;
    }
    return message.exit_status ? "exit status " + std::to_string(*message.exit_status) : "";
}

}  // namespace

void ServiceSet::service_is_ready(ProcessKey key) {
    post(key.service, BecameReady{key.generation});
}

void ServiceSet::service_said(ProcessKey key, const NotifyMessage& message) {
    Service* service = get(key.service);
    if (service == nullptr || service->snapshot.generation != key.generation) {
        return;
    }
    const bool has_new_words = note_words(*service, message);
    for (const Event& event : events_of(message, key.generation, service->snapshot.reloading)) {
        post(key.service, event);
    }
    service = get(key.service);
    if (has_new_words && service != nullptr) {
        os_.state.save(*service, {.words = true});
    }
    if (has_new_words && service != nullptr) {
        for (ServiceObserver* observer : observers_) {
            observer->service_changed(*service);
        }
    }
}

/// @returns whether there is anything new
bool ServiceSet::note_words(Service& service, const NotifyMessage& message) {
    const std::string error = error_in(message);
    if (!message.status && error.empty()) {
        return false;
    }
    if (!service.words) {
        service.words = std::make_unique<ServiceWords>();
    }
    ServiceWords& words = *service.words;
    const ServiceWords before = words;
    words.status = message.status.value_or(words.status);
    if (!error.empty()) {
        // Once a run: who reports errors all the time does not fill the journal.
        if (words.error.empty()) {
            os_.journal.warning(service.name + ": reports an error: " + error);
        }
        words.error = error;
    }
    return !(words == before);
}

}  // namespace mainstay::supervisor
