// Makes the calls that it reads, one a line, and answers each with the name of the code and what else came of it.
#include <string>
#include <unistd.h>
#include <vector>

#include "check.h"

static ClientVirtualDeviceSet *set = new ClientVirtualDeviceSet;
static std::vector<ClientVirtualDevice *> devices;

// What was fetched, and a copy of where its data is: the command itself may be gone when it is asked for. What was mapped
// is an address without a command.
struct Fetched
{
    VDC_Command *command;
    uint8_t *buffer;
};
static std::vector<Fetched> fetched;

static char *text(std::string &word) { return &word[0]; }

static long number(const std::string &word) { return std::stol(word); }

static void get(const std::string &device, const std::string &timeout)
{
    VDC_Command *command = nullptr;
    int code = devices.at(number(device))->GetCommand(number(timeout), &command);
    if (code != 0) {
        say("%s", name_of(code));
        return;
    }
    fetched.push_back(Fetched{command, command->buffer});
    say("NOERROR %d %d %lld", command->commandCode, command->size, static_cast<long long>(command->position));
}

static void open(std::string name)
{
    ClientVirtualDevice *device = nullptr;
    int code = set->OpenDevice(text(name), &device);
    EXPECT((code == 0) == (device != nullptr));
    if (device) {
        devices.push_back(device);
    }
    say("%s", name_of(code));
}

static void config(const std::string &timeout)
{
    VDConfig found = like_pipe(0);
    int code = set->GetConfiguration(number(timeout), &found);
    if (code != 0) {
        EXPECT_NUMBER(0, found.deviceCount);
        say("%s", name_of(code));
    } else {
        say("NOERROR %u 0x%X %u %u", found.deviceCount, found.features, found.blockSize, found.maxTransferSize);
    }
}

static void map(const std::string &handle)
{
    uint8_t *buffer = nullptr;
    int code = set->MapBufferHandle(static_cast<int>(number(handle)), &buffer);
    EXPECT((code == 0) == (buffer != nullptr));
    if (code == 0) {
        fetched.push_back(Fetched{nullptr, buffer});
        say("NOERROR %d", buffer[0]);
    } else {
        say("%s", name_of(code));
    }
}

static void handle(const std::string &command)
{
    unsigned int found = 0;
    int code = set->GetBufferHandle(fetched.at(number(command)).buffer, &found);
    if (code == 0) {
        say("NOERROR %u", found);
    } else {
        say("%s", name_of(code));
    }
}

static void create(std::string name, const std::string &count)
{
    VDConfig config = like_pipe(static_cast<unsigned>(number(count)));
    say("%s", name_of(set->Create(text(name), &config)));
}

static bool call(std::vector<std::string> &words)
{
    const std::string &what = words[0];
    if (what == "create" && words.size() == 3) {
        create(words[1], words[2]);
    } else if (what == "join" && words.size() == 2) {
        say("%s", name_of(set->OpenInSecondary(text(words[1]))));
    } else if (what == "config" && words.size() == 2) {
        config(words[1]);
    } else if (what == "open" && words.size() == 2) {
        open(words[1]);
    } else if (what == "get" && words.size() == 3) {
        get(words[1], words[2]);
    } else if (what == "complete" && words.size() == 5) {
        say("%s", name_of(devices.at(number(words[1]))->CompleteCommand(
            fetched.at(number(words[2])).command, static_cast<int>(number(words[3])), number(words[4]), 0)));
    } else if (what == "map" && words.size() == 2) {
        map(words[1]);
    } else if (what == "handle" && words.size() == 2) {
        handle(words[1]);
    } else if (what == "abort") {
        say("%s", name_of(set->SignalAbort()));
    } else if (what == "close") {
        say("%s", name_of(set->Close()));
    } else if (what == "registered") {
        set->RegisterDeviceClosed();
        say("void");
    } else if (what == "delete") {
        delete set;
        set = new ClientVirtualDeviceSet;
        devices.clear();
        fetched.clear();
        say("void");
    } else if (what == "return") {
        std::exit(static_cast<int>(number(words.at(1))));
    } else if (what == "_exit") {
        _exit(static_cast<int>(number(words.at(1))));
    } else {
        return false;
    }
    return true;
}

int main()
{
    char line[4096];
    while (std::fgets(line, sizeof line, stdin)) {
        std::vector<std::string> words;
        for (char *word = std::strtok(line, " \n"); word; word = std::strtok(nullptr, " \n")) {
            words.push_back(word);
        }
        if (words.empty() || !call(words)) {
            std::fprintf(stderr, "no such call: %s\n", words.empty() ? "" : words[0].c_str());
            return 1;
        }
    }
    delete set;
    return 0;
}
