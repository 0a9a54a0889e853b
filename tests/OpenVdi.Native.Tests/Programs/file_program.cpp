// A simple backup program, in the manner of the public sample: one device, one file, the statement sent by a command.
//
//   file_program backup|restore SET FILE COMMAND
#include "transfer.h"

int main(int argc, char **argv)
{
    if (argc != 5) {
        std::fprintf(stderr, "file_program backup|restore SET FILE COMMAND\n");
        return 1;
    }
    bool isBackup = std::strcmp(argv[1], "backup") == 0;
    char *setName = argv[2];

    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(1);
    EXPECT_CODE(0, set.Create(setName, &config));

    std::FILE *statement = popen(argv[4], "r");
    EXPECT(statement != nullptr);

    EXPECT_CODE(0, set.GetConfiguration(30000, &config));
    EXPECT_NUMBER(isBackup ? VDF_WriteMedia : VDF_ReadMedia, config.features);
    EXPECT_NUMBER(4, config.maxIODepth);

    ClientVirtualDevice *device = nullptr;
    EXPECT_CODE(0, set.OpenDevice(setName, &device));
    std::FILE *file = std::fopen(argv[3], isBackup ? "wb" : "rb");
    EXPECT(file != nullptr);

    EXPECT_NUMBER(0, transfer(device, file));
    EXPECT_NUMBER(0, std::fclose(file));
    EXPECT_CODE(0, set.Close());

    // The device is closed when the data is there; only the statement says whether that was a success.
    EXPECT_NUMBER(0, pclose(statement));
    return 0;
}
