using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

/// <summary>The one mapping from errno to a result code.</summary>
internal static class SystemFailure
{
    /// <summary>HRESULT_FROM_WIN32(ERROR_GEN_FAILURE): a system error that no code of the interface describes.</summary>
    private const VdResult GeneralFailure = unchecked((VdResult)(0x80070000 | 31));

    /// <summary>A failure of a system call, in words.</summary>
    public static VdFailure Of(int errno, string message) => new(
        errno switch
        {
            Interop.Errno.ENOMEM or Interop.Errno.ENOSPC or Interop.Errno.EMFILE or Interop.Errno.ENFILE => VdResult.OutOfMemory,
            Interop.Errno.EACCES or Interop.Errno.EPERM => VdResult.SecurityError,
            _ => GeneralFailure,
        },
        $"{message}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})",
        errno switch
        {
            Interop.Errno.EMFILE or Interop.Errno.ENFILE => "close files, or raise the limit of open files (ulimit -n).",
            Interop.Errno.ENOSPC => "free some space in /dev/shm, or mount it with a larger size.",
            _ => null,
        });
}
