using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace OpenVdi;

/// <summary>Checks of our own promises, in every build. What a peer wrote is never one of them.</summary>
internal static class Invariant
{
    /// <summary>Throws when a promise of this library is broken.</summary>
    public static void That(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        if (!condition)
        {
            Broken(what);
        }
    }

    [DoesNotReturn]
    private static void Broken(string? what) => throw new InvalidOperationException($"broken invariant: {what}");
}
