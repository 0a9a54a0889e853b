using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OpenVdi;

/// <summary>The checked name of a virtual device set, or of one of its devices. Case-sensitive (N3).</summary>
/// <remarks>Spec: N1 to N9, V5.</remarks>
public readonly record struct SetName
{
    /// <summary>The longest name, in UTF-16 units. N9 asks for at least 128; what Windows leaves of MAX_PATH beside its
    /// prefix and suffix is 234.</summary>
    public const int MaxLength = 200;

    /// <summary>The longest name in UTF-8: three bytes for each UTF-16 unit at the most.</summary>
    public const int MaxUtf8Bytes = MaxLength * 3;

    private readonly string? _value;

    private SetName(string value) => _value = value;

    /// <summary>The name. Empty only for the default value of this type.</summary>
    public string Value => _value ?? string.Empty;

    /// <summary>Checks a name: not empty, no backslash (N2), no NUL, well-formed, not longer than
    /// <see cref="MaxLength"/> (N9).</summary>
    /// <param name="text">The candidate; null is not valid.</param>
    /// <param name="name">The checked name.</param>
    /// <param name="problem">What is wrong with it, in words, or null.</param>
    public static bool TryParse(string? text, out SetName name, [NotNullWhen(false)] out string? problem)
    {
        name = default;
        problem = text switch
        {
            null => "the name is null",
            "" => "the name is empty",
            _ when text.Length > MaxLength =>
                $"the name has {text.Length} characters, at most {MaxLength} are possible",
            _ when text.Contains('\\', StringComparison.Ordinal) => $"the name '{text}' contains a backslash",
            _ when text.Contains('\0', StringComparison.Ordinal) => "the name contains a NUL character",
            _ when !IsWellFormed(text) => "the name is not well-formed UTF-16",
            _ => null,
        };

        if (problem is not null)
        {
            return false;
        }

        name = new SetName(text!);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static bool IsWellFormed(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int length) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[length..];
        }

        return true;
    }
}
