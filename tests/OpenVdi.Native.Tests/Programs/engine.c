/* A small database engine in C: backs up a file to the devices of a set, and restores it from them, through
 * openvdi_server.h.
 *
 *     engine backup  SET FILE DEVICES
 *     engine restore SET FILE DEVICES
 *
 * The file is cut into pieces, dealt out to the devices in turn. Each device's stream is one block of label, then its
 * pieces, the last filled up to a whole block. The engine has one thread, which it lends to the completion agent: each
 * callback reads the next piece straight into the shared buffer (or writes it from there) and sends the same command again.
 * Compiles as C11 and as C++11. Exits with 0 when the file is backed up or restored.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "openvdi_server.h"

#define BLOCK 512u
#define PIECE (256u * 1024u)
#define DEPTH 4u
#define MAX_DEVICES 64u

static const char magic[8] = "OVENGIN";

/* The first block of each stream. */
struct label
{
    char magic[8];
    uint64_t file_size;
    uint32_t piece_size;
    uint32_t device_count;
    uint32_t device;
};

struct engine;
struct device;

/* One of a device's buffers, with the command that carries it. */
struct transfer
{
    struct VDS_Command command;
    struct device *device;
    int is_done;
};

struct device
{
    struct engine *engine;
    openvdi_server_device handle;
    uint32_t number;
    struct transfer transfers[DEPTH];
    struct transfer control; /* label, flush and complete */
    uint64_t stream_size;    /* bytes of its pieces, in whole blocks */
    uint64_t sent;           /* of which asked for or sent */
    uint64_t arrived;        /* of which came back, in order */
    uint32_t outstanding;
    struct transfer *reads[DEPTH]; /* in the order in which they were sent */
    uint32_t first_read, read_count;
};

struct engine
{
    openvdi_server_set set;
    struct VDConfig config;
    struct device devices[MAX_DEVICES];
    uint32_t device_count;
    int is_backup;
    int file;
    uint64_t file_size;
    uint32_t label_count;
    int has_failed;
};

static void fail(struct engine *engine, const char *format, ...)
{
    char words[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    fprintf(stderr, "engine: %s\n", words);
    engine->has_failed = 1;
    openvdi_server_signal_abort(engine->set, words);
}

/* Whether a call succeeded; if not, the library's words are printed. */
static int is_ok(struct engine *engine, const char *function, int code)
{
    char words[512] = "";
    if (code == 0)
    {
        return 1;
    }

    openvdi_server_last_failure(engine->set, words, sizeof words, NULL);
    fprintf(stderr, "engine: %s: 0x%08X: %s\n", function, (unsigned)code, words);
    engine->has_failed = 1;
    return 0;
}

/* How many bytes of the file a device carries, in whole blocks. */
static uint64_t stream_size_of(const struct engine *engine, uint32_t device)
{
    uint64_t round = (uint64_t)PIECE * engine->device_count;
    uint64_t full = engine->file_size / round * PIECE;
    uint64_t rest = engine->file_size % round;
    uint64_t before = (uint64_t)PIECE * device;
    uint64_t more = rest <= before ? 0 : rest - before < PIECE ? rest - before : PIECE;
    return full + (more + BLOCK - 1) / BLOCK * BLOCK;
}

/* Where in the file a byte of a device's stream lies. */
static uint64_t file_offset_of(const struct device *device, uint64_t offset)
{
    return (offset / PIECE * device->engine->device_count + device->number) * PIECE + offset % PIECE;
}

static void send_transfer(struct transfer *transfer, int code, uint32_t size, openvdi_server_completion routine)
{
    struct device *device = transfer->device;
    transfer->command.commandCode = code;
    transfer->command.size = (int32_t)size;
    transfer->is_done = 0;
    openvdi_server_set_completion(&transfer->command, routine, transfer);
    device->outstanding++;
    if (openvdi_server_send_command(device->handle, &transfer->command) == VD_E_INVALID)
    {
        /* The only refusal without a callback. */
        device->outstanding--;
        is_ok(device->engine, "send_command", VD_E_INVALID);
        fail(device->engine, "device %u: the command cannot be sent", device->number);
    }
}

static void next_write(struct transfer *transfer);
static void next_read(struct transfer *transfer);

/* Says so when a command came back without success. After the first failure of all, nothing is sent any more. */
static int came_back(struct transfer *transfer, const char *what)
{
    struct device *device = transfer->device;
    device->outstanding--;
    if (transfer->command.completionCode != ERROR_SUCCESS && !device->engine->has_failed)
    {
        fail(device->engine, "device %u: %s ended with code %d after %" PRIu64 " bytes", device->number, what,
            transfer->command.completionCode, device->arrived);
    }

    return !device->engine->has_failed;
}

static void finished(struct VDS_Command *command)
{
    struct transfer *transfer = (struct transfer *)(void *)command->completionContext;
    struct device *device = transfer->device;
    if (!came_back(transfer, command->commandCode == VDC_Flush ? "Flush" : "Complete"))
    {
        return;
    }

    if (command->commandCode == VDC_Flush && (device->engine->config.features & VDF_CompleteEnabled) != 0)
    {
        send_transfer(transfer, VDC_Complete, 0, finished);
        return;
    }

    openvdi_server_close_device(device->handle);
}

/* Ends a device's stream: a backup is good when every device has made it durable. */
static void end_stream(struct device *device)
{
    if (device->engine->is_backup)
    {
        send_transfer(&device->control, VDC_Flush, 0, finished);
    }
    else
    {
        openvdi_server_close_device(device->handle);
    }
}

static void write_done(struct VDS_Command *command)
{
    struct transfer *transfer = (struct transfer *)(void *)command->completionContext;
    struct device *device = transfer->device;
    if (!came_back(transfer, "Write"))
    {
        return;
    }

    if (command->bytesTransferred != command->size)
    {
        fail(device->engine, "device %u: %d of %d bytes were stored", device->number, command->bytesTransferred,
            command->size);
        return;
    }

    device->arrived += (uint32_t)command->bytesTransferred;
    next_write(transfer);
}

/* Reads the next piece into the buffer and sends it. */
static void next_write(struct transfer *transfer)
{
    struct device *device = transfer->device;
    struct engine *engine = device->engine;
    uint64_t left = device->stream_size - device->sent;
    uint32_t size = left < PIECE ? (uint32_t)left : PIECE;
    uint32_t have = 0;
    if (left == 0 && device->outstanding == 0)
    {
        end_stream(device);
    }

    if (left == 0)
    {
        return;
    }

    while (have < size)
    {
        ssize_t count = pread(engine->file, transfer->command.buffer + have, size - have,
            (off_t)(file_offset_of(device, device->sent) + have));
        if (count <= 0)
        {
            break;
        }

        have += (uint32_t)count;
    }

    /* Only the file's last piece is filled up, by less than a block. */
    if (size - have >= BLOCK)
    {
        fail(engine, "device %u: the file ends early", device->number);
        return;
    }

    memset(transfer->command.buffer + have, 0, size - have);
    device->sent += size;
    send_transfer(transfer, VDC_Write, size, write_done);
}

/* Writes bytes of a device's stream to where they belong. */
static int store(struct device *device, const uint8_t *data, uint32_t size)
{
    struct engine *engine = device->engine;
    while (size > 0)
    {
        uint64_t offset = file_offset_of(device, device->arrived);
        uint32_t room = PIECE - (uint32_t)(device->arrived % PIECE);
        uint32_t now = size < room ? size : room;
        uint64_t inside = offset >= engine->file_size ? 0 : engine->file_size - offset;
        uint32_t kept = now < inside ? now : (uint32_t)inside;
        uint32_t done = 0;
        while (done < kept)
        {
            ssize_t count = pwrite(engine->file, data + done, kept - done, (off_t)(offset + done));
            if (count <= 0)
            {
                fail(engine, "device %u: the file cannot be written", device->number);
                return 0;
            }

            done += (uint32_t)count;
        }

        device->arrived += now;
        data += now;
        size -= now;
    }

    return 1;
}

/* A backup program may answer out of order, and give fewer bytes than were asked for; the stream's order is that of the
 * commands. */
static void read_done(struct VDS_Command *command)
{
    struct transfer *transfer = (struct transfer *)(void *)command->completionContext;
    struct device *device = transfer->device;
    if (!came_back(transfer, "Read"))
    {
        return;
    }

    transfer->is_done = 1;
    while (device->read_count > 0 && device->reads[device->first_read]->is_done && !device->engine->has_failed)
    {
        struct transfer *first = device->reads[device->first_read];
        uint32_t size = (uint32_t)first->command.bytesTransferred;
        device->first_read = (device->first_read + 1) % DEPTH;
        device->read_count--;
        if (size == 0 || size % BLOCK != 0)
        {
            fail(device->engine, "device %u: a Read gave %u bytes: expected blocks of %u", device->number, size, BLOCK);
        }
        else if (store(device, first->command.buffer, size))
        {
            device->sent -= (uint32_t)first->command.size - size;
            next_read(first);
        }
    }
}

/* Asks for the next bytes; ends the device when all have come. */
static void next_read(struct transfer *transfer)
{
    struct device *device = transfer->device;
    uint64_t left = device->stream_size - device->sent;
    if (left > 0)
    {
        uint32_t size = left < PIECE ? (uint32_t)left : PIECE;
        device->sent += size;
        device->reads[(device->first_read + device->read_count++) % DEPTH] = transfer;
        send_transfer(transfer, VDC_Read, size, read_done);
    }
    else if (device->outstanding == 0 && device->arrived == device->stream_size)
    {
        end_stream(device);
    }
}

/* The label is through: as many transfers begin as there are buffers. */
static void begin_stream(struct device *device)
{
    uint32_t index;
    if (device->stream_size == 0)
    {
        end_stream(device);
    }

    for (index = 0; index < DEPTH && device->sent < device->stream_size; index++)
    {
        (device->engine->is_backup ? next_write : next_read)(&device->transfers[index]);
    }
}

static void label_done(struct VDS_Command *command)
{
    struct transfer *transfer = (struct transfer *)(void *)command->completionContext;
    struct device *device = transfer->device;
    struct engine *engine = device->engine;
    struct label label;
    if (!came_back(transfer, "the label"))
    {
        return;
    }

    if (engine->is_backup)
    {
        begin_stream(device);
        return;
    }

    memcpy(&label, command->buffer, sizeof label);
    if (command->bytesTransferred != BLOCK || memcmp(label.magic, magic, sizeof magic) != 0
        || label.piece_size != PIECE || label.device_count != engine->device_count || label.device != device->number
        || (engine->label_count++ > 0 && label.file_size != engine->file_size))
    {
        fail(engine, "device %u: this is not stream %u of %u of this engine", device->number, device->number,
            engine->device_count);
        return;
    }

    engine->file_size = label.file_size;
    device->stream_size = stream_size_of(engine, device->number);
    begin_stream(device);
}

/* On the agent's thread, before the first callback. */
static void start(void *context)
{
    struct engine *engine = (struct engine *)context;
    uint32_t index;
    for (index = 0; index < engine->device_count; index++)
    {
        struct device *device = &engine->devices[index];
        struct label label;
        memset(&label, 0, sizeof label);
        memcpy(label.magic, magic, sizeof magic);
        label.file_size = engine->file_size;
        label.piece_size = PIECE;
        label.device_count = engine->device_count;
        label.device = device->number;
        device->stream_size = stream_size_of(engine, index);
        memset(device->control.command.buffer, 0, BLOCK);
        memcpy(device->control.command.buffer, &label, sizeof label);
        send_transfer(&device->control, engine->is_backup ? VDC_Write : VDC_Read, BLOCK, label_done);
    }
}

static int configure(struct engine *engine, const char *name)
{
    uint32_t features;
    if (!is_ok(engine, "open", openvdi_server_open(engine->set, NULL, name))
        || !is_ok(engine, "get_configuration", openvdi_server_get_configuration(engine->set, &engine->config)))
    {
        return 0;
    }

    if (engine->config.deviceCount != engine->device_count)
    {
        fail(engine, "the set has %u devices: expected %u", engine->config.deviceCount, engine->device_count);
        return 0;
    }

    features = engine->config.features | (uint32_t)(engine->is_backup ? VDF_WriteMedia : VDF_ReadMedia);
    features |= (features & VDF_RequestComplete) != 0 && engine->is_backup ? (uint32_t)VDF_CompleteEnabled : 0u;
    return is_ok(engine, "begin_configuration",
               openvdi_server_begin_configuration(engine->set, features, BLOCK, 0, PIECE, -1))
        && is_ok(engine, "request_buffers",
            openvdi_server_request_buffers(engine->set, PIECE, 0, DEPTH * engine->device_count))
        && is_ok(engine, "request_buffers", openvdi_server_request_buffers(engine->set, BLOCK, 0, engine->device_count))
        && is_ok(engine, "end_configuration", openvdi_server_end_configuration(engine->set))
        && is_ok(engine, "get_configuration", openvdi_server_get_configuration(engine->set, &engine->config));
}

static int open_devices(struct engine *engine, const char *name)
{
    uint32_t index, place;
    for (index = 0; index < engine->device_count; index++)
    {
        struct device *device = &engine->devices[index];
        char device_name[256];
        snprintf(device_name, sizeof device_name, index == 0 ? "%s" : "%s-%u", name, index + 1);
        device->engine = engine;
        device->number = index;
        device->control.device = device;
        if (!is_ok(engine, "open_device", openvdi_server_open_device(engine->set, device_name, &device->handle))
            || !is_ok(engine, "allocate_buffer",
                openvdi_server_allocate_buffer(engine->set, &device->control.command.buffer, BLOCK, 0)))
        {
            return 0;
        }

        for (place = 0; place < DEPTH; place++)
        {
            device->transfers[place].device = device;
            if (!is_ok(engine, "allocate_buffer",
                    openvdi_server_allocate_buffer(engine->set, &device->transfers[place].command.buffer, PIECE, 0)))
            {
                return 0;
            }
        }
    }

    return 1;
}

static int run(struct engine *engine, const char *name)
{
    char words[512] = "";
    int code, reason = OPENVDI_ABORT_NONE;
    if (!configure(engine, name) || !open_devices(engine, name))
    {
        openvdi_server_destroy(engine->set);
        return 1;
    }

    code = openvdi_server_execute_completion_agent(engine->set, start, engine);
    if (!is_ok(engine, "execute_completion_agent", code))
    {
        openvdi_server_abort_reason(engine->set, &reason, words, sizeof words, NULL);
        fprintf(stderr, "engine: aborted, reason %d: %s\n", reason, words);
    }

    is_ok(engine, "close", engine->has_failed ? 0 : openvdi_server_close(engine->set));
    openvdi_server_destroy(engine->set);
    return engine->has_failed;
}

int main(int argc, char **argv)
{
    static struct engine engine;
    struct stat status;
    engine.is_backup = argc > 1 && strcmp(argv[1], "backup") == 0;
    engine.device_count = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
    if (engine.device_count < 1 || engine.device_count > MAX_DEVICES
        || (!engine.is_backup && strcmp(argv[1], "restore") != 0))
    {
        fprintf(stderr, "usage: engine backup|restore SET FILE DEVICES\n");
        return 2;
    }

    engine.file = engine.is_backup ? open(argv[3], O_RDONLY) : open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (engine.file < 0 || fstat(engine.file, &status) != 0)
    {
        perror(argv[3]);
        return 2;
    }

    engine.file_size = (uint64_t)status.st_size;
    return openvdi_server_create(&engine.set) != 0 || run(&engine, argv[2]) != 0 || close(engine.file) != 0;
}
