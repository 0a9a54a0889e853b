namespace OpenVdi.Simulation.Faults;

/// <summary>What goes wrong in a run.</summary>
public enum FaultKind
{
    None,

    // Ends of the set, at any operation of any channel.
    AbortByServer, AbortByPrimary, AbortBySecondary, ServerDies, PrimaryDies, SecondaryDies,

    // What a transport may do to those who keep the rules.
    AreaRefused, AreaCannotBeMapped, QueueFull, WakeDelayed, WakeForNothing,

    // What a hostile client or server writes.
    CompletionOfNoCommand, CompletionWithTooManyBytes, CompletionWithWrongCount, CompletionTwice, CommandWithWrongBuffer,
    CommandOfWrongEpoch,

    // Bugs that no half can make good: the checkers are shown them and must find them.
    CompletionLost, ByteFlipped,
}

/// <summary>One fault, at the n-th operation of its kind: counting reaches every place there is.</summary>
internal sealed class FaultPlan(FaultKind kind, int at)
{
    private int _count;
    private int _repeatsLeft;

    public FaultKind Kind => kind;

    public bool HasFired { get; private set; }

    /// <summary>What an end of the set means here; the world knows its parties.</summary>
    public Action<FaultKind> EndSet { get; set; } = static _ => { };

    /// <summary>Whether the halves must come through this one unharmed.</summary>
    public static bool IsHarmless(FaultKind kind) => kind is FaultKind.None or FaultKind.AreaRefused or FaultKind.QueueFull
        or FaultKind.WakeDelayed or FaultKind.WakeForNothing;

    /// <summary>Whether a peer wrote what cannot be right.</summary>
    public static bool IsViolation(FaultKind kind) =>
        kind is >= FaultKind.CompletionOfNoCommand and <= FaultKind.CommandOfWrongEpoch;

    /// <summary>An operation of any channel begins.</summary>
    public void Operate()
    {
        if (kind is >= FaultKind.AbortByServer and <= FaultKind.SecondaryDies && Strikes(kind))
        {
            EndSet(kind);
        }
    }

    /// <summary>Whether this fault strikes now; once it has, so many calls more.</summary>
    public bool Strikes(FaultKind asked, int repeats = 0)
    {
        if (asked != kind)
        {
            return false;
        }

        if (_repeatsLeft > 0)
        {
            _repeatsLeft--;
            return true;
        }

        if (HasFired || ++_count != at)
        {
            return false;
        }

        HasFired = true;
        _repeatsLeft = repeats;
        return true;
    }
}
