namespace OpenVdi.Backup.Media;

/// <summary>Why a medium could not do what was asked: the code for the engine, and words for people.</summary>
/// <param name="Code">What the device command is completed with. Never <see cref="CompletionCode.Success"/>.</param>
/// <param name="Message">Lower case, the medium's name first, expected and found.</param>
/// <param name="Hint">What the user can do about it, or null.</param>
public sealed record MediumFailure(CompletionCode Code, string Message, string? Hint = null)
{
    // errno values of Linux, from asm-generic/errno-base.h and errno.h; IOException.HResult carries them unchanged.
    private const int Eio = 5;
    private const int Efbig = 27;
    private const int Enospc = 28;
    private const int Erofs = 30;
    private const int Epipe = 32;
    private const int Edquot = 122;

    // HRESULT_FROM_WIN32 of ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Whether the medium has no room for more (K7).</summary>
    public bool IsFull => Code == CompletionCode.DiskFull;

    /// <summary>The failure that an exception of the base library's file functions means: the one mapping.</summary>
    /// <param name="mediumName">The medium, as messages name it.</param>
    /// <param name="action">What was tried, for instance "write 65536 bytes at 0".</param>
    /// <param name="exception">What the base library threw.</param>
    internal static MediumFailure From(string mediumName, string action, Exception exception)
    {
        string message = $"{mediumName}: cannot {action}: {Words(exception)}";
        return exception switch
        {
            IOException { HResult: Enospc or WindowsDiskFull or WindowsHandleDiskFull } => new MediumFailure(
                CompletionCode.DiskFull, message, "free some space on that file system, or choose another target."),
            IOException { HResult: Edquot } => new MediumFailure(
                CompletionCode.DiskFull, message, "the disk quota of this user is used up."),
            // The base library reports EFBIG, which is also a limit of `ulimit -f`, as an argument out of range.
            ArgumentOutOfRangeException or IOException { HResult: Efbig } => new MediumFailure(
                CompletionCode.DiskFull, $"{mediumName}: cannot {action}: the largest possible file size is reached",
                "look at `ulimit -f` and at the limits of that file system."),
            IOException { HResult: Erofs } => new MediumFailure(CompletionCode.WriteProtect, message),
            IOException { HResult: Epipe } => new MediumFailure(
                CompletionCode.IODevice, $"{mediumName}: cannot {action}: the reader of the pipe has gone"),
            IOException { HResult: Eio } => new MediumFailure(
                CompletionCode.IODevice, message, "the storage reports an error; the kernel's log says more."),
            OutOfMemoryException => new MediumFailure(CompletionCode.NotEnoughMemory, message),
            _ => new MediumFailure(CompletionCode.IODevice, message),
        };
    }

    // The base library's sentences begin with a capital and end with a full stop and a path; ours do not.
    private static string Words(Exception exception)
    {
        string text = exception.Message.Split(" : '", 2)[0].TrimEnd('.');
        return text.Length > 1 && char.IsUpper(text[0]) && char.IsLower(text[1])
            ? char.ToLowerInvariant(text[0]) + text[1..]
            : text;
    }
}
