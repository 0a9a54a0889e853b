using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>Anonymous shared memory whose size nobody can change any more: a peer cannot take pages away from under our feet
/// (which would be SIGBUS, and the end of the process), and nothing of it outlives its last holder.</summary>
internal static class SealedMemory
{
    /// <summary>Sizes are multiples of it. Larger pages than this are multiples of it too.</summary>
    public const long PageBytes = 4096;

    /// <summary>Makes a file of a size, zeroed, its size sealed. Ranges get memory by <see cref="Fill"/>.</summary>
    public static VdFailure? TryCreate(string name, long sizeBytes, out SafeFileHandle? file)
    {
        file = Interop.MemfdCreate(name, out int errno);
        errno = errno != 0 ? errno : Interop.FTruncate(file, BufferLayout.RoundUp(sizeBytes, PageBytes));
        errno = errno != 0 ? errno : Interop.SealSize(file);
        if (errno == 0)
        {
            return null;
        }

        file.Dispose();
        file = null;
        return SystemFailure.Of(errno, $"shared memory of {sizeBytes} bytes cannot be made");
    }

    /// <summary>Gives a range its memory now. VD_E_MEMORY in words when there is not enough.</summary>
    public static VdFailure? Fill(SafeFileHandle file, long offsetBytes, long sizeBytes)
    {
        VdFailure? refused = MemoryBudget.Refuse(sizeBytes, MemoryBudget.Read());
        if (refused is not null)
        {
            return refused;
        }

        int errno = Interop.FAllocate(file, offsetBytes, sizeBytes);
        return errno == 0 ? null : SystemFailure.Of(errno, $"{sizeBytes} bytes of shared memory cannot be had");
    }

    /// <summary>Whether a file that a peer sent is what <see cref="TryCreate"/> makes: of that size, and sealed.</summary>
    public static bool IsSealed(SafeFileHandle file, long sizeBytes)
    {
        int seals = Interop.GetSeals(file);
        return seals >= 0 && (seals & Interop.SizeSeals) == Interop.SizeSeals
            && Interop.GetFileFacts(file, out long actualBytes, out _) == 0
            && actualBytes == BufferLayout.RoundUp(sizeBytes, PageBytes);
    }
}
