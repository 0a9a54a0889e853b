// Prints size and alignment of each structure and class, and offset and size of each member: one line each.
#include <cstddef>
#include <cstdio>

#include "vdi.h"

#define TYPE(type) std::printf(#type " %zu %zu\n", sizeof(type), alignof(type))
#define MEMBER(type, member) \
    std::printf(#type "." #member " %zu %zu\n", offsetof(type, member), sizeof(static_cast<type *>(nullptr)->member))

int main()
{
    TYPE(VDConfig);
    MEMBER(VDConfig, deviceCount);
    MEMBER(VDConfig, features);
    MEMBER(VDConfig, prefixZoneSize);
    MEMBER(VDConfig, alignment);
    MEMBER(VDConfig, softFileMarkBlockSize);
    MEMBER(VDConfig, EOMWarningSize);
    MEMBER(VDConfig, serverTimeOut);
    MEMBER(VDConfig, blockSize);
    MEMBER(VDConfig, maxIODepth);
    MEMBER(VDConfig, maxTransferSize);
    MEMBER(VDConfig, bufferAreaSize);
    TYPE(VDC_Command);
    MEMBER(VDC_Command, commandCode);
    MEMBER(VDC_Command, size);
    MEMBER(VDC_Command, position);
    MEMBER(VDC_Command, buffer);
    TYPE(VDS_Command);
    MEMBER(VDS_Command, commandCode);
    MEMBER(VDS_Command, size);
    MEMBER(VDS_Command, inPosition);
    MEMBER(VDS_Command, outPosition);
    MEMBER(VDS_Command, buffer);
    MEMBER(VDS_Command, completionRoutine);
    MEMBER(VDS_Command, completionContext);
    MEMBER(VDS_Command, completionCode);
    MEMBER(VDS_Command, bytesTransferred);
    TYPE(ClientVirtualDevice);
    TYPE(ClientVirtualDeviceSet);
    return 0;
}
