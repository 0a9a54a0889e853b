using System.Globalization;
using Spectre.Console;

namespace OpenVdi.Cli.Output;

/// <summary>The result of a backup or restore, for people.</summary>
internal static class RunTable
{
    public static void Draw(
        IAnsiConsole console, string done, string database, string direction, IReadOnlyList<string> media, long bytes,
        double seconds, double transferSeconds, long commandCount, DateTimeOffset backupTime, string backupId)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap().Padding(0, 0, 2, 0));
        grid.AddColumn(new GridColumn().Padding(0, 0, 0, 0));
        grid.AddRow(new Markup($"[green]{done}[/]"), new Text(database));
        grid.AddRow(new Text(direction), new Text(string.Join(", ", media)));
        grid.AddRow(new Text("data"), new Text(string.Create(
            CultureInfo.InvariantCulture,
            $"{ByteSize.Format(bytes)} in {seconds:0.00} s; while it moved, {ByteSize.FormatRate(bytes, transferSeconds)}")));
        grid.AddRow(new Text("devices"), new Text(string.Create(
            CultureInfo.InvariantCulture, $"{media.Count}, {commandCount} commands")));
        grid.AddRow(new Text("backup"), new Text(string.Create(
            CultureInfo.InvariantCulture, $"{backupId}, of {backupTime.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC")));
        console.Write(grid);
    }
}
