/// Whom the control handler tells what happens: the jobs that wait for something. A job is on the
/// board from its construction to its end.
#pragma once

#include <algorithm>
#include <vector>

#include "supervisor/service_set.h"

namespace mainstay::supervisor {

/// A job that waits. Called from within the handling of events: it may look and remember, and wake
/// its session, but not end itself or others.
class JobListener {
  public:
    JobListener() = default;
    JobListener(const JobListener&) = delete;
    JobListener& operator=(const JobListener&) = delete;
    virtual ~JobListener() = default;

    virtual void service_changed(const Service& service) = 0;
    virtual void service_forgotten(ServiceId service) = 0;
    virtual void boot_completed() {}
    virtual void upgrade_changed() {}
};

class JobBoard {
  public:
    /// A job's place on the board; a member of the job, so that it ends with it in any case.
    class Seat {
      public:
        Seat(JobBoard& board, JobListener& job) : board_(board), job_(job) {
            board_.jobs_.push_back(&job_);
        }
        ~Seat() {
            auto& jobs = board_.jobs_;
            jobs.erase(std::remove(jobs.begin(), jobs.end(), &job_), jobs.end());
        }
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;

      private:
        JobBoard& board_;
        JobListener& job_;
    };

    template <typename Tell>
    void tell(Tell each) {
        for (JobListener* job : jobs_) {
            each(*job);
        }
    }

  private:
    std::vector<JobListener*> jobs_;
};

}  // namespace mainstay::supervisor
