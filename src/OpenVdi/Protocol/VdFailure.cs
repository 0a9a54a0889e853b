namespace OpenVdi;

/// <summary>Why a call failed, in words: the object, what was expected, what was found; and a hint where the caller can
/// act. The code alone is what the interface promises; the words are for people and may change.</summary>
/// <param name="Result">The code that the call returned.</param>
/// <param name="Message">Lower case, the object's name first, expected and actual.</param>
/// <param name="Hint">What the caller can do about it, or null.</param>
public sealed record VdFailure(VdResult Result, string Message, string? Hint = null)
{
    /// <summary>One line: the code's name, the message and, when there is one, the hint.</summary>
    public override string ToString() =>
        Hint is null ? $"{Result.SpecName()}: {Message}" : $"{Result.SpecName()}: {Message} HINT: {Hint}";
}
