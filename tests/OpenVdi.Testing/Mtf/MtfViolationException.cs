namespace OpenVdi.Testing.Mtf;

/// <summary>A medium breaks a rule of Microsoft Tape Format.</summary>
public sealed class MtfViolationException : Exception
{
    /// <summary>Names the rule, the place and the thing.</summary>
    internal MtfViolationException(MtfRule violated, long offsetBytes, string subject, string expected, string found)
        : base($"{subject} at offset {offsetBytes} (0x{offsetBytes:X}): expected {expected}, found {found} ({violated})")
    {
        Violated = violated;
        OffsetBytes = offsetBytes;
        Subject = subject;
        Expected = expected;
        Found = found;
    }

    /// <summary>The section of the format's page that holds the broken rule, such as "3.2".</summary>
    public string Rule => Violated.Section;

    /// <summary>The broken rule itself.</summary>
    public MtfRule Violated { get; }

    /// <summary>Where the block, stream or field begins, from the start of the medium.</summary>
    public long OffsetBytes { get; }

    /// <summary>The block, stream or field.</summary>
    public string Subject { get; }

    /// <summary>What the rule asks for.</summary>
    public string Expected { get; }

    /// <summary>What the medium has.</summary>
    public string Found { get; }
}
