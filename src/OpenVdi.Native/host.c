/* What cannot be C#, because it happens before any managed code runs: the runtime's own start, and what it asks of the
 * process. A library has no business with its host's signals, masks and random numbers, so the calls by which the runtime
 * would change them come here (the linker's --wrap) and do not change them.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>

int __real_sigaction(int number, const struct sigaction *action, struct sigaction *old);
int __real_pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int __real_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);

/* A child of fork has the memory of a set that is its parent's, and none of the threads: its exit would run the destructor
 * of a set, and close what the parent uses. Once the runtime has started, the library's objects are none in a child.
 */
static int isStarted, wasForked;

static void note_fork(void)
{
    wasForked = isStarted;
}

__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, note_fork);
}

int openvdi_was_forked(void)
{
    return wasForked;
}

/* No handler is installed. The runtime would ignore SIGPIPE for the whole process, and take over:
 *
 *   SIGSEGV, SIGFPE   to make exceptions of a null reference and a division by zero. Neither is to happen here; when one
 *                     does, it is a fault like one in C, and the host's handler, or core file, shows where.
 *   SIGRTMIN          to interrupt a thread for a collection. Without it the collector waits until each thread is about
 *                     to leave, or wait in, this library; it has to anyway where a host blocks signals.
 */
int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    (void)action;
    return __real_sigaction(number, NULL, old);
}

void (*__wrap_signal(int number, void (*handler)(int)))(int)
{
    struct sigaction found;
    (void)handler;
    return __real_sigaction(number, NULL, &found) == 0 ? found.sa_handler : SIG_ERR;
}

/* The interruption itself: with no handler it would end the process. EAGAIN is what the runtime takes for "not now". */
int __wrap_pthread_kill(pthread_t thread, int number)
{
    (void)thread;
    (void)number;
    return EAGAIN;
}

/* The runtime would unblock SIGRTMIN in every thread that calls. */
int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    (void)how;
    (void)set;
    return __real_pthread_sigmask(SIG_BLOCK, NULL, old);
}

/* Threads of this library take no signal that is sent to the process: it is for the host's threads, one of which may be
 * waiting for it. What a thread causes itself stays unblocked, for the host's handler.
 */
int __wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked, old;
    isStarted = 1;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&blocked, own[i]);
    __real_pthread_sigmask(SIG_SETMASK, &blocked, &old);
    int result = __real_pthread_create(thread, attributes, start, argument);
    __real_pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result;
}

/* The runtime would keep /dev/urandom open for ever, and restart the host's lrand48 with srand48. */
int32_t __wrap_minipal_get_cryptographically_secure_random_bytes(uint8_t *buffer, int32_t length)
{
    int32_t filled = 0;
    while (filled < length)
    {
        ssize_t count = getrandom(buffer + filled, (size_t)(length - filled), 0);
        if (count > 0)
            filled += (int32_t)count;
        else if (errno != EINTR)
            return -1;
    }
    return 0;
}

/* Seeds of hash tables; where the kernel gives none, any bytes will do. */
void __wrap_minipal_get_non_cryptographically_secure_random_bytes(uint8_t *buffer, int32_t length)
{
    (void)__wrap_minipal_get_cryptographically_secure_random_bytes(buffer, length);
}
