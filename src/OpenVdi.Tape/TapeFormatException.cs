namespace OpenVdi.Tape;

/// <summary>In which way a stream is not what it should be.</summary>
public enum TapeFormatFailure
{
    /// <summary>It is no tape stream, or one that another program wrote.</summary>
    Foreign,

    /// <summary>A newer version of this program wrote it.</summary>
    Newer,

    /// <summary>It was altered since it was written, or put together wrongly.</summary>
    Damaged,

    /// <summary>It ends too early.</summary>
    Truncated,
}

/// <summary>The stream is not what it should be: where, what was expected there, and what was found.</summary>
public sealed class TapeFormatException : FormatException
{
    internal TapeFormatException(TapeFormatFailure failure, long offsetBytes, string expected, string found)
        : base($"tape stream at byte {offsetBytes}: expected {expected}, found {found}")
    {
        Failure = failure;
        OffsetBytes = offsetBytes;
        Expected = expected;
        Found = found;
    }

    /// <summary>In which way.</summary>
    public TapeFormatFailure Failure { get; }

    /// <summary>Where, in bytes from the start of the medium.</summary>
    public long OffsetBytes { get; }

    /// <summary>What was expected there.</summary>
    public string Expected { get; }

    /// <summary>What was found instead.</summary>
    public string Found { get; }

    internal static TapeFormatException Damaged(long offsetBytes, string expected, string found) =>
        new(TapeFormatFailure.Damaged, offsetBytes, expected, found);
}
