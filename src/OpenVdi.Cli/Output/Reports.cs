using System.Text.Json.Serialization;

namespace OpenVdi.Cli.Output;

/// <summary>What --json prints: one object per line; <see cref="Type"/> says which.</summary>
internal abstract record Report(
    [property: JsonPropertyOrder(-1)] string Type);

/// <summary>An error, on standard error.</summary>
internal sealed record ErrorReport(int ExitCode, string Code, string Message, string? Hint) : Report("error");

/// <summary>How far a run is, on standard error.</summary>
internal sealed record ProgressReport(string Activity, long Bytes, long TotalBytes, double Seconds) : Report("progress");

/// <summary>A finished backup.</summary>
internal sealed record BackupReport : Report
{
    public BackupReport()
        : base("backup")
    {
    }

    public required string Database { get; init; }
    public required IReadOnlyList<string> Targets { get; init; }
    public required string SetName { get; init; }
    public required string BackupId { get; init; }
    public required DateTimeOffset BackupTime { get; init; }
    public required long Bytes { get; init; }
    public required long DatabaseBytes { get; init; }
    public required long Commands { get; init; }
    public required double Seconds { get; init; }
    public required double TransferSeconds { get; init; }
    public required double BytesPerSecond { get; init; }
    public required int ProcessId { get; init; }
    public required int EngineProcessId { get; init; }
}

/// <summary>A finished restore.</summary>
internal sealed record RestoreReport : Report
{
    public RestoreReport()
        : base("restore")
    {
    }

    public required string Database { get; init; }
    public required IReadOnlyList<string> Sources { get; init; }
    public required string SetName { get; init; }
    public required string BackupId { get; init; }
    public required DateTimeOffset BackupTime { get; init; }
    public required long Bytes { get; init; }
    public required long DatabaseBytes { get; init; }
    public required long Commands { get; init; }
    public required double Seconds { get; init; }
    public required double TransferSeconds { get; init; }
    public required double BytesPerSecond { get; init; }
    public required int ProcessId { get; init; }
    public required int EngineProcessId { get; init; }
}

/// <summary>Where the native library lies.</summary>
internal sealed record NativeReport(string Library, string LibraryDirectory, string IncludeDirectory, string PkgConfigDirectory)
    : Report("native");

/// <summary>A set, or what is left of one.</summary>
internal sealed record SetReport : Report
{
    public SetReport()
        : base("set")
    {
    }

    public required string Name { get; init; }
    public required string State { get; init; }
    public required bool IsRemnant { get; init; }
    public required int Devices { get; init; }
    public required int OpenDevices { get; init; }
    public required int PrimaryProcessId { get; init; }
    public required int ServerProcessId { get; init; }
    public required IReadOnlyList<int> SecondaryProcessIds { get; init; }
    public required long Bytes { get; init; }
    public required long BufferBytes { get; init; }
    public required double AgeSeconds { get; init; }
}

/// <summary>A remnant that was removed.</summary>
internal sealed record SweptReport(string Name) : Report("swept");

/// <summary>A finished demonstration.</summary>
internal sealed record DemoReport : Report
{
    public DemoReport()
        : base("demo")
    {
    }

    public required bool IsEqual { get; init; }
    public required string BackupHash { get; init; }
    public required string RestoredHash { get; init; }
    public required string IntegrityCheck { get; init; }
    public required int Devices { get; init; }
    public required long DatabaseBytes { get; init; }
    public required long LogPages { get; init; }
    public required long BackupBytes { get; init; }
    public required double BackupSeconds { get; init; }
    public required double BackupBytesPerSecond { get; init; }
    public required long BackupCommands { get; init; }
    public required double RestoreSeconds { get; init; }
    public required double RestoreBytesPerSecond { get; init; }
    public required long RestoreCommands { get; init; }
    public required int Writers { get; init; }
    public required long CommitsDuringBackup { get; init; }
    public required long CommitsInAll { get; init; }
    public required int Rounds { get; init; }
    public required double QuietBackupSeconds { get; init; }
    public required double PlainCopySeconds { get; init; }
    public required double RatioToPlainCopy { get; init; }
    public required string RatioMeaning { get; init; }
    public required int ProcessId { get; init; }
    public required int BackupEngineProcessId { get; init; }
    public required int RestoreEngineProcessId { get; init; }
    public required int WriterProcessId { get; init; }
}
