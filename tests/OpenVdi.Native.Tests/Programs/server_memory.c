/* Sends commands to a client that answers each, the next one always within the callback of the one before, and prints by how
 * many KiB the process has grown over them.
 *
 *     server_memory NAME COUNT LEAK      LEAK: bytes that each callback loses, to show that the measure sees them
 */
#include <unistd.h>

#include "server_kit.h"

#define DEPTH 8
#define WARM_UP 20000

static struct subject subject;
static struct VDS_Command commands[DEPTH];
static int count, leak, sent, done;
static long before, after;

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    MUST(file != NULL && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void called(struct VDS_Command *command)
{
    MUST(command->completionCode == ERROR_SUCCESS);
    done++;
    if (done == WARM_UP)
    {
        before = resident_kib();
    }

    if (done > WARM_UP && leak > 0)
    {
        char *lost = (char *)malloc((size_t)leak);
        MUST(lost != NULL);
        *(char *volatile *)command->completionContext = lost;
        memset(lost, 1, (size_t)leak);
    }

    if (sent < WARM_UP + count)
    {
        sent++;
        MUST(openvdi_server_send_command(subject.devices[0], command) == 0);
    }
    else if (done == WARM_UP + count)
    {
        after = resident_kib();
        MUST(openvdi_server_close_device(subject.devices[0]) == 0);
        MUST(openvdi_server_close_device(subject.devices[1]) == 0);
    }
}

static void start(void *context)
{
    int index;
    for (index = 0; index < DEPTH; index++)
    {
        commands[index].commandCode = VDC_Write;
        commands[index].size = 512;
        openvdi_server_set_completion(&commands[index], called, context);
        MUST(openvdi_server_allocate_buffer(subject.set, &commands[index].buffer, 512, 0) == 0);
        sent++;
        MUST(openvdi_server_send_command(subject.devices[0], &commands[index]) == 0);
    }
}

int main(int argc, char **argv)
{
    static char *lost;
    MUST(argc == 4);
    count = atoi(argv[2]);
    leak = atoi(argv[3]);
    reach(&subject, argv[1], ACTIVE, 0);
    MUST(openvdi_server_request_buffers(subject.set, 512, 0, DEPTH) == 0);
    MUST(openvdi_server_open_device(subject.set, "b", &subject.devices[1]) == 0);
    MUST(openvdi_server_execute_completion_agent(subject.set, start, &lost) == 0);
    MUST(done == WARM_UP + count);
    printf("%ld\n", after - before);
    MUST(openvdi_server_close(subject.set) == 0 && openvdi_server_destroy(subject.set) == 0);
    return 0;
}
