/* Several threads share a device: each takes a buffer, writes, awaits its callback and gives the buffer back, over and over.
 *
 *     server_threads NAME      a set of two devices, whose client answers the first
 */
#include "server_kit.h"

#define THREADS 4
#define ROUNDS 5000

static struct subject subject;

static void *work(void *argument)
{
    struct probe probe;
    int *number = (int *)argument;
    int round;
    memset(&probe, 0, sizeof probe);
    MUST(sem_init(&probe.called, 0, 0) == 0);
    openvdi_server_set_completion(&probe.command, probe_called, &probe);
    for (round = 1; round <= ROUNDS; round++)
    {
        uint8_t *buffer;
        int32_t size = 512 * (1 + (round + *number) % 8);
        MUST(openvdi_server_allocate_buffer(subject.set, &buffer, (uint32_t)size, 0) == 0);
        probe.command.commandCode = VDC_Write;
        probe.command.size = size;
        probe.command.buffer = buffer;
        probe.command.completionCode = -1;
        MUST(openvdi_server_send_command(subject.devices[0], &probe.command) == 0);
        MUST(sem_wait(&probe.called) == 0);
        MUST(probe.calls == round && probe.command.completionCode == ERROR_SUCCESS);
        MUST(probe.command.bytesTransferred == size && pthread_equal(probe.thread, subject.agent));
        MUST(openvdi_server_free_buffer(subject.set, buffer, (uint32_t)size) == 0);
    }

    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    int index;
    MUST(argc == 2);
    reach(&subject, argv[1], ACTIVE, 1);
    MUST(openvdi_server_open_device(subject.set, "b", &subject.devices[1]) == 0);
    MUST(openvdi_server_free_buffer(subject.set, subject.buffer, 512) == 0);
    for (index = 0; index < THREADS; index++)
    {
        numbers[index] = index;
        MUST(pthread_create(&threads[index], NULL, work, &numbers[index]) == 0);
    }

    for (index = 0; index < THREADS; index++)
    {
        MUST(pthread_join(threads[index], NULL) == 0);
    }

    MUST(openvdi_server_close_device(subject.devices[0]) == 0);
    MUST(openvdi_server_close_device(subject.devices[1]) == 0);
    MUST(join_agent(&subject) == 0);
    MUST(openvdi_server_close(subject.set) == 0);
    MUST(openvdi_server_destroy(subject.set) == 0);
    return 0;
}
