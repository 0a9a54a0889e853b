using System.Globalization;
using OpenVdi.Cli.Output;
using Spectre.Console;

namespace OpenVdi.Cli.Demo;

/// <summary>The demonstration's result, for people.</summary>
internal static class DemoTable
{
    public static void Draw(IAnsiConsole console, DemoReport report)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (string title in new[] { "bytes", "seconds", "throughput", "commands" })
        {
            table.AddColumn(new TableColumn(title).RightAligned());
        }

        table.AddColumn("processes");
        AddRow(
            table, report.Writers > 0 ? "backup, while it is written to" : "backup", report.BackupBytes, report.BackupSeconds,
            report.BackupCommands, $"engine {report.BackupEngineProcessId}, backup program {report.ProcessId}");
        AddRow(
            table, "restore", report.BackupBytes, report.RestoreSeconds, report.RestoreCommands,
            $"engine {report.RestoreEngineProcessId}, backup program {report.ProcessId}");
        if (report.Rounds > 0)
        {
            AddRow(table, $"backup, quiet (median of {report.Rounds})", report.BackupBytes, report.QuietBackupSeconds, null, "");
            AddRow(table, $"plain copy (median of {report.Rounds})", report.DatabaseBytes, report.PlainCopySeconds, null, "");
        }

        console.Write(table);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"database   {ByteSize.Format(report.DatabaseBytes)}, {report.Devices} devices; "
            + $"{report.LogPages} pages came out of the write-ahead log"));
        if (report.Writers > 0)
        {
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"writers    {report.Writers} in process {report.WriterProcessId}: {report.CommitsDuringBackup} commits from "
                + $"the backup's start to its result, {report.CommitsInAll} in all"));
        }

        if (report.Rounds > 0)
        {
            console.MarkupLineInterpolated(
                CultureInfo.InvariantCulture, $"ratio      [bold]{report.RatioToPlainCopy:0.00}[/] of a plain copy: {report.RatioMeaning}");
        }

        console.WriteLine($"content    {Short(report.BackupHash)} in the engine's snapshot, {Short(report.RestoredHash)} restored");
        console.WriteLine($"integrity  {report.IntegrityCheck}");
        console.MarkupLine(report.IsEqual ? "[green]equal[/]" : "[red]NOT equal[/]");
    }

    private static void AddRow(Table table, string what, long bytes, double seconds, long? commands, string processes) => table.AddRow(
        new Text(what),
        new Text(ByteSize.Format(bytes)),
        new Text(seconds.ToString("0.000", CultureInfo.InvariantCulture)),
        new Text(ByteSize.FormatRate(bytes, seconds)),
        new Text(commands?.ToString(CultureInfo.InvariantCulture) ?? ""),
        new Text(processes));

    private static string Short(string hash) => hash.Length > 16 ? hash[..16] : hash;
}
