// A backup program of several processes. The primary opens no device: it starts a secondary for each, and looks at, or
// fills, the buffers that they pass it by number. The secondaries answer the commands.
//
//   mprocess primary SET DEVICE...       (the first device has the set's name)
//   mprocess secondary SET DEVICE        (started by the primary; requests go to descriptor 3, answers come from 4)
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "check.h"

extern char **environ;

// A secondary's request: what to do with which buffer. The answer is the sum of its bytes.
struct Request
{
    int command;
    unsigned handle;
    int size;
};

static uint64_t sum_of(const uint8_t *data, int size)
{
    uint64_t sum = 0;
    for (int i = 0; i < size; i++) {
        sum = sum * 31 + data[i];
    }
    return sum;
}

static void write_all(int descriptor, const void *data, ssize_t size)
{
    EXPECT_NUMBER(size, write(descriptor, data, size));
}

// Whether a whole answer came; false at the end.
static bool read_all(int descriptor, void *data, ssize_t size)
{
    ssize_t found = read(descriptor, data, size);
    EXPECT(found == size || found == 0);
    return found == size;
}

static int be_secondary(char *setName, char *deviceName)
{
    ClientVirtualDeviceSet set;
    EXPECT_CODE(0, set.OpenInSecondary(setName));
    ClientVirtualDevice *device = nullptr;
    EXPECT_CODE(0, set.OpenDevice(deviceName, &device));
    VDConfig config;
    EXPECT_CODE(0, set.GetConfiguration(0, &config));

    VDC_Command *command;
    int result;
    while ((result = device->GetCommand(-1, &command)) == 0) {
        unsigned long transferred = 0;
        if (command->commandCode == VDC_Read || command->commandCode == VDC_Write) {
            Request request = {command->commandCode, 0, command->size};
            EXPECT_CODE(0, set.GetBufferHandle(command->buffer, &request.handle));
            write_all(3, &request, sizeof request);
            uint64_t sum;
            EXPECT(read_all(4, &sum, sizeof sum));
            EXPECT_NUMBER(sum_of(command->buffer, command->size), sum);
            transferred = command->size;
        }
        EXPECT_CODE(0, device->CompleteCommand(command, ERROR_SUCCESS, transferred, 0));
    }
    EXPECT_CODE(VD_E_CLOSE, result);
    EXPECT_CODE(0, set.Close());
    return 0;
}

struct Secondary
{
    pid_t process;
    int requests;
    int answers;
};

static Secondary start_secondary(char *setName, char *deviceName)
{
    int requests[2], answers[2];
    EXPECT_NUMBER(0, pipe2(requests, O_CLOEXEC));
    EXPECT_NUMBER(0, pipe2(answers, O_CLOEXEC));
    posix_spawn_file_actions_t actions;
    EXPECT_NUMBER(0, posix_spawn_file_actions_init(&actions));
    // Through high numbers, so that neither of the two is overwritten before it is moved.
    int from[2] = {fcntl(requests[1], F_DUPFD_CLOEXEC, 100), fcntl(answers[0], F_DUPFD_CLOEXEC, 100)};
    EXPECT_NUMBER(0, posix_spawn_file_actions_adddup2(&actions, from[0], 3));
    EXPECT_NUMBER(0, posix_spawn_file_actions_adddup2(&actions, from[1], 4));
    char self[] = "/proc/self/exe", role[] = "secondary";
    char *arguments[] = {self, role, setName, deviceName, nullptr};
    Secondary secondary = {0, requests[0], answers[1]};
    EXPECT_NUMBER(0, posix_spawn(&secondary.process, self, &actions, nullptr, arguments, environ));
    posix_spawn_file_actions_destroy(&actions);
    for (int end : {requests[1], answers[0], from[0], from[1]}) {
        close(end);
    }
    return secondary;
}

// Looks at what is to be written, fills what is to be read: each byte is its place, modulo a prime.
static void answer(ClientVirtualDeviceSet &set, const Request &request, int answers)
{
    uint8_t *buffer = nullptr;
    EXPECT_CODE(0, set.MapBufferHandle(static_cast<int>(request.handle), &buffer));
    if (request.command == VDC_Read) {
        for (int i = 0; i < request.size; i++) {
            buffer[i] = static_cast<uint8_t>(i % 251);
        }
    }
    uint64_t sum = sum_of(buffer, request.size);
    write_all(answers, &sum, sizeof sum);
}

static int be_primary(char *setName, std::vector<char *> deviceNames)
{
    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(static_cast<unsigned>(deviceNames.size()));
    EXPECT_CODE(0, set.Create(setName, &config));
    say("created");
    EXPECT_CODE(0, set.GetConfiguration(30000, &config));
    std::vector<Secondary> secondaries;
    std::vector<pollfd> polled;
    for (char *name : deviceNames) {
        secondaries.push_back(start_secondary(setName, name));
        polled.push_back(pollfd{secondaries.back().requests, POLLIN, 0});
    }
    uint8_t *none = nullptr;
    EXPECT_CODE(VD_E_INVALID, set.MapBufferHandle(0, &none));
    EXPECT_CODE(VD_E_INVALID, set.MapBufferHandle(-1, &none));

    size_t open = secondaries.size();
    while (open > 0) {
        EXPECT(poll(polled.data(), polled.size(), -1) > 0);
        for (size_t i = 0; i < polled.size(); i++) {
            Request request;
            if (polled[i].revents == 0) {
                continue;
            }
            if (read_all(polled[i].fd, &request, sizeof request)) {
                answer(set, request, secondaries[i].answers);
            } else {
                polled[i].fd = -1;
                open--;
            }
        }
    }
    for (const Secondary &secondary : secondaries) {
        int status = -1;
        EXPECT_NUMBER(secondary.process, waitpid(secondary.process, &status, 0));
        EXPECT_NUMBER(0, status);
    }
    EXPECT_CODE(0, set.Close());
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && std::strcmp(argv[1], "secondary") == 0) {
        return be_secondary(argv[2], argv[3]);
    }
    if (argc >= 4 && std::strcmp(argv[1], "primary") == 0) {
        return be_primary(argv[2], std::vector<char *>(argv + 3, argv + argc));
    }
    std::fprintf(stderr, "mprocess primary SET DEVICE... | mprocess secondary SET DEVICE\n");
    return 1;
}
