using System.Diagnostics;
using OpenVdi.Backup;
using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Engine;

/// <summary>BACKUP or RESTORE of a SQLite database, executed by an engine in a process of its own.</summary>
internal sealed class SqliteStatement(IReadOnlyList<string> arguments) : IStatement
{
    // After a cancellation the engine has to end its transaction and to remove what it has begun; that is quick.
    private static readonly TimeSpan s_cancelLimit = TimeSpan.FromSeconds(15);

    private int _processId;

    /// <summary>The engine's process; 0 before it runs.</summary>
    public int ProcessId => Volatile.Read(ref _processId);   // Pairs with the write in RunAsync.

    /// <summary>What the engine reported; null when it did not come to that.</summary>
    public EngineReport? Report { get; private set; }

    /// <summary>The exit code that the statement's failure means.</summary>
    public ExitCode FailureCode { get; private set; } = ExitCode.EngineDied;

    /// <summary>A BACKUP.</summary>
    public static SqliteStatement Backup(string databasePath, bool computeContentHash = false) =>
        new(["engine", "sqlite-backup", "--database", databasePath, .. Option(computeContentHash, "--content-hash")]);

    /// <summary>A RESTORE.</summary>
    public static SqliteStatement Restore(string databasePath, bool replace) =>
        new(["engine", "sqlite-restore", "--database", databasePath, .. Option(replace, "--replace")]);

    /// <inheritdoc/>
    public async Task<StatementOutcome> RunAsync(IReadOnlyList<string> deviceNames, CancellationToken cancellationToken)
    {
        using Process engine = SelfProcess.Start([.. arguments, .. deviceNames.SelectMany(static name => new[] { "--device", name })]);
        Volatile.Write(ref _processId, engine.Id);   // Pairs with the read in ProcessId.
        using CancellationTokenRegistration registration = cancellationToken.Register(() => GiveUp(engine));

        string output = await engine.StandardOutput.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false);
        await engine.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);

        Report = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(JsonLine.Read<EngineReport>).LastOrDefault();
        if (Report is null || (Report.Problem is null && engine.ExitCode != 0))
        {
            return StatementOutcome.Failure(
                $"the engine (process {engine.Id}) {HowItEnded(engine.ExitCode)} before it reported a result",
                "its standard error, above, may say more.");
        }

        FailureCode = (ExitCode)Report.ExitCode;
        return Report.Problem is null ? StatementOutcome.Success : StatementOutcome.Failure(Report.Problem, Report.Hint);
    }

    // The set is aborted already. Closing its standard input tells the engine, also one that still looks for the set.
    private static void GiveUp(Process engine)
    {
        try
        {
            engine.StandardInput.Close();
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            return;   // It has ended.
        }

        _ = KillLaterAsync(engine);
    }

    private static async Task KillLaterAsync(Process engine)
    {
        try
        {
            using CancellationTokenSource limit = new(s_cancelLimit);
            await engine.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            engine.Kill();
        }
        catch (InvalidOperationException)
        {
            // Disposed of meanwhile: it has ended.
        }
    }

    private static string HowItEnded(int exitCode) =>
        exitCode > 128 ? $"was ended by signal {exitCode - 128}" : $"ended with exit code {exitCode}";

    private static string[] Option(bool isSet, string name) => isSet ? [name] : [];
}
