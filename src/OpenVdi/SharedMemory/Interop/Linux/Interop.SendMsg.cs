using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // bits/socket.h
    private const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x40000000, SCM_RIGHTS = 1;
    private const int MSG_TRUNC = 0x20, MSG_CTRUNC = 0x8;

    // struct cmsghdr is 16 bytes; one descriptor is padded to 8.
    private const int ControlHeaderBytes = 16, OneDescriptorControlBytes = 24;

    /// <summary>Sends one message, with a descriptor or without; never blocks, never raises SIGPIPE. Returns errno.</summary>
    internal static int SendMessage(SafeFileHandle socket, ReadOnlySpan<byte> data, SafeFileHandle? attached)
    {
        bool isHeld = false;
        byte* control = stackalloc byte[OneDescriptorControlBytes];
        try
        {
            attached?.DangerousAddRef(ref isHeld);
            fixed (byte* first = data)
            {
                IoVector vector = new() { Base = first, Length = (nuint)data.Length };
                MessageHeader header = new() { Vectors = &vector, VectorCount = 1 };
                if (attached is not null)
                {
                    *(nuint*)control = ControlHeaderBytes + sizeof(int);
                    *(int*)(control + 8) = SOL_SOCKET;
                    *(int*)(control + 12) = SCM_RIGHTS;
                    *(long*)(control + ControlHeaderBytes) = (int)attached.DangerousGetHandle();
                    header.Control = control;
                    header.ControlLength = OneDescriptorControlBytes;
                }

                while (sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
                {
                    int errno = Marshal.GetLastPInvokeError();
                    if (errno != Errno.EINTR)
                    {
                        return errno;
                    }
                }

                return 0;
            }
        }
        finally
        {
            if (isHeld)
            {
                attached!.DangerousRelease();
            }
        }
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial nint sendmsg(SafeFileHandle socket, MessageHeader* header, int flags);

    /// <summary>struct iovec.</summary>
    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 56)]
    private struct MessageHeader
    {
        [FieldOffset(0)] public void* Name;
        [FieldOffset(8)] public uint NameLength;
        [FieldOffset(16)] public IoVector* Vectors;
        [FieldOffset(24)] public nuint VectorCount;
        [FieldOffset(32)] public byte* Control;
        [FieldOffset(40)] public nuint ControlLength;
        [FieldOffset(48)] public int Flags;
    }
}
