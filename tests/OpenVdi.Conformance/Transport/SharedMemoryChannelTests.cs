using OpenVdi.SharedMemory;

namespace OpenVdi.Conformance.Channels;

[Collection("shared memory")]
public sealed class SharedMemoryChannelTests() : ChannelContract(SharedMemoryTransport.Default);

[Collection("shared memory")]
public sealed class SharedMemoryChannelTrafficTests() : ChannelTrafficContract(SharedMemoryTransport.Default);
