using System.Runtime.InteropServices;
using OpenVdi.Client;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>Buffer handles: section 5.4 through C7, R7, P10, AT21.</summary>
public abstract class Handles(TransportKind kind) : ConformanceSuite(kind)
{
    [Fact, Spec("C7/Active"), Spec("P10"), Spec("AT21"), Spec("R7")]
    public void BufferHandle_FromOneClientToAnother_MeansTheSameBytes()
    {
        BothHalves set = NewSet().Running();
        ScriptedClient helper = NewClient().Join(set.Name);
        DeviceBuffer buffer = set.Server.Allocate();
        buffer.Span.Fill(0x11);
        set.Server.Send(CommandCode.Write, buffer);
        ClientCommand command = set.Client.Expect(CommandCode.Write);

        Assert.Equal(VdResult.Ok, set.ClientSet.GetBufferHandle(command.Buffer.Address, out uint handle));
        Assert.NotEqual(0u, handle);
        Assert.NotEqual(uint.MaxValue, handle);
        Assert.Equal(VdResult.Ok, helper.Set.MapBufferHandle(handle, out nint address));
        Assert.Equal(0x11, Marshal.ReadByte(address + 65535));
        Marshal.WriteByte(address, 0x22);
        Assert.Equal(0x22, command.Buffer.Span[0]);

        // With its size, it is a buffer like the command's own.
        Assert.Equal(VdResult.Ok, helper.Set.MapBufferHandle(handle, 65536, out DeviceBuffer mapped));
        Assert.Equal((65536, address), (mapped.SizeBytes, mapped.Address));
        mapped.Span.Fill(0x33);
        Assert.Equal(-1, buffer.Span.IndexOfAnyExcept((byte)0x33));
        Assert.Equal(VdResult.Invalid, helper.Set.MapBufferHandle(handle, uint.MaxValue, out mapped));
        Assert.True(mapped.IsEmpty);

        // The one that got the command is the one that completes it.
        set.Client.Complete(in command);
    }

    [Fact, Spec("C7/Active")]
    public void BufferHandle_OfEachBuffer_IsItsOwn()
    {
        BothHalves set = NewSet().Running();
        set.Server.Request(65536, 3);
        var handles = new HashSet<uint>();
        while (set.ServerSet.AllocateBuffer(out DeviceBuffer buffer, 65536, 0) == VdResult.Ok)
        {
            set.Server.Send(CommandCode.Write, buffer);
            ClientCommand command = set.Client.Expect(CommandCode.Write);
            Assert.Equal(VdResult.Ok, set.ClientSet.GetBufferHandle(command.Buffer.Address, out uint handle));
            Assert.True(handles.Add(handle), $"handle 0x{handle:X} twice");
            Assert.Equal(VdResult.Ok, set.ClientSet.MapBufferHandle(handle, out nint address));
            Assert.Equal(command.Buffer.Address, address);
        }

        Assert.Equal(11, handles.Count);
    }

    [Fact, Spec("C7/Active")]
    public void GetBufferHandle_ForWhatIsNoDataAddress_IsInvalid()
    {
        BothHalves set = NewSet().Running();
        BothHalves other = NewSet().Running();
        nint foreign = other.Server.Allocate().Address;
        set.Server.Send(CommandCode.Write, set.Server.Allocate());
        nint own = set.Client.Expect(CommandCode.Write).Buffer.Address;

        foreach (nint address in new[] { 0, 4096, foreign, own + 1 })
        {
            Assert.Equal(VdResult.Invalid, set.ClientSet.GetBufferHandle(address, out uint handle));
            Assert.Equal(0u, handle);
        }
    }

    [Fact, Spec("C7/DNE")]
    public void BufferHandles_OnceTheSetIsClosed_AreAProtocolError()
    {
        BothHalves set = NewSet().Running();
        set.Server.Send(CommandCode.Write, set.Server.Allocate());
        nint address = set.Client.Expect(CommandCode.Write).Buffer.Address;
        Assert.Equal(VdResult.Ok, set.ClientSet.GetBufferHandle(address, out uint handle));
        Assert.Equal(VdResult.DevicesOpen, set.ClientSet.Close());

        Assert.Equal(VdResult.ProtocolError, set.ClientSet.GetBufferHandle(address, out _));
        Assert.Equal(VdResult.ProtocolError, set.ClientSet.MapBufferHandle(handle, out nint none));
        Assert.Equal(0, none);
    }
}

[Collection(InProcessCollection.Name)]
public sealed class HandlesInProcess(InProcessKind kind) : Handles(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class HandlesSharedMemory(SharedMemoryKind kind) : Handles(kind), IClassFixture<SharedMemoryKind>;
