using System.IO.Pipes;
using System.Net.Sockets;
using OpenVdi.Bench.Interop;

namespace OpenVdi.Bench.Contenders;

/// <summary>One device's channel that copies bytes through the kernel. Both members do all of it or throw.</summary>
internal abstract class ByteChannel : IDisposable
{
    public abstract void Send(ReadOnlySpan<byte> bytes);

    public abstract void Receive(Span<byte> bytes);

    public abstract void Dispose();
}

/// <summary>write and read on a descriptor.</summary>
internal sealed class DescriptorChannel(int descriptor) : ByteChannel
{
    public override void Send(ReadOnlySpan<byte> bytes)
    {
        if (!LinuxNative.WriteAll(descriptor, bytes))
        {
            throw new BenchFailureException($"descriptor {descriptor}: the other side ended");
        }
    }

    public override void Receive(Span<byte> bytes)
    {
        if (!LinuxNative.ReadAll(descriptor, bytes))
        {
            throw new BenchFailureException($"descriptor {descriptor}: the other side ended");
        }
    }

    public override void Dispose() => LinuxNative.Close(descriptor);
}

/// <summary>A connected socket, used by its descriptor as a C program would.</summary>
internal sealed class SocketChannel : ByteChannel
{
    private readonly Socket _socket;
    private readonly DescriptorChannel _descriptor;

    public SocketChannel(Socket socket)
    {
        _socket = socket;
        _descriptor = new DescriptorChannel((int)socket.SafeHandle.DangerousGetHandle());
    }

    public override void Send(ReadOnlySpan<byte> bytes) => _descriptor.Send(bytes);

    public override void Receive(Span<byte> bytes) => _descriptor.Receive(bytes);

    public override void Dispose() => _socket.Dispose();
}

/// <summary>A named pipe of the base library.</summary>
internal sealed class NamedPipeChannel(PipeStream stream) : ByteChannel
{
    public override void Send(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

    public override void Receive(Span<byte> bytes) => stream.ReadExactly(bytes);

    public override void Dispose() => stream.Dispose();
}
