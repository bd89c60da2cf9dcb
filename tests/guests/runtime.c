/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime: the unikernel tries itself out, one line for each property, and exits with the number of those that do not
 * hold.
 */
#include <cambium/clock.h>
#include <cambium/mem.h>
#include <cambium/thread.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int failures;

static void report(const char *property, bool holds)
{
	printf("%s: %s\n", holds ? "holds" : "FAILS", property);
	failures += !holds;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

/* Every length up to 300 at several alignments and distances, against byte loops. */
static bool moves_agree(void)
{
	static unsigned char a[1024], b[1024];

	for (size_t len = 0; len < 300; len++) {
		for (size_t from = 0; from < 40; from += 13) {
			for (size_t to = 0; to < 400; to += 37) {
				for (size_t i = 0; i < sizeof a; i++)
					a[i] = b[i] = (unsigned char)(i * 7 + len);
				if (memmove(a + to, a + from, len) != a + to)
					return false;
				for (size_t i = 0; i < len; i++)
					b[to + i] = (unsigned char)((from + i) * 7 + len);
				if (memcmp(a, b, sizeof a))
					return false;
			}
		}
		memset(a, 0, sizeof a);
		if (memset(a + 3, 0x5a, len) != a + 3 || a[2] || a[3 + len])
			return false;
		for (size_t i = 0; i < len; i++)
			if (a[3 + i] != 0x5a)
				return false;
	}
	return true;
}

static bool heap_works(void)
{
	void *blocks[200];
	unsigned char *zero;
	bool ok = true;

	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 200; i++) {
			blocks[i] = malloc(1 + i * 97u);
			ok = ok && blocks[i] && (uintptr_t)blocks[i] % 16 == 0;
			if (blocks[i])
				memset(blocks[i], 0xff, 1 + i * 97u);
		}
		for (unsigned i = 0; i < 200; i++)
			free(blocks[(i * 77u) % 200]);
		zero = calloc(1, 300000);
		for (unsigned i = 0; zero && i < 300000; i++)
			ok = ok && !zero[i];
		ok = ok && zero;
		free(zero);
	}
	errno = 0;
	return ok && !malloc((size_t)1 << 40) && errno == ENOMEM;
}

static bool pages_work(void)
{
	size_t before = pages_available();
	unsigned char *p = pages_alloc(5);
	bool ok = p && (uintptr_t)p % 4096 == 0;

	for (size_t i = 0; ok && i < 5 * 4096u; i++)
		ok = !p[i];
	ok = ok && page_guard(p + 4096) == 0 && page_unguard(p + 4096) == 0;
	memset(p, 0xaa, 5 * 4096u);
	pages_free(p, 5);
	return ok && pages_available() == before && !pages_alloc(before + 1);
}

/* --- threads ----------------------------------------------------------------------------------------------------- */

static __thread int own = 42;
static __thread long zero_of_own;

static void *add_to_own(void *arg)
{
	int n = *(int *)arg;

	for (int i = 0; i < n; i++) {
		own++;
		zero_of_own += own;
		sched_yield();
	}
	return (void *)(intptr_t)(own == 42 + n && errno == 0);
}

static bool threads_have_their_own(void)
{
	pthread_t threads[8];
	int counts[8];
	bool ok = true;

	for (int i = 0; i < 8; i++) {
		counts[i] = 10 * i;
		ok = ok && pthread_create(&threads[i], NULL, add_to_own, &counts[i]) == 0;
	}
	errno = EDOM;
	for (int i = 0; i < 8; i++) {
		void *result = NULL;

		ok = ok && pthread_join(threads[i], &result) == 0 && result;
	}
	return ok && own == 42 && errno == EDOM;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn, turns;

static void *take_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&lock);
		while (turn != me)
			pthread_cond_wait(&turned, &lock);
		turn = !me;
		turns++;
		pthread_cond_broadcast(&turned);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static bool conditions_work(void)
{
	struct timespec soon;
	pthread_t a, b;
	bool late;

	pthread_create(&a, NULL, take_turns, (void *)0);
	pthread_create(&b, NULL, take_turns, (void *)1);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 5000000;
	if (soon.tv_nsec >= 1000000000)
		soon.tv_sec++, soon.tv_nsec -= 1000000000;
	pthread_mutex_lock(&lock);
	late = pthread_cond_timedwait(&turned, &lock, &soon) == ETIMEDOUT;
	pthread_mutex_unlock(&lock);
	return turns == 200 && late;
}

static bool mutexes_know_their_kind(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	bool ok;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	ok = !pthread_mutex_lock(&m) && !pthread_mutex_trylock(&m) && !pthread_mutex_unlock(&m) &&
	     !pthread_mutex_unlock(&m) && pthread_mutex_unlock(&m) == EPERM;
	return ok && !pthread_mutex_lock(&lock) && pthread_mutex_lock(&lock) == EDEADLK &&
	       pthread_mutex_trylock(&lock) == EBUSY && !pthread_mutex_unlock(&lock);
}

static int destroyed, initialised;

static void count_destroyed(void *value)
{
	destroyed += *(int *)value;
}

static void count_initialised(void)
{
	initialised++;
}

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int seven = 7;

static void *set_key(void *arg)
{
	pthread_once(&once, count_initialised);
	pthread_setspecific(key, arg);
	return NULL;
}

static bool keys_are_destroyed(void)
{
	pthread_t t;

	pthread_key_create(&key, count_destroyed);
	for (int i = 0; i < 3; i++) {
		pthread_create(&t, NULL, set_key, &seven);
		pthread_join(t, NULL);
	}
	return destroyed == 21 && initialised == 1 && !pthread_getspecific(key);
}

static bool memory_of_threads_returns(void)
{
	size_t before, after;
	pthread_t t;

	pthread_create(&t, NULL, set_key, NULL);
	pthread_join(t, NULL);
	sched_yield();
	before = pages_available();
	for (int i = 0; i < 1000; i++) {
		if (pthread_create(&t, NULL, set_key, NULL))
			return false;
		pthread_join(t, NULL);
	}
	sched_yield();
	after = pages_available();
	return before == after;
}

static void *post_later(void *arg)
{
	usleep(2000);
	sem_post(arg);
	return NULL;
}

static bool semaphores_count(void)
{
	struct timespec past = {0};
	pthread_t t;
	sem_t s;
	bool ok;

	sem_init(&s, 0, 1);
	ok = !sem_trywait(&s) && sem_trywait(&s) == -1 && errno == EAGAIN;
	pthread_create(&t, NULL, post_later, &s);
	ok = ok && !sem_wait(&s) && sem_timedwait(&s, &past) == -1 && errno == ETIMEDOUT;
	pthread_join(t, NULL);
	return ok;
}

/* --- time, descriptors, the library ------------------------------------------------------------------------------ */

static bool time_passes(void)
{
	struct timespec request = {.tv_nsec = 3000000}, bad = {.tv_nsec = 1000000000};
	struct timeval tv;
	uint64_t before = clock_ns(), now;

	nanosleep(&request, NULL);
	now = clock_ns();
	gettimeofday(&tv, NULL);
	return now - before >= 3000000 && now - before < 60000000000 && nanosleep(&bad, NULL) == -1 &&
	       errno == EINVAL && tv.tv_sec == time(NULL);
}

static bool sleepers_wake_in_order(void)
{
	uint64_t start = clock_ns();
	pthread_t t[3];
	sem_t s;

	sem_init(&s, 0, 0);
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, post_later, &s);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return clock_ns() - start < 60000000000 && !sem_trywait(&s) && !sem_trywait(&s) && !sem_trywait(&s);
}

static bool descriptors_work(void)
{
	int fd = open("/dev/zero", O_RDONLY), other = dup(fd);
	struct pollfd p = {.fd = 1, .events = POLLIN | POLLOUT}, none = {.fd = 99, .events = POLLIN};
	struct timeval now = {0};
	char bytes[4] = {1, 2, 3, 4};
	fd_set out;
	bool ok;

	FD_ZERO(&out);
	FD_SET(1, &out);
	ok = fd >= 3 && other == fd + 1 && read(other, bytes, 4) == 4 && !bytes[0] && !bytes[3];
	ok = ok && !close(fd) && read(fd, bytes, 4) == -1 && errno == EBADF && !close(other);
	ok = ok && poll(&p, 1, -1) == 1 && p.revents == POLLOUT && poll(&none, 1, 0) == 1 && none.revents == POLLNVAL;
	ok = ok && select(2, NULL, &out, NULL, &now) == 1 && FD_ISSET(1, &out) && poll(NULL, 0, 3) == 0;
	return ok && open("/nowhere", O_RDONLY) == -1 && errno == ENOENT && isatty(1) && !isatty(98);
}

static bool random_differs(void)
{
	unsigned char a[700], b[700], zero[16] = {0};

	return getrandom(a, sizeof a, 0) == sizeof a && getrandom(b, sizeof b, 0) == sizeof b &&
	       memcmp(a, b, sizeof a) && memcmp(a, zero, 16) && memcmp(a + 684, zero, 16) &&
	       getrandom(a, 1, 0x100) == -1 && errno == EINVAL;
}

static bool library_works(void)
{
	char text[100];
	double root = 0;

	snprintf(text, sizeof text, "%s %d %.3f %lld %zu", "a", -5, sqrt(2.0), 1ll << 40, sizeof text);
	return !strcmp(text, "a -5 1.414 1099511627776 100") && sscanf("2.5", "%lf", &root) == 1 && root == 2.5;
}

static volatile int handled;

static void on_signal(int number)
{
	handled = number;
}

static bool processes_do_not_exist(void)
{
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	return fork() == -1 && errno == ENOSYS && kill(77, SIGTERM) == -1 && errno == ESRCH && handled == SIGUSR1;
}

static int constructed, constructed_argc;

__attribute__((constructor)) static void construct(int argc)
{
	constructed = 1;
	constructed_argc = argc;
}

static bool is_set(const char *name, const char *value)
{
	const char *got = getenv(name);

	return got && !strcmp(got, value);
}

/* As in the command line of tests/configs/runtime/plan.c. */
static bool command_line_is_read(int argc, char **argv)
{
	bool ok = argc == 103 && !strcmp(argv[0], "runtime") && !strcmp(argv[1], "A=1") && !strcmp(argv[2], "2=b");

	for (int i = 3; ok && i < 103; i++)
		ok = !strcmp(argv[i], "0123456789012345678901234567890123456");
	return ok && !argv[103] && constructed_argc == argc;
}

static bool environment_works(void)
{
	bool ok = is_set("GREETING", "two words") && is_set("_TWICE", "2") && is_set("EMPTY", "");

	ok = ok && !getenv("A") && !getenv("runtime") && environ[0] && environ[1] && environ[2] && !environ[3];
	ok = ok && !setenv("NEW", "value", 0) && is_set("NEW", "value") && !setenv("EMPTY", "not", 1);
	return ok && is_set("EMPTY", "not") && !unsetenv("GREETING") && !getenv("GREETING") && is_set("_TWICE", "2");
}

int main(int argc, char **argv)
{
	report("the command line's words are the arguments", command_line_is_read(argc, argv));
	report("its first settings are the environment", environment_works());
	report("constructors ran before main", constructed == 1);
	report("memmove and memset agree with byte loops", moves_agree());
	report("the heap gives and takes", heap_works());
	report("pages come zeroed and are all given back", pages_work());
	report("threads have variables and errno of their own", threads_have_their_own());
	report("condition variables pass turns and time out", conditions_work());
	report("mutexes know their kind", mutexes_know_their_kind());
	report("keys are destroyed once for each thread", keys_are_destroyed());
	report("the memory of a thousand threads returns", memory_of_threads_returns());
	report("semaphores count and time out", semaphores_count());
	report("time passes as asked", time_passes());
	report("sleeping threads wake", sleepers_wake_in_order());
	report("descriptors open, poll, select and close", descriptors_work());
	report("random bytes differ", random_differs());
	report("printf and scanf know floating point", library_works());
	report("processes and outside signals do not exist", processes_do_not_exist());
	printf("runtime: %d failures\n", failures);
	return failures;
}
