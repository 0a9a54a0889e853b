using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // Room for more descriptors than any message of ours has: what came too much is closed, not leaked.
    private const int MaxDescriptors = 8;

    /// <summary>Takes one message; never blocks.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="data">Where the message goes; a longer one counts as malformed.</param>
    /// <param name="attached">Its descriptor, when it had exactly one.</param>
    /// <param name="errno">0; EAGAIN when there is no message; EINVAL for a malformed one.</param>
    /// <returns>The message's length; 0 at the end of the connection.</returns>
    internal static int ReceiveMessage(
        SafeFileHandle socket, Span<byte> data, out SafeFileHandle? attached, out int errno)
    {
        attached = null;
        const int ControlBytes = ControlHeaderBytes + (MaxDescriptors * sizeof(int));
        byte* control = stackalloc byte[ControlBytes];
        fixed (byte* first = data)
        {
            IoVector vector = new() { Base = first, Length = (nuint)data.Length };
            MessageHeader header = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlBytes,
            };
            nint length;
            while ((length = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0)
            {
                errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    return -1;
                }
            }

            int count = TakeDescriptors(header, out attached);
            bool isMalformed = (header.Flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || count > 1;
            if (isMalformed)
            {
                attached?.Dispose();
                attached = null;
            }

            errno = isMalformed ? Errno.EINVAL : 0;
            return isMalformed ? -1 : (int)length;
        }
    }

    private static int TakeDescriptors(in MessageHeader header, out SafeFileHandle? only)
    {
        only = null;
        if (header.ControlLength < ControlHeaderBytes + sizeof(int)
            || *(int*)(header.Control + 8) != SOL_SOCKET || *(int*)(header.Control + 12) != SCM_RIGHTS)
        {
            return 0;
        }

        int count = (int)((*(nuint*)header.Control - ControlHeaderBytes) / sizeof(int));
        for (int index = 0; index < count; index++)
        {
            SafeFileHandle file = new(*(int*)(header.Control + ControlHeaderBytes + (index * sizeof(int))), ownsHandle: true);
            if (index == 0)
            {
                only = file;
            }
            else
            {
                file.Dispose();
            }
        }

        return count;
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial nint recvmsg(SafeFileHandle socket, MessageHeader* header, int flags);
}
