// A host in C++: several threads, a runtime each, one pool. CMakeLists.txt beside this file builds it.
#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <moonpool.h>

namespace {

struct Closer {
  void operator()(mp_pool *pool) const {
    mp_pool_close(pool);
  }
  void operator()(mp_runtime *runtime) const {
    mp_runtime_close(runtime);
  }
  void operator()(mp_error *error) const {
    mp_error_free(error);
  }
};

// Throws what a call has left in `error`.
[[noreturn]] void fail(mp_error *error) {
  const std::unique_ptr<mp_error, Closer> owner(error);
  throw std::runtime_error(mp_error_text(error));
}

const std::string script = R"(
  local mp = require "moonpool"
  local db = mp.connect() -- the host's pool

  local function days_in(year)
    return db:value("select make_date($1, 12, 31) - make_date($1, 1, 1) + 1", year)
  end

  function days_of_decade(first)
    local jobs, days = {}, 0
    for i = 0, 9 do jobs[i + 1] = function() return days_in(first + i) end end
    for _, count in ipairs { mp.all(jobs) } do days = days + count end
    return days
  end
)";

std::int64_t days_of_decade(mp_pool *pool, int first) {
  mp_error *error = nullptr;
  const std::unique_ptr<mp_runtime, Closer> runtime(mp_runtime_open(pool, nullptr, &error));
  const mp_value argument = mp_integer(first);
  mp_value days;
  if (!mp_run_string(runtime.get(), script.data(), script.size(), "decades", &error) ||
      !mp_call(runtime.get(), "days_of_decade", &argument, 1, &days, 1, &error)) {
    fail(error);
  }
  return days.as.integer;
}

std::int64_t days_of_century(int first) {
  mp_error *error = nullptr;
  const std::unique_ptr<mp_pool, Closer> pool(mp_pool_open(nullptr, &error));
  if (!pool) fail(error);
  std::vector<std::future<std::int64_t>> decades;
  for (int year = first; year < first + 100; year += 10)
    decades.push_back(std::async(std::launch::async, days_of_decade, pool.get(), year));
  std::int64_t days = 0;
  for (auto &decade : decades)
    days += decade.get();
  return days;
}

} // namespace

int main() {
  try {
    std::cout << "the century has " << days_of_century(2000) << " days\n";
    return EXIT_SUCCESS;
  } catch (const std::exception &failure) {
    std::cerr << "threads: " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
}
