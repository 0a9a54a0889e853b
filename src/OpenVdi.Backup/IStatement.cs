namespace OpenVdi.Backup;

/// <summary>The BACKUP or RESTORE that an engine executes against a set: a T-SQL statement, or its like. Its result is
/// the only one that counts: a device that was closed proves nothing (T7).</summary>
public interface IStatement
{
    /// <summary>Has the engine execute the statement, and ends with it.</summary>
    /// <param name="deviceNames">The devices in order; the first has the set's name, by which the engine finds it
    /// (N5, N6).</param>
    /// <param name="cancellationToken">Asks the engine to give up. The result is awaited all the same.</param>
    /// <returns>How the statement ended. Does not throw for a statement that fails.</returns>
    Task<StatementOutcome> RunAsync(IReadOnlyList<string> deviceNames, CancellationToken cancellationToken);
}
