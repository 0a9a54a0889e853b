/* Keeps two devices busy until the client dies, and prints what became of the commands.
 *
 *     server_death NAME
 */
#include "server_kit.h"

#define DEPTH 8

struct load
{
    struct VDS_Command command;
    openvdi_server_device device;
    int sent, called, aborted, other;
    int is_out; /* between send_command and the callback */
};

static struct load loads[2 * DEPTH];

static void send_load(struct load *load)
{
    load->sent++;
    load->is_out = 1;
    MUST(openvdi_server_send_command(load->device, &load->command) != VD_E_INVALID);
}

static void called(struct VDS_Command *command)
{
    struct load *load = (struct load *)(void *)command->completionContext;
    MUST(load->is_out);
    load->is_out = 0;
    load->called++;
    if (command->completionCode == ERROR_SUCCESS)
    {
        MUST(command->bytesTransferred == command->size);
        send_load(load);
    }
    else if (command->completionCode == ERROR_OPERATION_ABORTED)
    {
        load->aborted++;
    }
    else
    {
        load->other++;
    }
}

static void start(void *context)
{
    int index;
    (void)context;
    for (index = 0; index < 2 * DEPTH; index++)
    {
        send_load(&loads[index]);
    }
}

int main(int argc, char **argv)
{
    struct subject subject;
    struct load sum;
    int index;
    int result;
    int reason;
    MUST(argc == 2);
    reach(&subject, argv[1], ACTIVE, 0);
    MUST(openvdi_server_request_buffers(subject.set, BUFFER_SIZE, 0, 2 * DEPTH) == 0);
    MUST(openvdi_server_open_device(subject.set, "b", &subject.devices[1]) == 0);
    memset(&sum, 0, sizeof sum);
    for (index = 0; index < 2 * DEPTH; index++)
    {
        struct load *load = &loads[index];
        load->device = subject.devices[index % 2];
        load->command.commandCode = VDC_Write;
        load->command.size = (int32_t)BUFFER_SIZE;
        openvdi_server_set_completion(&load->command, called, load);
        MUST(openvdi_server_allocate_buffer(subject.set, &load->command.buffer, BUFFER_SIZE, 0) == 0);
    }

    result = openvdi_server_execute_completion_agent(subject.set, start, NULL);
    MUST(openvdi_server_abort_reason(subject.set, &reason, NULL, 0, NULL) == 0);
    for (index = 0; index < 2 * DEPTH; index++)
    {
        MUST(!loads[index].is_out && loads[index].aborted == 1 && loads[index].other == 0);
        sum.sent += loads[index].sent;
        sum.called += loads[index].called;
        sum.aborted += loads[index].aborted;
    }

    MUST(sum.sent == sum.called);
    printf("agent 0x%08X reason %d aborted %d\n", (unsigned)result, reason, sum.aborted);
    printf("done %d\n", sum.sent - sum.aborted);
    MUST(openvdi_server_close(subject.set) == 0);
    MUST(openvdi_server_destroy(subject.set) == 0);
    return 0;
}
